"""The API, one file a subject. Each holds an APIBlueprint in a variable named after the file; ``app.py`` registers them.

Views call :func:`karyogram.web.bench.bench` for database and pictures, :func:`karyogram.web.people.person` for who asks, and
raise :mod:`karyogram.web.refusals`. A view that changes something is served to the role edit and above unless it says
otherwise (:func:`karyogram.web.people.changes_nothing`, :func:`karyogram.web.people.check_role`).
"""

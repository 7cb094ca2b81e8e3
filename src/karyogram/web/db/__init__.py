"""The database: tables, migrations, and the questions and changes the bench has for them.

``tables`` says what is kept, ``engine`` opens it, the others are functions over a session.
A session comes from :func:`reading` (no change is kept) or :func:`writing` (all of its changes are kept, or none)::

    with writing(engine) as session:
        append_edits(session, analysis, version, user, rows, karyotype)
"""

from karyogram.web.db.engine import open_engine, reading, writing

__all__ = ["open_engine", "reading", "writing"]

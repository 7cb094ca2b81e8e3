"""The review bench: a web page and an API over a database of cases. Needs the extra ``karyogram[web]``.

:func:`create_app` makes the application; ``karyogram serve`` runs it beside the workers that analyse. Importing this package
loads nothing of Flask, so that :mod:`karyogram.web.edits` stays a room of pure functions.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from karyogram.web.config import Config


def create_app(config: "Config") -> "APIFlask":
    """Return the application; see :func:`karyogram.web.app.create_app`."""
    from karyogram.web.app import create_app

    return create_app(config)

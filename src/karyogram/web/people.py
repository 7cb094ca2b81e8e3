"""Who asks, and what they may do.

On a bench that only this machine reaches and that has no users, everybody is "local" (or who the header X-Reader says) and may
do all. Otherwise a session cookie or a program's token says who it is. Nothing but what :func:`anyone` marks is served to
people who have not logged in, and nothing that changes a thing to those who may only read.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from flask import Flask, current_app, g, redirect, request, session
from werkzeug.wrappers import Response

from karyogram.web.bench import bench
from karyogram.web.config import is_loopback
from karyogram.web.db import reading
from karyogram.web.db.people import find_token, has_users
from karyogram.web.db.tables import ROLES
from karyogram.web.refusals import Forbidden, LoginNeeded

View = TypeVar("View", bound=Callable[..., Any])

SAFE = ("GET", "HEAD", "OPTIONS")
LOCAL = "local"


@dataclass(frozen=True)
class Person:
    """Who asks: ``id`` is None on an open bench, ``csrf`` empty for a program."""

    name: str
    role: str
    id: int | None = None
    token: int | None = None
    csrf: str = ""
    open: bool = False

    def may(self, role: str) -> bool:
        """Return whether the person has at least this role."""
        return ROLES.index(self.role) >= ROLES.index(role)


def person() -> Person:
    """Return who asks. Raises LoginNeeded if that is nobody."""
    if g.get("person") is None:
        raise LoginNeeded("log in first, or send a token: Authorization: Bearer TOKEN")
    found: Person = g.person
    return found


def anyone(view: View) -> View:
    """Mark a view that people need not log in for."""
    view.for_anyone = True  # type: ignore[attr-defined]
    return view


def changes_nothing(view: View) -> View:
    """Mark a view that may be asked for by POST by those who may only read."""
    view.for_readers = True  # type: ignore[attr-defined]
    return view


def check_role(role: str) -> None:
    """Raise Forbidden unless who asks has at least this role."""
    asks = person()
    if not asks.may(role):
        raise Forbidden(f"{asks.name} has the role {asks.role}, this needs {role}")


def guard(app: Flask) -> None:
    """Let every request of an application be checked before it is served."""
    app.before_request(_check)


def _check() -> Response | None:
    """Find out who asks, and refuse what they may not do; send a browser without a session to the login page."""
    g.person = _identify()
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static" or request.endpoint.endswith(".static"):  # type: ignore[union-attr]
        return None
    if request.method not in SAFE:
        _check_origin()
    if g.person is None:
        if getattr(view, "for_anyone", False) or request.endpoint == "pages.login":
            return None
        if request.blueprint == "pages":
            return redirect("/login")
        person()
    if request.method not in SAFE and not getattr(view, "for_anyone", False):
        if g.person.csrf and not hmac.compare_digest(request.headers.get("X-CSRF-Token", ""), g.person.csrf):
            raise Forbidden("the header X-CSRF-Token is missing or wrong; GET /api/v1/me tells it", field="X-CSRF-Token")
        check_role("read" if getattr(view, "for_readers", False) else "edit")
    return None


def _check_origin() -> None:
    """Refuse changes that another site's page asks for with this browser. Programs send no Origin."""
    origin = request.headers.get("Origin")
    if origin and origin != request.host_url.rstrip("/"):
        raise Forbidden(f"a page of {origin[:100]} may not change anything here", field="Origin")


def _identify() -> Person | None:
    here = bench()
    header = request.headers.get("Authorization", "")
    secret = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else session.get("token", "")
    with reading(here.engine) as db:
        token = find_token(db, secret) if secret else None
        if token is not None and bool(token.csrf) == (not header):
            return Person(token.user.name, token.user.role, token.user_id, token.id, token.csrf)
        if header or here.config.public or has_users(db):
            return None
    if not is_loopback(request.host.rsplit(":", 1)[0]):  # a foreign name that was pointed at this machine
        raise Forbidden(f"this bench is open to this machine only, not under the name {request.host[:100]}", field="Host")
    return Person(unquote(request.headers.get("X-Reader", "")).strip()[:100] or LOCAL, ROLES[-1], open=True)

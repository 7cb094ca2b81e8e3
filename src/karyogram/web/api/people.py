"""Logging in and out, who asks, and tokens for programs."""

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from flask import current_app, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from karyogram.web.bench import bench
from karyogram.web.db import people as store
from karyogram.web.db import reading, writing
from karyogram.web.db.tables import iso
from karyogram.web.people import anyone, changes_nothing, person
from karyogram.web.refusals import Invalid, LoginNeeded

people = APIBlueprint("people", __name__, tag="people")

#: Tells how often somebody may try to log in, by address and by name.
limiter = Limiter(get_remote_address, headers_enabled=True)


def _limit() -> str:
    return str(current_app.extensions["karyogram"].config.login_limit)


def _name() -> str:
    given = request.get_json(silent=True)
    return str(given.get("name", "")).lower()[:100] if isinstance(given, dict) else ""


class Login(Schema):
    """A name and its password."""

    name = String(required=True, validate=Length(max=100))
    password = String(required=True, validate=Length(max=1000))


class NewToken(Schema):
    """What a token is called."""

    name = String(required=True, validate=Length(min=1, max=100))


@people.post("/login")
@people.input(Login, arg_name="given")
@people.doc(summary="Log in: a session cookie, and the CSRF token its changes need", responses=[200, 401, 429])
@anyone
@limiter.limit(_limit)
@limiter.limit(_limit, key_func=_name)
def login(given: dict[str, Any]) -> dict[str, Any]:
    """Begin a session."""
    with writing(bench().engine) as db:
        user = store.check_password(db, given["name"], given["password"])
        if user is None:
            raise LoginNeeded("name or password is wrong")
        store.drop_expired(db)
        secret, token = store.issue(db, user, "browser", browser=True)
    session.clear()
    session["token"] = secret
    return {"name": user.name, "role": user.role, "csrf": token.csrf, "open": False}


@people.post("/logout")
@people.doc(summary="Log out")
@changes_nothing
def logout() -> dict[str, Any]:
    """End the session."""
    asks = person()
    session.clear()
    if asks.id is not None and asks.csrf and asks.token is not None:
        with writing(bench().engine) as db:
            store.revoke(db, asks.id, asks.token)
    return {}


@people.get("/me")
@people.doc(summary="Who asks, and the CSRF token of a session")
def me() -> dict[str, Any]:
    """Return who asks."""
    asks = person()
    return {"name": asks.name, "role": asks.role, "csrf": asks.csrf, "open": asks.open}


@people.get("/tokens")
@people.doc(summary="One's tokens for programs", responses=[422])
def list_tokens() -> dict[str, Any]:
    """Return the tokens, without their secrets."""
    with reading(bench().engine) as db:
        rows = store.tokens_of(db, _own_id())
    return {"items": [{"id": row.id, "name": row.name, "created": iso(row.created)} for row in rows]}


@people.post("/tokens")
@people.input(NewToken, arg_name="new")
@people.doc(summary="A token for a program; its secret is told this once", responses=[201, 422])
@changes_nothing
def add_token(new: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Make a token that may do what its owner may."""
    with writing(bench().engine) as db:
        user = db.get_one(store.User, _own_id())
        secret, token = store.issue(db, user, new["name"])
        return {"id": token.id, "name": token.name, "created": iso(token.created), "token": secret}, 201


@people.delete("/tokens/<int:token_id>")
@people.doc(summary="End a token", responses=[422])
@changes_nothing
def end_token(token_id: int) -> dict[str, Any]:
    """End one of one's own tokens."""
    with writing(bench().engine) as db:
        store.revoke(db, _own_id(), token_id)
    return {}


def _own_id() -> int:
    asks = person()
    if asks.id is None:
        raise Invalid("an open bench has no users, so there are no tokens: none are needed")
    return asks.id

"""Cases: listed, made, changed, read and signed."""

import hashlib
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Dict, Integer, String
from apiflask.validators import Length, OneOf, Range
from flask import Response, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from karyogram.web.api.events import stream
from karyogram.web.api.shapes import action_line, metaphase_line
from karyogram.web.bench import bench
from karyogram.web.db import cases as store
from karyogram.web.db import lists, reading, writing
from karyogram.web.db.analyses import latest
from karyogram.web.db.tables import CASE_STATES, KINDS, WAITING, Action, Analysis, Case
from karyogram.web.people import check_role, person
from karyogram.web.refusals import Forbidden
from karyogram.web.repeats import once

#: What programs are told of a field that they should send.
SEEN = "analysis -> version that was looked at, of all that count; left out, whatever stands is signed, looked at or not"

cases = APIBlueprint("cases", __name__, tag="cases")


class Wanted(Schema):
    """Which cases to list."""

    query = String(load_default="", validate=Length(max=200))
    state = String(load_default="", validate=OneOf(["", *CASE_STATES]))
    archived = Boolean(load_default=False)
    page = Integer(load_default=1, validate=Range(min=1, max=10**6))
    per_page = Integer(load_default=50, validate=Range(min=1, max=500))


class NewCase(Schema):
    """A case to be made."""

    name = String(required=True)
    kind = String(load_default=KINDS[0], validate=OneOf(KINDS))


class CaseChange(Schema):
    """What to change of a case; ``version`` is the one it was changed from."""

    version = Integer(required=True)
    name = String()
    kind = String(validate=OneOf(KINDS))
    archived = Boolean()


class NewAction(Schema):
    """What is done to a case; ``seen`` maps the analyses that count to the versions that the person looked at."""

    kind = String(required=True, validate=OneOf(list(store.ACTIONS)))
    version = Integer(required=True)
    note = String(load_default="", validate=Length(max=2000))
    seen = Dict(keys=Integer(), values=Integer(), load_default=None, allow_none=True, metadata={"description": SEEN})


@cases.get("/cases")
@cases.input(Wanted, location="query", arg_name="wanted")
@cases.doc(summary="List cases, those changed last first; 304 for whoever has the list as it is", responses=[304])
def list_cases(wanted: dict[str, Any]) -> Response:
    """Return a page of the list."""
    with reading(bench().engine) as session:
        page = lists.find_page(session, **wanted)
        etag = hashlib.sha256(page.stamp.encode()).hexdigest()[:32]
        if request.if_none_match.contains(etag):
            response = Response(status=304)
        else:
            items = lists.tell_page(session, page)
            response = jsonify({"items": items, "total": page.total, "page": wanted["page"], "per_page": wanted["per_page"]})
    response.set_etag(etag)
    return response


@cases.post("/cases")
@cases.input(NewCase, arg_name="new")
@cases.doc(summary="Make a case", responses=[201, 409, 422])
def make_case(new: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Make an empty case."""

    def make(session: Session) -> tuple[dict[str, Any], int]:
        return lists.case_line(store.add_case(session, new["name"], new["kind"], person().name), []), 201

    return once(new, make)


@cases.get("/cases/<int:case_id>")
@cases.doc(summary="One case: metaphases, actions, what its cells add up to")
def read_case(case_id: int) -> dict[str, Any]:
    """Return a case."""
    with reading(bench().engine) as session:
        case = store.find_case(session, case_id)
        kept, stamp = case.result, case.updated
        whole = _whole_case(session, case)
    if whole["result"] != kept:
        with writing(bench().engine) as session:
            store.keep_result(session, case_id, stamp, whole["result"])
    return whole


@cases.get("/cases/<int:case_id>/versions")
@cases.doc(
    summary="Versions and states of a case and its analyses: made to be polled, 304 while nothing changes", responses=[304]
)
def case_versions(case_id: int) -> Response:
    """Return them with an ETag, so that asking again costs one query and a line."""
    with reading(bench().engine) as session:
        response = jsonify(lists.versions(session, case_id))
    response.add_etag()
    response.make_conditional(request)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _whole_case(session: Session, case: Case) -> dict[str, Any]:
    result = store.add_up(session, case)
    ids = [metaphase.id for metaphase in case.metaphases]
    newest = {row.metaphase_id: row for row in session.scalars(select(Analysis).where(Analysis.id.in_(latest(ids))))}
    actions = session.scalars(select(Action).where(Action.case_id == case.id).order_by(Action.id))
    cells = [lists.Cell(m.use, a.state, a.review, a.iscn) for m in case.metaphases if (a := newest.get(m.id))]
    return {
        **lists.case_line(case, cells),
        "metaphases": [metaphase_line(metaphase, newest.get(metaphase.id)) for metaphase in case.metaphases],
        "actions": [action_line(action) for action in actions],
        "result": result,
    }


@cases.patch("/cases/<int:case_id>")
@cases.input(CaseChange, arg_name="change")
@cases.doc(summary="Rename a case, change its kind, put it in the archive", responses=[409, 423])
def change_case(case_id: int, change: dict[str, Any]) -> dict[str, Any]:
    """Change a case and return it."""
    version = change.pop("version")
    with writing(bench().engine) as session:
        store.change_case(session, case_id, version, person().name, change)
    return read_case(case_id)


@cases.delete("/cases/<int:case_id>")
@cases.doc(summary="Refused: nothing is lost here", responses=[403])
def delete_case(case_id: int) -> None:
    """Refuse."""
    raise Forbidden(f"case {case_id} is kept, as all are; PATCH it with archived: true to take it off the list")


@cases.post("/cases/<int:case_id>/actions")
@cases.input(NewAction, arg_name="action")
@cases.doc(summary="Review, approve, second, lock or reopen a case", responses=[403, 409, 422])
def act(case_id: int, action: dict[str, Any]) -> dict[str, Any]:
    """Do it and return the case."""
    check_role(store.ACTIONS[action["kind"]][2])
    with writing(bench().engine) as session:
        store.act(session, case_id, action["version"], person().name, action["kind"], note=action["note"], seen=action["seen"])
    return read_case(case_id)


@cases.get("/cases/<int:case_id>/events")
@cases.doc(summary="Server-sent events: the states of a case's analyses, each time one changes")
def case_events(case_id: int) -> Any:
    """Stream until all analyses have ended."""

    def look(session: Session) -> tuple[dict[str, Any], bool]:
        case = store.find_case(session, case_id)
        ids = [metaphase.id for metaphase in case.metaphases]
        rows = session.scalars(select(Analysis).where(Analysis.id.in_(latest(ids))))
        states = {str(row.id): row.state for row in rows}
        return {"version": case.version, "state": case.state, "analyses": states}, not set(states.values()) & set(WAITING)

    return stream(look)

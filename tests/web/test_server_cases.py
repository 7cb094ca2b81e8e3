"""Cases: found, changed, edited and signed by several people, on SQLite and, where there is a server, on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from served import CELL
from sqlalchemy import update
from sqlalchemy.orm import undefer

from karyogram.web.db import analyses, reading, writing
from karyogram.web.db.edits import NewEdit, append_edits, load_analysis
from karyogram.web.db.tables import Action, Case, Edit
from karyogram.web.refusals import Conflict, Locked


def test_cases_are_found_by_a_part_of_their_name(bench):
    bench.post("/cases", 201, json={"name": "Find_me%here"})
    assert [item["name"] for item in bench.get("/cases?query=me%25HERE")["items"]] == ["Find_me%here"]
    assert bench.get("/cases?query=me_here")["total"] == 0
    bench.post("/cases", 201, json={"name": "Åsa ÖB"})
    assert [bench.get(f"/cases?query={part}")["total"] for part in ("Åsa", "öb", "ob")] == [1, 1, 0]
    assert bench.post("/cases", 409, json={"name": "Find_me%here"})["error"]["field"] == "name"


def test_a_case_is_signed_read_by_a_second_person_locked_and_reopened(bench):
    case, (analysis,) = bench.new()

    def act(kind, reader, status=200, **more):
        version = bench.get(f"/cases/{case}")["version"]
        given = {"kind": kind, "version": version, **more}
        return bench.post(f"/cases/{case}/actions", status, json=given, headers={"X-Reader": reader})

    assert act("lock", "Ann", 409)["error"]["code"] == "conflict"
    assert act("approve", "Ann", 409, seen={analysis: 7})["version"] == 0
    assert act("approve", "Ann", seen={analysis: 0})["state"] == "approved"
    edit = {"version": 0, "edits": [{"kind": "flip", "id": 1}]}
    assert bench.post(f"/analyses/{analysis}/edits", 423, json=edit)["error"]["code"] == "locked"
    assert act("second", "Ann", 403)["error"]["code"] == "forbidden"
    assert act("second", "J%C3%B6rg")["actions"][-1]["user"] == "Jörg"
    assert act("lock", "Ann")["state"] == "locked"
    assert bench.send(3, case=str(case), status=423)["error"]["code"] == "locked"
    assert act("reopen", "Ann")["state"] == "open"
    assert bench.post(f"/analyses/{analysis}/edits", json=edit)["version"] == 1
    kinds = [action["kind"] for action in bench.get(f"/cases/{case}")["actions"]]
    assert kinds == ["create", "add", "approve", "second", "lock", "reopen"]


def test_an_edit_opens_a_reviewed_case(bench):
    case, (analysis,) = bench.new()
    version = bench.get(f"/cases/{case}")["version"]
    bench.post(f"/cases/{case}/actions", json={"kind": "review", "version": version})
    bench.post(f"/analyses/{analysis}/edits", json={"version": 0, "edits": [{"kind": "flip", "id": 1}]})
    whole = bench.get(f"/cases/{case}")
    assert whole["state"] == "open"
    assert whole["actions"][-1]["what"] == {"edited": analysis}


def test_a_metaphase_is_counted_only_with_the_cases_version(bench):
    case, _ = bench.new()
    whole = bench.get(f"/cases/{case}")
    metaphase, use = whole["metaphases"][0]["id"], {"use": "counted", "counted_number": 45, "version": whole["version"]}
    assert bench.post(f"/metaphases/{metaphase}/use", json=use)["version"] == whole["version"] + 1
    assert bench.post(f"/metaphases/{metaphase}/use", 409, json=use)["version"] == whole["version"] + 1
    assert bench.get(f"/cases/{case}")["result"]["modal_number"] == 45


def test_renaming_keeps_what_was_before(bench):
    case, _ = bench.new()
    version = bench.get(f"/cases/{case}")["version"]
    renamed = bench.client.patch(f"/api/v1/cases/{case}", json={"version": version, "name": "renamed", "archived": True}).json
    assert renamed["actions"][-1]["before"]["archived"] is False
    assert case not in [item["id"] for item in bench.get("/cases?per_page=500")["items"]]
    assert bench.client.delete(f"/api/v1/cases/{case}").status_code == 403


def test_closed_cases_take_no_edits_even_at_the_last_moment(bench):
    case, (analysis,) = bench.new()
    with writing(bench.bench.engine) as session:
        session.execute(update(Case).where(Case.id == case).values(state="locked"))
    with pytest.raises(Locked), writing(bench.bench.engine) as session:
        append_edits(session, analysis, 0, "a", [NewEdit("flip", {"kind": "flip", "id": 1})], CELL)


def test_every_added_picture_leaves_a_row(bench):
    case, ids = bench.new(cells=2)
    with reading(bench.bench.engine) as session:
        kinds = [row.kind for row in session.query(Action).filter_by(case_id=case).order_by(Action.id)]
    assert kinds == ["create", "add", "add"]
    assert len(ids) == 2


def test_two_people_who_edit_one_version_one_is_told(bench):
    _, (analysis,) = bench.new()

    def edit(user):
        try:
            with writing(bench.bench.engine) as session:
                append_edits(session, analysis, 0, user, [NewEdit("flip", {"kind": "flip", "id": 1})], CELL)
        except Conflict as conflict:
            return conflict
        return user

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(edit, "abcd"))
    winners = [outcome for outcome in outcomes if isinstance(outcome, str)]
    losers = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    assert len(winners) == 1
    assert {(loser.status, loser.more["by"], loser.more["version"]) for loser in losers} == {(409, winners[0], 1)}
    with reading(bench.bench.engine) as session:
        assert session.query(Edit).filter_by(analysis_id=analysis).count() == 1


def test_nobody_signs_what_another_has_changed_meanwhile(bench):
    case, (first, second) = bench.new(cells=2)
    flip = {"version": 0, "edits": [{"kind": "flip", "id": 1}]}

    def sign(kind, reader, seen, status=200):
        given = {"kind": kind, "version": bench.get(f"/cases/{case}")["version"], "seen": seen}
        return bench.post(f"/cases/{case}/actions", status, json=given, headers={"X-Reader": reader})

    bench.post(f"/analyses/{first}/edits", json=flip, headers={"X-Reader": "Ben"})
    refused = sign("approve", "Ada", {first: 0, second: 0}, 409)
    assert [(told["analysis"], told["version"], told["by"]) for told in refused["changed"]] == [(first, 1, "Ben")]
    assert "was changed by Ben at" in refused["error"]["reason"]
    assert bench.get(f"/cases/{case}")["state"] == "open"
    assert sign("review", "Ada", {first: 1}, 409)["changed"][0]["analysis"] == second, "not seen at all"
    signed = sign("review", "Ada", {first: 1, second: 0})["actions"][-1]["what"]["versions"]
    assert signed == {str(first): 1, str(second): 0}

    assert sign("second", "Cy", {first: 0, second: 0}, 409)["changed"][0]["analysis"] == first
    assert sign("second", "Cy", {first: 1, second: 0})["actions"][-1]["user"] == "Cy"


def test_what_changes_a_reviewed_case_opens_it_again(bench):
    case, (analysis,) = bench.new()
    metaphase = bench.get(f"/cases/{case}")["metaphases"][0]["id"]
    changes = {
        "again": lambda _: bench.post(f"/analyses/{analysis}/again", 202, json={}),
        "metaphase": lambda v: bench.post(f"/metaphases/{metaphase}/use", json={"use": "excluded", "version": v}),
        "kind": lambda v: bench.client.patch(f"/api/v1/cases/{case}", json={"version": v, "kind": "acquired"}),
    }
    for why, change in changes.items():
        version = bench.get(f"/cases/{case}")["version"]
        bench.post(f"/cases/{case}/actions", json={"kind": "review", "version": version})
        change(version + 1)
        bench.work()
        whole = bench.get(f"/cases/{case}")
        assert whole["state"] == "open"
        assert why in next(action["what"] for action in whole["actions"][::-1] if action["kind"] == "reopen")


def test_the_list_is_told_anew_only_when_something_changed(bench):
    case, (analysis,) = bench.new(done=False)
    asked = bench.client.get("/api/v1/cases")
    kept = {"If-None-Match": asked.headers["ETag"]}
    again = bench.client.get("/api/v1/cases", headers=kept)
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "no-store")
    with writing(bench.bench.engine) as session:
        held = analyses.claim(session, analysis)
    begun = bench.client.get("/api/v1/cases", headers=kept)
    assert next(item["running"] for item in begun.json["items"] if item["id"] == case) == 1
    with writing(bench.bench.engine) as session:
        analyses.release(session, held)
    bench.work()
    told = bench.client.get("/api/v1/cases", headers=kept)
    assert next(item["done"] for item in told.json["items"] if item["id"] == case) == 1
    assert bench.client.get("/api/v1/cases?page=2", headers={"If-None-Match": told.headers["ETag"]}).status_code == 200
    with writing(bench.bench.engine) as session:  # what its cells add up to is kept beside what people do
        session.execute(update(Case).where(Case.id == case).values(iscn="46,XX"))
    added_up = bench.client.get("/api/v1/cases", headers={"If-None-Match": told.headers["ETag"]})
    assert next(item["iscn"] for item in added_up.json["items"] if item["id"] == case) == "46,XX"


def test_what_an_older_bench_has_added_up_is_added_up_anew_once(bench):
    case, _ = bench.new()
    with writing(bench.bench.engine) as session:
        session.execute(update(Case).where(Case.id == case).values(result={"iscn": "old"}))
    told = bench.get(f"/cases/{case}")["result"]
    with reading(bench.bench.engine) as session:
        assert session.get_one(Case, case, options=[undefer(Case.result)]).result == told


def test_versions_are_told_anew_only_when_something_changed(bench):
    case, (first, second) = bench.new(cells=2)
    path = f"/api/v1/cases/{case}/versions"
    asked = bench.client.get(path)
    assert asked.json["analyses"][str(first)] == {"version": 0, "state": "done", "by": None, "at": None}
    kept = {"If-None-Match": asked.headers["ETag"]}
    again = bench.client.get(path, headers=kept)
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "private, no-cache")
    edit = {"version": 0, "edits": [{"kind": "flip", "id": 1}]}
    bench.post(f"/analyses/{second}/edits", json=edit, headers={"X-Reader": "Ben"})
    told = bench.client.get(path, headers=kept).json
    assert (told["version"], told["state"]) == (asked.json["version"], "open")
    assert (told["analyses"][str(second)]["version"], told["analyses"][str(second)]["by"]) == (1, "Ben")
    bench.get("/cases/999/versions", 404)


def test_an_edit_lets_no_other_cell_be_parsed_anew(bench, monkeypatch):
    case, (first, *_) = bench.new(cells=3)
    told = bench.get(f"/cases/{case}")["result"]
    parsed = []
    monkeypatch.setattr(
        "karyogram.web.db.cases.load_analysis", lambda session, number: parsed.append(number) or load_analysis(session, number)
    )
    bench.post(f"/analyses/{first}/edits", json={"version": 0, "edits": [{"kind": "move", "id": 1, "label": None}]})
    again = bench.get(f"/cases/{case}")["result"]
    assert parsed == [first]
    changed = [one["image"] for one, other in zip(told["cells"], again["cells"], strict=True) if one != other]
    assert len(changed) >= 1

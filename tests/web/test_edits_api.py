"""Edits by the API, on analyses that stand in the database as if a machine had read them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from edited import API, MACHINE, edit, put, step
from hand import DIFFERS, labelled, middle_line, one

from karyogram.errors import ModelError
from karyogram.exchange.outlines import fill
from karyogram.records import Candidate, Karyotype
from karyogram.segment.sam import Sam
from karyogram.web.api import edits as edits_api
from karyogram.web.db import reading, writing
from karyogram.web.db.edits import load_analysis, summarise
from karyogram.web.db.tables import Analysis
from karyogram.web.looking import Looking
from test_sam import FakeDecoder, FakeEncoder


def test_an_edit_undo_and_redo(app, client):
    _, (analysis,) = put(app)
    done = edit(client, analysis, 0, {"kind": "move", "id": 3, "label": "7"}, {"kind": "delete", "id": 5})
    assert (done["version"], done["can_undo"], done["can_redo"]) == (2, True, False)
    assert [c["id"] for c in done["deleted"]] == [5]
    assert Karyotype.from_dict(done["karyotype"]).counts["7"] == 3
    seen = client.get(f"{API}/analyses/{analysis}").json
    assert seen["karyotype"] == done["karyotype"]
    assert (seen["version"], seen["confirmed"], seen["checked"]) == (2, [3], False)
    step(client, analysis, 2, "undo")
    undone = step(client, analysis, 3, "undo")
    assert undone["karyotype"] == json.loads(MACHINE.to_json())
    assert step(client, analysis, 4, "redo")["can_redo"]
    assert step(client, analysis, 5, "redo")["karyotype"] == done["karyotype"]
    assert step(client, analysis, 6, "redo", 422)["error"]["reason"] == "there is nothing to redo"
    rows = client.get(f"{API}/analyses/{analysis}/edits").json["items"]
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["kind"] for row in rows] == ["move", "delete", "undo", "undo", "redo", "redo"]
    assert rows[0]["before"]["3"]["label"] != rows[0]["after"]["3"]["label"] == "7"
    assert not any(row["undone"] for row in rows)
    assert {row["user"] for row in rows} == {"local"}


def test_the_slower_of_two_people_gets_the_state_and_loses_nothing(app, client):
    _, (analysis,) = put(app)
    edit(client, analysis, 0, {"kind": "flip", "id": 1}, headers={"X-Reader": "Ada"})
    late = edit(client, analysis, 0, {"kind": "flip", "id": 2}, status=409, headers={"X-Reader": "Bo"})
    assert late["error"]["code"] == "conflict"
    assert "Ada changed it at" in late["error"]["reason"]
    assert late["current"]["version"] == 1
    assert late["current"].items() <= client.get(f"{API}/analyses/{analysis}").json.items()
    edit(client, analysis, late["current"]["version"], {"kind": "flip", "id": 2}, headers={"X-Reader": "Bo"})
    assert step(client, analysis, 1, "undo", 409)["current"]["version"] == 2


def test_refusals(app, client):
    _, (analysis,) = put(app)
    wrong = edit(client, analysis, 0, {"kind": "flip", "id": 1}, {"kind": "flip", "id": 99}, status=422)
    assert wrong["error"]["reason"] == "there is no chromosome 99"
    assert client.get(f"{API}/analyses/{analysis}").json["version"] == 0, "all edits of a request or none"
    for body in ({}, {"version": 0}, {"version": "x", "edits": []}, {"version": 0, "edits": []}, {"version": 0, "edits": [3]}):
        assert client.post(f"{API}/analyses/{analysis}/edits", json=body).status_code == 422
    edit(client, 10**6, 0, {"kind": "flip", "id": 1}, status=404)
    _, (locked,) = put(app, state="approved")
    assert (
        edit(client, locked, 0, {"kind": "flip", "id": 1}, status=423)["error"]["reason"]
        == "the case is approved: reopen it first"
    )


def test_a_cut_is_read_by_the_model_and_replayed_from_its_row(app, client):
    _, (analysis,) = put(app)
    parent = MACHINE.chromosomes[0]
    done = edit(client, analysis, 0, {"kind": "cut", "id": parent.id, "line": middle_line(parent)})
    made = [c for c in done["karyotype"]["chromosomes"] if c["id"] > 46]
    assert len(made) == 2
    assert all(abs(sum(c["probabilities"]) - 1) < 0.01 and c["label"] for c in made)
    joined = edit(client, analysis, 1, {"kind": "join", "ids": [47, 48]})["karyotype"]
    (whole,) = (c for c in joined["chromosomes"] if c["id"] == 49)
    assert (whole["label"], whole["bbox"]) == ("1", list(parent.bbox)), "the place it left is its again"
    assert joined["iscn"] == "46,XX"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("karyogram.web.looking.load_model", lambda *_: pytest.fail("replay asks no model"))
        assert client.get(f"{API}/analyses/{analysis}").json["karyotype"] == joined


def test_a_lasso_is_cut_to_the_stain(app, client):
    _, (analysis,) = put(app)
    old = next(c for c in MACHINE.chromosomes if c.label == "16" and not c.overlaps)
    left, top, right, bottom = old.bbox
    loose = [[left - 5, top - 5], [right + 5, top - 5], [right + 5, bottom + 5], [left - 5, bottom + 5]]
    done = edit(client, analysis, 0, {"kind": "delete", "id": old.id}, {"kind": "outline", "polygon": loose})
    (new,) = (c for c in done["karyotype"]["chromosomes"] if c["id"] == 47)
    assert np.abs(np.subtract(new["bbox"], old.bbox)).max() <= 4
    assert new["label"] == "16"
    empty = {"kind": "outline", "polygon": [[2, 2], [12, 2], [12, 12], [2, 12]]}
    assert edit(client, analysis, 2, empty, status=422)["error"]["reason"] == "nothing in the outline is stained"


def test_a_click_gives_an_outline_where_the_weights_are(app, client, monkeypatch):
    _, (analysis,) = put(app)
    chromosome = next(c for c in MACHINE.chromosomes if c.label == "16" and not c.overlaps)
    x, y = np.mean(chromosome.polygon, axis=0)
    url = f"{API}/analyses/{analysis}/segment?x={x}&y={y}"

    def missing(_):
        raise ModelError("/somewhere/sam.onnx: not there")

    edits_api._sam.cache_clear()
    monkeypatch.setattr(edits_api, "load_sam", missing)
    refused = client.get(url)
    assert (refused.status_code, refused.json["error"]["code"]) == (501, "not_fetched")
    assert "/somewhere" not in refused.json["error"]["reason"]
    monkeypatch.setattr(edits_api, "load_sam", lambda _: Sam(FakeEncoder(), FakeDecoder()))
    found = client.get(url)
    assert found.status_code == 200, found.json
    edits_api._sam.cache_clear()
    done = edit(client, analysis, 0, {"kind": "outline", "polygon": found.json["polygon"], "replaces": chromosome.id})
    (new,) = (c for c in done["karyotype"]["chromosomes"] if c["id"] == chromosome.id)
    assert np.abs(np.subtract(new["bbox"], chromosome.bbox)).max() <= 5
    assert client.get(f"{API}/analyses/{analysis}/segment?x=-1&y=5").status_code == 422


def test_a_click_on_what_was_not_taken_gives_its_outline_until_it_is_taken(app, client, monkeypatch):
    _, (analysis,) = put(app)
    missed = next(c for c in MACHINE.chromosomes if c.label == "16" and not c.overlaps)
    candidate = Candidate("16", 0.9, 0.08, missed.bbox, missed.polygon)
    rest = tuple(c for c in MACHINE.chromosomes if c is not missed)
    with writing(app.extensions["karyogram"].engine) as session:
        row = session.get(Analysis, analysis)
        row.karyotype = replace(MACHINE, chromosomes=rest, candidates=(candidate,)).to_json()
        summarise(row, Karyotype.from_json(row.karyotype))
    monkeypatch.setattr(edits_api, "load_sam", lambda _: pytest.fail("Segment Anything is not asked"))
    x, y = np.mean(missed.polygon, axis=0)
    url = f"{API}/analyses/{analysis}/segment?x={x}&y={y}"
    found = client.get(url).json
    assert (found["score"], found["polygon"]) == (0.08, [list(point) for point in missed.polygon])
    done = edit(client, analysis, 0, {"kind": "outline", "polygon": found["polygon"]})
    new = max(done["karyotype"]["chromosomes"], key=lambda c: c["id"])
    assert (new["label"], len(done["karyotype"]["chromosomes"])) == ("16", 46)

    def missing(_):
        raise ModelError("not there")

    edits_api._sam.cache_clear()
    monkeypatch.setattr(edits_api, "load_sam", missing)
    assert client.get(url).status_code == 501, "it is no candidate any more"


def test_a_click_on_the_ground_gives_nothing(app, client, monkeypatch):
    _, (analysis,) = put(app)
    far = next(c for c in MACHINE.chromosomes if min(c.bbox) > 100 and not c.overlaps)
    monkeypatch.setattr(edits_api, "load_sam", lambda _: Sam(FakeEncoder(), FakeDecoder()))
    monkeypatch.setattr(edits_api, "segment_point", lambda *_: fill(far, (690, 700)))
    refused = client.get(f"{API}/analyses/{analysis}/segment?x=2&y=2")
    edits_api._sam.cache_clear()
    assert (refused.status_code, refused.json["error"]["reason"]) == (422, "there is no chromosome at this place")


def test_a_flag_goes_with_its_pair_and_a_new_one_comes_from_the_picture(app, client):
    flagged, other = labelled(MACHINE, "7")
    _, (analysis,) = put(app)
    with writing(app.extensions["karyogram"].engine) as session:
        found = [replace(c, review=(f"{DIFFERS}0.62",) if c.id == flagged else ()) for c in MACHINE.chromosomes]
        machine = replace(MACHINE, chromosomes=tuple(found))
        row = session.get(Analysis, analysis)
        row.karyotype = machine.to_json()
        summarise(row, machine)
    told = edit(client, analysis, 0, {"kind": "flip", "id": other})["karyotype"]
    assert not [c for c in told["chromosomes"] if any("homologue" in reason for reason in c["review"])], "drawn alike"
    undone = step(client, analysis, 1, "undo")["karyotype"]
    assert next(c["review"] for c in undone["chromosomes"] if c["id"] == flagged) == [f"{DIFFERS}0.62"]


def test_homologues_are_compared_in_the_picture(app):
    _, (analysis,) = put(app)
    _, halved = labelled(MACHINE, "7")
    points = np.array(one(MACHINE, halved).polygon)
    along = int(np.argmax(np.ptp(points, axis=0)))
    points[:, along] = np.minimum(points[:, along], points[:, along].mean())
    half = replace(one(MACHINE, halved), polygon=tuple(map(tuple, points.tolist())))
    with reading(app.extensions["karyogram"].engine) as session:
        look = Looking(app.extensions["karyogram"], load_analysis(session, analysis))
    cell = [half if c.id == halved else c for c in MACHINE.chromosomes]
    reasons = look.compare(cell, {"7", "8"})
    assert any(reason.startswith("length differs from its homologue") for reason in reasons.pop(halved))
    assert not any(reasons.values())
    look.loaded.metaphase.stored = "gone.png"
    assert look.compare(cell, {"7"}) is None, "without its picture nobody can tell"

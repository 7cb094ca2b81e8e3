"""Edits, pictures and exports by the API, on analyses that stand in the database as if a machine had read them."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import warnings
import zipfile
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from defusedxml import ElementTree
from hand import DIFFERS, cell, labelled, middle_line, one
from PIL import Image
from pycocotools.coco import COCO

from karyogram.classify.prepare import Preparation
from karyogram.datasets.results import read_karyotype
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.errors import ModelError
from karyogram.exchange.outlines import fill
from karyogram.files import encode_picture, write_bytes
from karyogram.labels import LABELS
from karyogram.output import FORMATS
from karyogram.records import Case as CaseRecord
from karyogram.records import Karyotype
from karyogram.segment.sam import Sam
from karyogram.shape.size import REFERENCE_SIZE
from karyogram.training.prepare import prepare_folder
from karyogram.web import create_app
from karyogram.web.api import edits as edits_api
from karyogram.web.config import Config
from karyogram.web.db import reading, writing
from karyogram.web.db.edits import load_analysis, summarise
from karyogram.web.db.tables import Analysis, Case, Metaphase
from karyogram.web.looking import Looking
from test_sam import FakeDecoder, FakeEncoder

TRUTH, PICTURE = cell()
MACHINE = replace(TRUTH, image="cell0.png")
API = "/api/v1"
NAMES = count(1)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data = tmp_path_factory.mktemp("bench")
    write_bytes(data / "cell.png", encode_picture(PICTURE))
    return create_app(Config(data=data, immediate=True))


@pytest.fixture
def client(app):
    return app.test_client()


def put(app, cells=1, state="open"):
    """Put a case with analysed metaphases into the database; return its id and those of its analyses."""
    with writing(app.extensions["karyogram"].engine) as session:
        case = Case(name=f"case {next(NAMES)}", state=state)
        session.add(case)
        session.flush()
        found = []
        for number in range(cells):
            sha256 = hashlib.sha256(f"{case.id}/{number}".encode()).hexdigest()
            picture = Metaphase(filename=f"cell{number}.png", sha256=sha256, stored="cell.png", width=700, height=690)
            case.metaphases.append(picture)
            session.flush()
            analysis = Analysis(metaphase_id=picture.id, state="done", model="gband", segmenter="auto")
            machine = replace(MACHINE, image=picture.filename)
            analysis.karyotype = machine.to_json()
            summarise(analysis, machine)
            session.add(analysis)
            session.flush()
            found.append(analysis.id)
        return case.id, found


def edit(client, analysis, version, *edits, status=200, **how):
    answer = client.post(f"{API}/analyses/{analysis}/edits", json={"version": version, "edits": list(edits)}, **how)
    assert answer.status_code == status, answer.json
    return answer.json


def step(client, analysis, version, way, status=200):
    answer = client.post(f"{API}/analyses/{analysis}/{way}", json={"version": version})
    assert answer.status_code == status, answer.json
    return answer.json


def members(answer):
    return zipfile.ZipFile(io.BytesIO(answer.data))


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


def test_a_click_on_the_ground_gives_nothing(app, client, monkeypatch):
    _, (analysis,) = put(app)
    far = next(c for c in MACHINE.chromosomes if min(c.bbox) > 100 and not c.overlaps)
    monkeypatch.setattr(edits_api, "load_sam", lambda _: Sam(FakeEncoder(), FakeDecoder()))
    monkeypatch.setattr(edits_api, "segment_point", lambda *_: fill(far, (690, 700)))
    refused = client.get(f"{API}/analyses/{analysis}/segment?x=2&y=2")
    edits_api._sam.cache_clear()
    assert (refused.status_code, refused.json["error"]["reason"]) == (422, "there is no chromosome at this place")


def test_a_cutout_is_fetched_again_only_when_it_changed(app, client):
    _, (analysis,) = put(app)
    url = f"{API}/analyses/{analysis}/chromosomes/4.png"
    first = client.get(url, query_string={"height": 200})
    assert abs(Image.open(io.BytesIO(first.data)).height - 204) <= 1, "200 and a margin of two pixels a side"
    edit(client, analysis, 0, {"kind": "move", "id": 3, "label": "7"})
    again = client.get(url, query_string={"height": 200}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    edit(client, analysis, 1, {"kind": "flip", "id": 4}, {"kind": "delete", "id": 4})
    turned = client.get(url, query_string={"height": 200, "version": 3}, headers={"If-None-Match": first.headers["ETag"]})
    assert turned.status_code == 200, "and a deleted one is still shown in the tray"
    assert "immutable" in turned.headers["Cache-Control"]
    pixels = [np.asarray(Image.open(io.BytesIO(a.data)), float) for a in (first, turned)]
    assert np.abs(pixels[0] - pixels[1][::-1, ::-1]).mean() < 8, "upside down"
    assert client.get(f"{API}/analyses/{analysis}/chromosomes/99.png").status_code == 404
    assert client.get(url, query_string={"height": 99999}).status_code == 422


def test_drawings_of_analyses_and_classes(app, client):
    _, (analysis,) = put(app)
    for name, size in (("karyogram.png", (860, 400)), ("overlay.png", (1400, 1380))):
        picture = Image.open(io.BytesIO(client.get(f"{API}/analyses/{analysis}/{name}").data))
        assert picture.width >= size[0]
        assert picture.height >= size[1]
    for label in LABELS:
        svg = client.get(f"{API}/bands/{label}.svg?level=850")
        root = ElementTree.fromstring(svg.data)
        assert (svg.mimetype, root.get("aria-label")) == ("image/svg+xml", f"Chromosome {label}")
        assert "style" not in svg.text
    titles = [t.text for t in ElementTree.fromstring(client.get(f"{API}/bands/9.svg").data).iter() if t.tag.endswith("title")]
    assert "9q34.1" in titles
    heights = [Image.open(io.BytesIO(client.get(f"{API}/templates/{label}.png").data)).height for label in ("1", "7", "21")]
    assert heights == sorted(heights, reverse=True)
    assert client.get(f"{API}/bands/23.svg").status_code == client.get(f"{API}/templates/Z.png").status_code == 404


def test_every_format_of_an_analysis_as_it_is_now(app, client, tmp_path):
    _, (analysis,) = put(app)
    now = edit(client, analysis, 0, {"kind": "delete", "id": labelled(MACHINE, "7")[0]}, {"kind": "confirm_all"})["karyotype"]
    every = client.get(f"{API}/analyses/{analysis}/export", query_string={"format": ",".join(FORMATS)})
    every = members(every)
    assert {file for form in FORMATS.values() for file in form.files} < set(every.namelist())
    assert sum(name.startswith("chromosomes/") for name in every.namelist()) == 45
    every.extractall(tmp_path)
    assert read_karyotype(tmp_path / "karyotype.json") == Karyotype.from_dict(now)
    assert (tmp_path / "iscn.txt").read_text() == "45,XX,-7\n"
    assert len(read_voc(tmp_path / "voc.xml").boxes) == 45
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    report = (tmp_path / "report.html").read_text()
    assert "delete 1, confirm_all 1, by local" in report
    assert "every chromosome, 45" in report
    alone = client.get(f"{API}/analyses/{analysis}/export?format=csv")
    assert alone.headers["Content-Disposition"] == "attachment; filename=cell0-chromosomes.csv"
    assert len(alone.text.splitlines()) == 46
    for bad in ("gif", "", "json,gif"):
        assert client.get(f"{API}/analyses/{analysis}/export?format={bad}").status_code == 422


def test_an_order_shows_in_exports_and_is_undone(app, client, tmp_path):
    _, (analysis,) = put(app)
    first, second = labelled(MACHINE, "7")

    def exported():
        found = members(client.get(f"{API}/analyses/{analysis}/export?format=png,pdf,csv"))
        copies = sorted(name for name in found.namelist() if name.startswith("chromosomes/07_"))
        rows = [row["id"] for row in csv.DictReader(io.StringIO(found.read("chromosomes.csv").decode())) if row["label"] == "7"]
        return copies, rows, found.read("karyogram.png"), found.read("report.pdf")

    def drawings(report):
        (tmp_path / "report.pdf").write_bytes(report)
        run = ["pdftoppm", "-r", "40", "-gray", "-f", "1", "-l", "1", str(tmp_path / "report.pdf")]
        return subprocess.run(run, capture_output=True, check=True).stdout

    before = exported()
    edit(client, analysis, 0, {"kind": "order", "id": second, "place": 0})
    after = exported()
    assert after[0] == [f"chromosomes/07_a_id{second}.png", f"chromosomes/07_b_id{first}.png"]
    assert (before[1], after[1]) == ([str(first), str(second)], [str(second), str(first)])
    assert before[2] != after[2]
    if shutil.which("pdftoppm"):
        assert drawings(before[3]) != drawings(after[3])
    step(client, analysis, 1, "undo")
    assert exported()[:3] == before[:3]


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


def test_a_confirmed_loss_reaches_the_case(app, client):
    case, (first, second) = put(app, cells=2)
    gone = {"kind": "delete", "id": labelled(MACHINE, "7")[0]}
    for analysis in (first, second):
        edit(client, analysis, 0, gone)
    told = CaseRecord.from_json(client.get(f"{API}/cases/{case}/export?format=json").text)
    assert {c.iscn for c in told.cells} == {"45,XX,-?7"}
    edit(client, first, 1, {"kind": "confirm_all"})
    told = CaseRecord.from_json(client.get(f"{API}/cases/{case}/export?format=json").text)
    assert {c.image: (c.iscn, c.entered) for c in told.cells} == {
        "cell0.png": ("45,XX,-7", True),
        "cell1.png": ("45,XX,-?7", False),
    }


def test_a_case_as_report_and_as_data(app, client):
    case, (first, _) = put(app, cells=2)
    edit(client, first, 0, {"kind": "confirm_all"}, headers={"X-Reader": "=Ada"})
    reviewed = client.post(f"{API}/cases/{case}/actions", json={"kind": "review", "version": 1, "note": "looked at"})
    assert reviewed.status_code == 200, reviewed.json
    report = client.get(f"{API}/cases/{case}/export?format=html&cells=all").text
    assert ">cell0.png</h2>" in report
    assert ">cell1.png</h2>" in report
    assert "looked at" in report
    assert "confirm_all 1, by =Ada" in report
    everything = members(client.get(f"{API}/cases/{case}/export?format=zip"))
    assert {"case.json", "cells.csv", "sheet.png", "report.pdf", "audit.csv"} < set(everything.namelist())
    assert CaseRecord.from_json(everything.read("case.json").decode()).modal_number == 46
    rows = list(csv.DictReader(io.StringIO(client.get(f"{API}/cases/{case}/audit.csv").text)))
    assert [(row["user"], row["what"]) for row in rows] == [("'=Ada", "confirm_all"), ("local", "review")], (
        "no cell is a formula"
    )
    assert json.loads(rows[0]["body"]) == {"kind": "confirm_all"}
    assert client.get(f"{API}/cases/{case}/export?format=gif").status_code == 422
    empty, _ = put(app, cells=0)
    assert client.get(f"{API}/cases/{empty}/export?format=pdf").status_code == 409


@pytest.fixture(scope="module")
def signed(app):
    """Two approved cases, a chromosome 1 of the first moved to Y, and one that is open."""
    client = app.test_client()
    ids = [put(app)[1][0] for _ in range(2)]
    edit(client, ids[0], 0, {"kind": "move", "id": labelled(MACHINE, "1")[0], "label": "Y"})
    with writing(app.extensions["karyogram"].engine) as session:
        for case in session.query(Case):
            case.state = "open"
        for number in ids:
            session.get(Analysis, number).metaphase.case.state = "approved"
    return client


@pytest.fixture
def unpacked(signed, tmp_path):
    def fetch(layout):
        answer = signed.get(f"{API}/export/training?layout={layout}")
        assert answer.status_code == 200, answer.json
        assert "case " not in " ".join(members(answer).namelist()), "numbers, no names"
        members(answer).extractall(tmp_path)
        return tmp_path

    return fetch


@pytest.mark.parametrize("layout", ["voc", "classes"])
def test_what_is_signed_trains(unpacked, layout):
    folder = unpacked(layout)
    split = read_split(folder / "split.csv")
    assert len({entry.case for entry in split.values()}) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        samples = prepare_folder(folder, split, Preparation())
    whole = samples.table[samples.table["label"] >= 0]
    free = sum(not c.overlaps for c in MACHINE.chromosomes)
    assert len(whole) >= 2 * 0.8 * free
    assert (whole["label"] == LABELS.index("Y")).sum() == 1, "the correction is in it"
    if layout == "classes":
        assert (whole["up"] == 1).mean() > 0.9
        names = [path.stem for path in folder.rglob("*.png")]
        assert sorted(names) == sorted(split)
        area = (samples.canvases[samples.table["label"] >= 0] > 0).sum((1, 2)).mean()
        assert area == pytest.approx((REFERENCE_SIZE * Preparation().scale) ** 2, rel=0.25), "at the size that models know"


def test_coco_for_other_tools(unpacked):
    folder = unpacked("coco")
    coco = COCO(str(folder / "annotations.json"))
    assert len(coco.imgs) == 2
    assert len(coco.anns) == 92
    assert all((folder / "images" / image["file_name"]).is_file() for image in coco.imgs.values())
    first = coco.anns[1]
    assert coco.annToMask(first).sum() == first["area"]


def test_many_cells_are_packed_by_a_worker(signed, monkeypatch):
    monkeypatch.setattr("karyogram.web.api.exports.AT_ONCE", 1)
    refused = signed.get(f"{API}/export/training?layout=voc")
    assert (refused.status_code, refused.json["error"]["code"]) == (413, "too_large")
    asked = signed.post(f"{API}/export/training", json={"layout": "voc"}, headers={"Idempotency-Key": "packed"})
    assert asked.status_code == 202
    assert (
        signed.post(f"{API}/export/training", json={"layout": "voc"}, headers={"Idempotency-Key": "packed"}).json == asked.json
    )
    told = signed.get(f"{API}/export/training/{asked.json['id']}").json
    assert (told["state"], told["progress"], told["cells"]) == ("done", 1.0, 2)
    file = signed.get(told["file"])
    monkeypatch.setattr("karyogram.web.api.exports.AT_ONCE", 2)
    at_once = signed.get(f"{API}/export/training?layout=voc")
    contents = [{name: archive.read(name) for name in archive.namelist()} for archive in map(members, (file, at_once))]
    assert contents[0] == contents[1]
    part = signed.get(told["file"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, file.data[10:20])
    assert signed.get(f"{API}/export/training/999").status_code == 404
    assert signed.post(f"{API}/export/training", json={"layout": "yolo"}).status_code == 422


def test_nothing_signed_is_nothing_to_train_on(tmp_path):
    client = create_app(Config(data=tmp_path, immediate=True)).test_client()
    assert client.get(f"{API}/export/training").status_code == 404
    assert client.post(f"{API}/export/training", json={}).status_code == 404
    assert client.get(f"{API}/export/training?layout=yolo").status_code == 422

"""What is drawn and exported of edited analyses and their cases, by the API."""

import csv
import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from defusedxml import ElementTree
from edited import API, MACHINE, edit, members, put, step
from hand import labelled
from PIL import Image

from karyogram.datasets.results import read_karyotype
from karyogram.datasets.voc import read_voc
from karyogram.labels import LABELS
from karyogram.output import FORMATS
from karyogram.records import Case as CaseRecord
from karyogram.records import Karyotype
from karyogram.web import turns
from karyogram.web.bench import open_kept


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


def test_a_case_as_a_table_or_report_opens_no_more_pictures_than_it_shows(app, client, monkeypatch):
    opened = []
    monkeypatch.setattr("karyogram.web.api.exports.open_kept", lambda path: opened.append(path) or open_kept(path))
    case, _ = put(app, cells=5)
    table = client.get(f"{API}/cases/{case}/export?format=csv")
    assert table.text.count("\n") == 6
    assert opened == []
    assert client.get(f"{API}/cases/{case}/export?format=html").status_code == 200
    assert len(opened) == 3


@pytest.mark.parametrize(
    "path",
    [
        "analyses/{analysis}/karyogram.png",
        "analyses/{analysis}/overlay.png",
        "analyses/{analysis}/export?format=json,png",
        "cases/{case}/export?format=pdf",
    ],
)
def test_few_drawings_are_made_at_a_time_and_few_wait(app, client, monkeypatch, path):
    case, (analysis,) = put(app)
    path = f"{API}/{path.format(case=case, analysis=analysis)}"
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    with turns.DRAWING.take(), turns.DRAWING.take():
        answer = client.get(path)
        assert (answer.status_code, answer.json["error"]["code"], answer.headers["Retry-After"]) == (503, "busy", "5")
        monkeypatch.setattr(turns, "PATIENCE", 60.0)
        while turns.DRAWING.room.acquire(blocking=False):
            pass
        assert client.get(path).status_code == 503, "at once"
        for _ in range(4):
            turns.DRAWING.room.release()
    assert client.get(path).status_code == 200

"""Signed cells as training data, by the API: at once, and packed by a worker."""

import warnings

import pytest
from edited import API, MACHINE, edit, members, put
from hand import labelled
from pycocotools.coco import COCO

from karyogram.classify.prepare import Preparation
from karyogram.datasets.splits import read_split
from karyogram.labels import LABELS
from karyogram.shape.size import REFERENCE_SIZE
from karyogram.training.prepare import prepare_folder
from karyogram.web import create_app
from karyogram.web.config import Config
from karyogram.web.db import writing
from karyogram.web.db.tables import Analysis, Case


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

"""The whole path on a drawn metaphase with known truth, and on pictures that are none."""

import csv
import json

import cv2
import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import karyogram
from karyogram.cli import main
from karyogram.datasets.boxed import as_pair
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.voc import Annotation, Box
from karyogram.errors import ModelError
from karyogram.files import write_picture
from karyogram.metrics.metaphases import score_pairs


@pytest.fixture(scope="module")
def drawn():
    return synth_metaphase(5)


def truth_of(karyotype):
    boxes = tuple(Box(c.label, tuple(map(float, c.bbox))) for c in karyotype.chromosomes)
    return Annotation("drawn", karyotype.width, karyotype.height, boxes)


def test_a_drawn_cell_is_found(drawn):
    picture, truth = drawn
    found = karyogram.analyze(picture)
    scores = score_pairs([as_pair(truth_of(truth), found, (0.0, 0.0, 0.0, 0.0))])
    assert scores.found.share >= 0.9
    assert found.model["name"] == "gband"


def test_rotating_the_picture_gives_the_same_chromosomes(drawn):
    picture, _ = drawn
    upright, turned = karyogram.analyze(picture), karyogram.analyze(np.ascontiguousarray(np.rot90(picture)))
    assert abs(len(upright.chromosomes) - len(turned.chromosomes)) <= 2
    same = sum(min(upright.counts[label], turned.counts[label]) for label in upright.counts)
    assert same >= 0.8 * sum(upright.counts.values())


def test_inverting_the_picture_changes_nothing(drawn):
    picture, _ = drawn
    plain, inverted = karyogram.analyze(picture), karyogram.analyze(255 - picture)
    assert plain.counts == inverted.counts
    assert inverted.warnings[0] == "bright on black: inverted"


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_the_scale_of_the_picture_does_not_matter(drawn, factor):
    picture, truth = drawn
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    found = karyogram.analyze(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how))
    assert sum(min(found.counts[label], truth.counts[label]) for label in truth.counts) >= 44


def test_a_neighbouring_cell_is_left_out(drawn):
    picture, truth = drawn
    gap = np.full((picture.shape[0], 350), np.median(picture), np.uint8)
    found = karyogram.analyze(np.hstack([picture, gap, picture[:, :300]]))
    assert sum(min(found.counts[label], truth.counts[label]) for label in truth.counts) >= 44
    assert "of neighbouring cells left out" in found.warnings[0]
    assert max(c.bbox[2] for c in found.chromosomes) <= picture.shape[1]


def test_every_segmenter_by_name_and_no_other(drawn):
    picture, _ = drawn
    classical, learned = (karyogram.analyze(picture, segmenter=name) for name in ("classical", "learned"))
    assert classical.model["segmenter"] == "classical"
    assert learned.model == karyogram.analyze(picture).model
    assert learned.model["segmenter"] == "gband-segment"
    with pytest.raises(ModelError, match="no segmenter named 'best'; there are auto, classical, learned, sam"):
        karyogram.analyze(picture, segmenter="best")


@pytest.mark.parametrize(
    "picture",
    [
        np.full((300, 300), 240, np.uint8),
        np.zeros((300, 300), np.uint8),
        np.full((1, 1), 200, np.uint8),
        np.clip(np.random.default_rng(0).normal(128, 20, (300, 300)), 0, 255).astype(np.uint8),
        np.full((3, 2000), 200, np.uint8),
    ],
    ids=["blank", "black", "one pixel", "noise", "strip"],
)
def test_no_metaphase_gives_no_finding(picture):
    found = karyogram.analyze(picture)
    assert not found.findings
    assert found.iscn == ""
    assert found.warnings


def test_analyze_writes_what_the_contract_says(drawn, tmp_path):
    picture, _ = drawn
    write_picture(tmp_path / "in" / "cell.png", picture)
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["analyze", str(tmp_path / "in"), "-o", str(out)])
    assert done.exit_code == 1
    assert "broken.jpg: not a TIFF, PNG, JPEG or BMP picture" in done.stderr
    karyotype = json.loads((out / "cell" / "karyotype.json").read_text())
    schema = json.loads((karyogram_data() / "karyotype.schema.json").read_text())
    jsonschema.validate(karyotype, schema)
    assert cv2.imread(str(out / "cell" / "karyogram.png")).shape[1] > 600
    assert cv2.imread(str(out / "cell" / "overlay.png")) is not None
    assert len(list((out / "cell" / "chromosomes").glob("*.png"))) == len(karyotype["chromosomes"])
    rows = list(csv.DictReader((out / "summary.csv").open()))
    assert [row["status"] for row in rows] == ["failed", "done"]
    assert list(rows[0]) == ["path", "status", "count", "iscn", "findings", "review", "quality", "seconds", "error"]


def karyogram_data():
    from pathlib import Path

    return Path(karyogram.__file__).parent / "data"


def test_a_report_and_a_print_on_request(drawn, tmp_path):
    path = write_picture(tmp_path / "cell.png", drawn[0])
    options = ["--format", "png,html,pdf", "--dpi", "200", "--ideograms", "400", "--measures"]
    done = CliRunner().invoke(main, ["analyze", str(path), "-o", str(tmp_path / "out"), *options])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "out" / "cell"
    with Image.open(folder / "karyogram.png") as print_:
        assert print_.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert print_.width > 860 * 200 / 144
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "not a diagnosis" in (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ["x.png", "-o", "out", "--model", "nothing"],
        ["x.png", "-o", "out", "--segmenter", "best"],
        ["x.png", "-o", "out", "--format", "docx"],
        ["x.png", "-o", "out", "--dpi", "5000"],
        ["x.png", "-o", "out", "--ideograms", "500"],
        ["-o", "out"],
    ],
)
def test_wrong_usage_is_exit_status_2(arguments):
    assert CliRunner().invoke(main, ["analyze", *arguments]).exit_code == 2


def test_two_jobs_give_what_one_gives(tmp_path):
    for seed in (1, 2):
        write_picture(tmp_path / "in" / f"{seed}.png", synth_metaphase(seed)[0])
    for jobs in ("1", "2"):
        done = CliRunner().invoke(main, ["analyze", str(tmp_path / "in"), "-o", str(tmp_path / jobs), "--jobs", jobs])
        assert done.exit_code == 0, done.output
    for seed in ("1", "2"):
        one, two = ((tmp_path / jobs / seed / "karyotype.json").read_text() for jobs in ("1", "2"))
        assert one == two


@pytest.mark.data
def test_a_real_picture(data_folder):
    found = karyogram.analyze(data_folder / "tseng2023" / "images" / "103081.jpg")
    assert 40 <= len(found.chromosomes) <= 52
    assert found.quality > 0.6

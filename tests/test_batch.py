"""`karyogram analyze` on folders: what is skipped, what is refused, what is left when a run ends early."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import karyogram
from bars import Bar, draw_cell
from karyogram import batch, pipeline
from karyogram.batch import Row
from karyogram.cli import main
from karyogram.datasets.voc import read_voc
from karyogram.errors import KaryogramError, PictureError
from karyogram.files import write_picture, write_text
from karyogram.records import Karyotype
from test_weights import tiny_classifier


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two model files that call everything a chromosome 1."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "other"):
        (folder / f"{name}.onnx").write_bytes(tiny_classifier({"1": 3.0}, name=name))
    return folder


@pytest.fixture
def cells(tmp_path):
    """A folder of two small pictures."""
    for name in ("b", "a"):
        write_picture(tmp_path / "in" / f"{name}.png", draw_cell([Bar("1"), Bar("2")])[0])
    return tmp_path / "in"


@pytest.fixture
def analyze(models):
    def run(*arguments, model="one"):
        fixed = ["--model", models / f"{model}.onnx", "--segmenter", "classical"]
        return CliRunner().invoke(main, ["analyze", *map(str, [*arguments, *fixed])])

    return run


def rows_of(out):
    with (out / "summary.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def statuses(done):
    return [row["status"] for row in json.loads(done.stdout)]


# what is done already


def test_only_what_is_done_by_the_same_models_is_skipped(cells, tmp_path, analyze):
    ask = [cells / "a.png", "-o", tmp_path / "out", "--json"]
    assert statuses(analyze(*ask)) == ["done"]
    assert statuses(analyze(*ask)) == ["skipped"]
    assert statuses(analyze(*ask, model="other")) == ["done"]
    model = json.loads((tmp_path / "out" / "a" / "karyotype.json").read_text())["model"]
    assert model.pop("sha256")
    assert model == {"name": "other", "segmenter": "classical", "segmenter_sha256": ""}


def test_a_format_that_is_missing_is_a_reason_to_do_it_again(cells, tmp_path, analyze):
    ask = [cells / "a.png", "-o", tmp_path / "out", "--json"]
    assert statuses(analyze(*ask, "--format", "json")) == ["done"]
    assert statuses(analyze(*ask, "--format", "json,coco")) == ["done"]
    assert statuses(analyze(*ask, "--format", "coco")) == ["skipped"]
    (tmp_path / "out" / "a" / "coco.json").unlink()
    assert statuses(analyze(*ask, "--format", "coco")) == ["done"]


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": "1.0"}', "[]"])
def test_a_damaged_result_is_done_again(cells, tmp_path, analyze, text):
    result = write_text(tmp_path / "out" / "a" / "karyotype.json", text)
    assert statuses(analyze(cells / "a.png", "-o", tmp_path / "out", "--json")) == ["done"]
    assert Karyotype.from_json(result.read_text()).image == str(cells / "a.png")


def test_the_result_of_another_picture_is_left_alone_unless_forced(cells, tmp_path, analyze):
    other = Karyotype("elsewhere/a.png", 1, 1)
    result = write_text(tmp_path / "out" / "a" / "karyotype.json", other.to_json())
    done = analyze(cells / "a.png", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert f"{cells / 'a.png'}: {tmp_path / 'out' / 'a'} holds the result of elsewhere/a.png" in done.stderr
    assert result.read_text() == other.to_json()
    assert rows_of(tmp_path / "out")[0]["status"] == "failed"
    assert analyze(cells / "a.png", "-o", tmp_path / "out", "--force").exit_code == 0
    assert Karyotype.from_json(result.read_text()).image == str(cells / "a.png")


def test_nothing_of_an_earlier_result_stays(cells, tmp_path, analyze):
    folder = tmp_path / "out" / "a"
    analyze(cells / "a.png", "-o", tmp_path / "out", "--format", "png,coco,voc")
    write_picture(folder / "chromosomes" / "X_a_id99.png", np.zeros((3, 3), np.uint8))
    write_text(folder / "notes.txt", "a person's own")
    assert analyze(cells / "a.png", "-o", tmp_path / "out", "--format", "voc", "--force").exit_code == 0
    assert sorted(p.name for p in folder.rglob("*") if p.is_file()) == ["karyotype.json", "notes.txt", "voc.xml"]


def test_a_run_that_dies_while_writing_leaves_no_result(cells, tmp_path, analyze, monkeypatch):
    analyze(cells / "a.png", "-o", tmp_path / "out")
    monkeypatch.setattr("karyogram.output.draw_overlay", lambda *_: 1 / 0)
    done = analyze(cells / "a.png", "-o", tmp_path / "out", "--force")
    assert done.exit_code == 1
    assert f"{cells / 'a.png'}: ZeroDivisionError" in done.stderr
    assert not (tmp_path / "out" / "a" / "karyotype.json").exists()


# inputs and outputs


def test_results_inside_the_input_folder_are_not_read(cells, analyze):
    out = cells / "results"
    for status in ("done", "skipped"):
        assert statuses(analyze(cells, "-o", out, "--json")) == [status] * 2
    assert [row["path"] for row in rows_of(out)] == [str(cells / "a.png"), str(cells / "b.png")]
    assert sorted(p.name for p in out.iterdir()) == ["a", "b", "summary.csv"]


def test_an_input_is_never_overwritten(cells, tmp_path, analyze):
    assert analyze(cells, "-o", cells).exit_code == 2
    picture = write_picture(tmp_path / "out" / "a" / "overlay.png", draw_cell([Bar("1")])[0])
    before = picture.read_bytes()
    done = analyze(cells / "a.png", picture, "-o", tmp_path / "out")
    assert done.exit_code == 2
    assert f"{picture} is an input" in done.stderr
    assert picture.read_bytes() == before


def test_the_summary_is_in_path_order_whatever_the_order_of_the_inputs(cells, tmp_path, analyze):
    broken = write_text(cells / "ab.png", "no picture")
    done = analyze(cells / "b.png", broken, cells / "a.png", "-o", tmp_path / "out", "--json")
    assert done.exit_code == 1
    paths = [str(cells / name) for name in ("a.png", "ab.png", "b.png")]
    assert [row["path"] for row in json.loads(done.stdout)] == paths
    assert [row["path"] for row in rows_of(tmp_path / "out")] == paths


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_utf8_is_written_readably(cells, tmp_path, analyze):
    path = cells / os.fsdecode(b"odd\xff.png")
    (cells / "a.png").rename(path)
    ask = [path, "-o", tmp_path / "out", "--format", "json,png,coco,voc"]
    assert analyze(*ask).exit_code == 0
    assert rows_of(tmp_path / "out")[0]["path"].endswith(r"odd\udcff.png")
    assert read_voc(tmp_path / "out" / path.stem / "voc.xml").filename == r"odd\udcff.png"
    assert statuses(analyze(*ask, "--json")) == ["skipped"]


@pytest.mark.parametrize("verb", ["analyze", "classify", "synth", "demo"])
def test_an_output_that_cannot_be_written_is_one_line(cells, tmp_path, models, verb):
    blocked = write_text(tmp_path / "file", "") / "x"
    out = blocked / "p.csv" if verb == "classify" else blocked
    inputs = [str(cells), "--model", str(models / "one.onnx")] if verb in ("analyze", "classify") else []
    done = CliRunner().invoke(main, [verb, *inputs, "-o", str(out)])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert [line for line in done.stderr.splitlines() if "Not a directory" in line] == done.stderr.splitlines()
    assert str(blocked) in done.stderr


def test_a_wrong_model_leaves_no_folder_behind(cells, tmp_path):
    assert CliRunner().invoke(main, ["analyze", str(cells), "-o", str(tmp_path / "out"), "--model", "no"]).exit_code == 2
    assert not (tmp_path / "out").exists()


# runs that end early


def test_what_is_done_is_in_the_summary_of_an_interrupted_run(cells, tmp_path, analyze, monkeypatch):
    read = batch.read_karyotype

    def interrupted(picture, name, reader):
        if name.endswith("b.png"):
            raise KeyboardInterrupt
        return read(picture, name, reader)

    monkeypatch.setattr(batch, "read_karyotype", interrupted)
    done = analyze(cells, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "Aborted" in done.stderr
    assert [Path(row["path"]).name for row in rows_of(tmp_path / "out")] == ["a.png"]


def test_a_killed_run_goes_on_where_it_ended(cells, tmp_path, models, analyze):
    for name in "cdef":
        shutil.copy(cells / "a.png", cells / f"{name}.png")
    out = tmp_path / "out"
    ask = ["analyze", cells, "-o", out, "--model", models / "one.onnx", "--segmenter", "classical"]
    with subprocess.Popen([sys.executable, "-m", "karyogram.cli", *map(str, ask)], stderr=subprocess.DEVNULL) as run:
        while not (results := list(out.glob("*/karyotype.json"))) and run.poll() is None:
            time.sleep(0.005)
        run.kill()
    assert results
    found = {path: Karyotype.from_json(path.read_text()) for path in out.glob("*/karyotype.json")}
    assert len(found) < 6
    assert not (out / "summary.csv").exists()
    done = statuses(analyze(cells, "-o", out, "--json"))
    assert sorted(done) == ["done"] * (6 - len(found)) + ["skipped"] * len(found)


def test_what_is_done_is_in_the_summary_when_a_worker_is_killed(cells, tmp_path, analyze, monkeypatch):
    def killed(*_, **__):
        yield Row("a.png", "done")
        raise KaryogramError("a worker process was killed")

    monkeypatch.setattr(batch, "analyze_many", killed)
    done = analyze(cells, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "Error: a worker process was killed"
    assert [row["path"] for row in rows_of(tmp_path / "out")] == ["a.png"]


def test_a_killed_worker_is_named_as_such():
    with pytest.raises(KaryogramError, match="a worker process was killed"):
        list(batch._on_cores(lambda code, _: os._exit(code), [(9, 9), (9, 9)], 2))


# what is no metaphase


def test_a_picture_too_large_to_segment_is_refused_by_name(tmp_path, monkeypatch):
    path = write_picture(tmp_path / "large.png", np.full((20, 30), 255, np.uint8))
    assert pipeline.MAX_PIXELS == 25_000_000
    monkeypatch.setattr(pipeline, "MAX_PIXELS", 599)
    with pytest.raises(PictureError, match=r"large\.png: 30 x 20 pixels are more than"):
        pipeline.open_metaphase(path)
    monkeypatch.setattr(pipeline, "MAX_PIXELS", 600)
    assert pipeline.open_metaphase(path).pixels.shape == (20, 30)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (np.zeros((4, 4), np.float32), r"not float32 \(4, 4\)"),
        (np.zeros((4, 4, 3), np.uint8), r"not uint8 \(4, 4, 3\)"),
        (np.zeros((0, 4), np.uint8), r"not uint8 \(0, 4\)"),
        (np.zeros((4, 4), bool), r"not bool \(4, 4\)"),
        ([[1, 2]], "not list"),
        (None, "not NoneType"),
    ],
)
def test_an_array_that_is_no_grey_picture_is_refused(given, named):
    with pytest.raises(PictureError, match=named):
        karyogram.analyze(given)


def test_an_array_may_lie_in_memory_as_it_likes(models):
    picture, _ = draw_cell([Bar("1")] * 4)
    model = str(models / "one.onnx")
    plain = karyogram.analyze(np.ascontiguousarray(picture[::-1, ::-1]), model, "classical")
    assert plain.chromosomes
    assert replace(karyogram.analyze(picture[::-1, ::-1], model, "classical")) == plain

"""`karyogram compare` and `export`: models on the same chromosomes, and a checkpoint as a model."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("lightning")

import torch

from karyogram.classify.prepare import Preparation
from karyogram.datasets.splits import Entry, write_split
from karyogram.files import write_picture
from karyogram.labels import INDEX
from karyogram.training.compare import compare_answers
from karyogram.training.compare_cli import compare, export
from karyogram.training.fit import Fitting, Recipe
from karyogram.training.run import begin_run
from karyogram.weights.catalogue import load_model
from test_classify_cli import bar
from test_weights import tiny_classifier


def run(command, *arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.fixture
def data(tmp_path):
    """Three pictures of a 1 and one of a 2; models that call all a 1, all a 2."""
    for label, number in (("1", 0), ("1", 1), ("1", 2), ("2", 3)):
        write_picture(tmp_path / "data" / label / f"c{number}.png", bar())
    for label in "12":
        (tmp_path / f"{label}.onnx").write_bytes(tiny_classifier({label: 5.0}))
    return tmp_path


def test_two_models_differ_by_what_only_one_has_right():
    truth = np.zeros(10, int)
    good, poor = np.full((2, 10, 24), 0.001)
    good[:, 0] = poor[:9, 3] = poor[9, 0] = 0.9
    first, second = compare_answers(truth, {"good": good, "poor": poor})
    assert (first["accuracy"], first["better"], first["worse"], first["p"]) == (1.0, 0, 0, 1.0)
    assert (second["accuracy"], second["better"], second["worse"]) == (0.1, 0, 9)
    assert second["p"] == pytest.approx(2 / 2**9)


def test_models_are_compared_on_the_same_pictures(data):
    (data / "data" / "2" / "broken.png").write_bytes(b"none")
    done = run(compare, data / "1.onnx", data / "2.onnx", "--data", data / "data", "--json", data / "c.json")
    assert done.exit_code == 0, done.output
    assert "4 chromosomes, each alone" in done.stdout
    assert "0.2500" in next(line for line in done.stdout.splitlines() if line.rstrip().endswith(" 0.6"))
    assert "broken.png" in done.stderr
    one, two = json.loads((data / "c.json").read_text())
    assert (one["model"], one["accuracy"], two["accuracy"]) == (str(data / "1.onnx"), 0.75, 0.25)
    assert (two["better"], two["worse"]) == (1, 3)


def test_a_split_limits_what_is_compared(data):
    write_split(data / "split.csv", [Entry("c0", "a", "test"), Entry("c1", "b", "train"), Entry("c3", "c", "test")])
    asked = (data / "1.onnx", "--data", data / "data", "--split", data / "split.csv", "--json", "-")
    (row,) = json.loads(run(compare, *asked).stdout)
    assert (row["pictures"], row["accuracy"]) == (2, 0.5)
    none = run(compare, *asked, "--part", "val")
    assert none.exit_code == 1
    assert "is in the part val" in none.stderr


def test_a_checkpoint_becomes_the_model_that_it_holds(tmp_path):
    torch.manual_seed(0)
    module, how = Fitting(Recipe(), 1), Preparation(scale=0.5)
    begin_run(tmp_path / "run", {"data": "x"} | asdict(how) | asdict(Recipe()))
    torch.save({"state_dict": module.state_dict()}, tmp_path / "run" / "last.ckpt")
    done = run(export, tmp_path / "run", "--name", "half")
    assert done.exit_code == 0, done.output
    model = load_model(str(tmp_path / "run" / "half.onnx"), "classifier")
    assert model.metadata["preparation"] == how
    canvases = np.random.default_rng(0).integers(0, 256, (2, how.height, how.width), np.uint8)
    with torch.inference_mode():
        expected = module.net.eval()(torch.from_numpy(canvases)[:, None].float() / 255)[0].numpy()
    np.testing.assert_allclose(model.session.run(["classes"], {"canvases": canvases})[0], expected, atol=1e-3)
    assert expected.shape == (2, len(INDEX))


@pytest.mark.parametrize("settings", [{"verb": "grid", "optimizers": ["Adam"]}, {"net": "compact-v1", "optimizer": "Adam"}])
def test_a_run_of_a_grid_is_told_apart(tmp_path, settings):
    begin_run(tmp_path, settings)
    done = run(export, tmp_path)
    assert (done.exit_code, "this is a run of `karyogram grid` or `search`" in done.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_what_is_no_run_is_named(tmp_path):
    done = run(export, tmp_path)
    assert done.exit_code == 1
    assert "run.json: this is no run of `karyogram train`" in done.stderr
    begin_run(tmp_path, asdict(Preparation()) | asdict(Recipe()))
    assert "last.ckpt" in run(export, tmp_path).stderr

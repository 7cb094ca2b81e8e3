"""A kit holds all that another program needs, and its vectors are what the model says."""

import json

import cv2
import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from karyogram.cli import main
from karyogram.labels import LABELS
from karyogram.weights.catalogue import read_card


def make_kit(name, folder):
    done = CliRunner().invoke(main, ["models", "kit", name, "-o", str(folder)])
    assert done.exit_code == 0, done.output
    about, vectors = (json.loads((folder / f"{part}.json").read_text("utf-8")) for part in ("model", "vectors"))
    return about, vectors, onnxruntime.InferenceSession(folder / "model.onnx")


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def test_the_kit_of_a_classifier_says_what_it_takes_and_what_it_answers(tmp_path):
    about, vectors, session = make_kit("gband", tmp_path)
    assert about["labels"] == list(LABELS)
    assert about["card"] == read_card("gband")
    (wanted,) = about["inputs"]
    assert (wanted["name"], wanted["type"]) == ("canvases", "tensor(uint8)")
    rows = vectors["chromosomes"]
    canvases = np.stack([read(tmp_path / row["canvas"]) for row in rows])
    assert list(canvases.shape[1:]) == wanted["shape"][1:]
    classes, up, whole = session.run(["classes", "up", "whole"], {"canvases": canvases})
    for number, row in enumerate(rows):
        assert np.allclose(row["logits"]["classes"], classes[number], atol=0.01)
        assert (row["logits"]["up"], row["logits"]["whole"]) == pytest.approx((up[number], whole[number]), abs=0.01)
        assert sum(row["answer"]["probabilities"]) == pytest.approx(1, abs=0.01)


def test_a_kit_shows_chromosomes_that_the_model_is_sure_of(tmp_path):
    _, vectors, _ = make_kit("gband", tmp_path)
    best = [max(row["answer"]["probabilities"]) for row in vectors["chromosomes"]]
    assert len(best) == 8
    assert min(best) > 0.9


def test_the_kit_of_a_segmenter_shows_what_the_network_sees(tmp_path):
    about, vectors, session = make_kit("gband-segment", tmp_path)
    shown = read(tmp_path / "input.png")
    assert not any(side % about["grid"] for side in shown.shape)
    classes, boxes, masks, places = session.run(["classes", "boxes", "masks", "places"], {"picture": shown[None]})
    assert np.allclose(vectors["classes"], classes, atol=0.01)
    assert np.allclose(vectors["boxes"], boxes, atol=0.1)
    assert vectors["places"] == places.tolist()
    assert vectors["areas"] == (masks > 0).sum((1, 2)).tolist()
    assert masks.shape[1:] == (about["window"], about["window"])


def test_the_kit_of_an_outliner_shows_what_it_draws_of_masks_that_meet(tmp_path):
    about, vectors, session = make_kit("gband-outline", tmp_path)
    rows = vectors["chromosomes"]
    assert about["near"] == 3
    assert len(rows) == 46
    views = np.stack([read(tmp_path / row["view"]).reshape(3, 128, 128) for row in rows])
    (masks,) = session.run(["masks"], {"views": views})
    assert [row["area"] for row in rows] == (masks > 0).sum((1, 2)).tolist()
    for row, (_, own, _) in zip(rows, views, strict=True):
        assert np.count_nonzero(own > 127) == pytest.approx(
            np.count_nonzero(read(tmp_path / row["mask"])) * vectors["scale"] ** 2, rel=0.15, abs=20
        )


def test_a_file_of_ones_own_gets_a_kit_without_a_card(tmp_path):
    make_kit("gband", tmp_path / "shipped")
    about, _, _ = make_kit(str(tmp_path / "shipped" / "model.onnx"), tmp_path / "own")
    assert about["card"] is None


def test_what_is_no_model_gets_no_kit(tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"no model")
    for name in ("nothing", str(tmp_path / "no.onnx")):
        done = CliRunner().invoke(main, ["models", "kit", name, "-o", str(tmp_path / "kit")])
        assert done.exit_code == 2
        assert name in done.stderr
    assert not (tmp_path / "kit").exists()

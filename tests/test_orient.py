# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Which end of a chromosome is up is learned from the band table."""

from itertools import starmap

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.training.orient import POINTS, length_profile, orient


def drawn_canvas(label, rng, up):
    rod = draw_chromosome(label, rng, bend=0.3, angle=0.0 if up else 180.0)
    flat = np.clip(255 * np.exp(-rod.density), 0, 255).astype(np.uint8)
    return prepare(flat, Instance(rod.mask, 0, 0), Preparation())


def upright(label, rng, up):
    """Return (canvas, truth of up): the smallest rectangle decides which way the canvas is turned, as it does in use."""
    canvas = drawn_canvas(label, rng, up)
    return (canvas, up) if rng.random() < 0.5 else (np.ascontiguousarray(canvas[::-1, ::-1]), not up)


def test_orient_finds_the_right_end_of_every_class():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(24), 12)
    pairs = list(starmap(upright, ((LABELS[i], rng, bool(rng.random() < 0.5)) for i in labels)))
    up = orient(np.stack([canvas for canvas, _ in pairs]), labels)
    right = (up > 0.5) == np.array([truth for _, truth in pairs])
    assert right.mean() >= 0.9
    assert up.dtype == np.float32
    assert 0 <= up.min() <= up.max() <= 1


def test_orient_learns_nothing_from_pictures_that_are_held_out():
    rng = np.random.default_rng(0)
    canvases = np.stack([upright("1", rng, up)[0] for up in (True, False) * 6])
    labels, learned = np.zeros(12, int), np.arange(12) < 6
    other = canvases.copy()
    other[~learned] = upright("9", rng, True)[0]
    one, two = (orient(each, labels, learned) for each in (canvases, other))
    assert np.array_equal(one[learned], two[learned])
    assert not np.array_equal(one[~learned], two[~learned])
    assert np.array_equal(one[learned], orient(canvases[learned], labels[learned]))


def test_orient_knows_nothing_of_what_is_no_chromosome():
    canvases = np.full((3, 112, 48), 100, np.uint8)
    assert orient(canvases, np.array([-1, -1, 4])).tolist() == [0.5, 0.5, 0.5]


def test_a_bent_chromosome_is_measured_along_its_axis():
    y, x = np.mgrid[:112, :112]
    angle, radius = np.degrees(np.arctan2(y - 60.0, x - 56.0)), np.hypot(y - 60.0, x - 56.0)
    way = (angle - 250) % 360  # round from the upper end, which the gap above the middle leaves a little higher
    arc = (abs(radius - 36) <= 6) & (way < 300)
    stain, width = length_profile(np.where(arc, 40 + way * 0.6, 0).astype(np.uint8))
    assert np.corrcoef(stain, np.arange(POINTS))[0, 1] > 0.99
    assert 10 < np.median(width) < 15


def test_an_empty_canvas_has_an_empty_profile():
    assert not length_profile(np.zeros((112, 48), np.uint8)).any()

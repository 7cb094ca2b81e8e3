"""Masks drawn by hand are read as the pipeline reads its own."""

import numpy as np
import pytest
from hand import cell

from karyogram.classify.predict import Prediction
from karyogram.drawn import prepare_ground, read_drawn, tighten, within
from karyogram.exchange.outlines import fill
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.weights.catalogue import load_model

TRUTH, PICTURE = cell()


@pytest.fixture(scope="module")
def ground():
    return prepare_ground(PICTURE)


def test_a_true_mask_gets_its_true_class_back(ground):
    taken = [c for c in TRUTH.chromosomes if c.label in ("1", "9", "17", "21", "X")]
    beside = [c for c in TRUTH.chromosomes if c not in taken]
    found = read_drawn(ground, [fill(c, PICTURE.shape) for c in taken], beside, 100, load_model())
    assert [c.id for c in found] == list(range(100, 110))
    assert [c.label for c in found] == [c.label for c in taken]
    for new, old in zip(found, taken, strict=True):
        assert new.bbox == tuple(int(v) for v in old.bbox)
        assert new.length_px == pytest.approx(old.length_px, rel=0.15)
        assert new.overlaps == ()


@pytest.mark.parametrize(("missing", "label"), [("21", "21"), ("22", "22"), (None, "21")])
def test_of_lookalikes_it_gets_the_place_that_is_free(ground, monkeypatch, missing, label):
    said = np.zeros((1, 24))
    said[0, [LABELS.index("21"), LABELS.index("22")]] = 0.55, 0.45
    opinion = Prediction(said, np.ones(1), np.full(1, 0.2), np.ones((1, 2)))
    monkeypatch.setattr("karyogram.drawn.predict", lambda *_: opinion)
    gone = next((c for c in TRUTH.chromosomes if c.label == missing), None)
    beside = [c for c in TRUTH.chromosomes if c is not gone]
    (found,) = read_drawn(ground, [fill(gone or TRUTH.chromosomes[0], PICTURE.shape)], beside, 100, None)
    assert found.label == label
    assert found.probability == pytest.approx(said[0, LABELS.index(label)])
    assert "outline uncertain" in found.review, "a person drew it, and still nobody would call it whole"


def test_a_loose_mask_is_cut_to_the_stain_and_an_empty_one_is_none(ground):
    chromosome = next(c for c in TRUTH.chromosomes if not c.overlaps)
    true = fill(chromosome, PICTURE.shape)
    loose = within(Instance(np.ones(np.add(true.mask.shape, 8), bool), true.x - 4, true.y - 4), PICTURE.shape)
    found = tighten(loose, ground)
    assert found.common(true) / (found.area + true.area - found.common(true)) > 0.8
    assert tighten(Instance(np.ones((9, 9), bool), 1, 1), ground) is None


def test_a_picture_without_contrast_has_no_stain():
    ground = prepare_ground(np.full((80, 90), 250, np.uint8))
    assert not ground.stain.any()
    assert ground.width == 0

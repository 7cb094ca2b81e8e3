"""The image-similarity baseline: strips, templates, orientation, length, files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.classify.similarity import (
    LENGTH,
    WIDTH,
    fit_lengths,
    fit_templates,
    keep_all,
    load_templates,
    make_strip,
    predict_length,
    predict_similarity,
    save_templates,
)
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.errors import ModelError
from karyogram.labels import INDEX, LABELS
from karyogram.records import Instance

CLASSES = ("1", "3", "9", "17", "X")


def drawn(label, seed, angle=0.0):
    rod = draw_chromosome(label, np.random.default_rng(seed), bend=0.7, angle=angle)
    flat = np.clip(255 * np.exp(-rod.density), 0, 255).astype(np.uint8)
    return flat, Instance(rod.mask, 0, 0)


@pytest.fixture(scope="module")
def strips():
    """(strips (N, h, w), labels (N,)) of drawn chromosomes, every other one with its short arm down."""
    rows = [(label, make_strip(*drawn(label, seed, 180.0 * (seed % 2)))[0]) for label in CLASSES for seed in range(6)]
    return np.stack([strip for _, strip in rows]), np.array([INDEX[label] for label, _ in rows])


def test_a_strip_has_one_size_and_the_chromosomes_length_comes_beside_it():
    long, short = (make_strip(*drawn(label, 0)) for label in ("1", "21"))
    assert long[0].shape == short[0].shape == (LENGTH, WIDTH)
    assert long[0].dtype == np.float32
    assert 2 < long[1] / short[1] < 8
    assert long[0].mean() > 30  # stain is bright


def test_a_strip_runs_along_the_chromosome_however_it_lies():
    upright, tilted = (make_strip(*drawn("1", 5, angle))[0].mean(1) for angle in (0.0, 40.0))
    assert np.corrcoef(upright, tilted)[0, 1] > 0.9


def test_overlapped_chromosomes_bring_their_own_pixels():
    flat, item = drawn("3", 0)
    own = Instance(item.mask, 0, 0, pixels=flat)
    np.testing.assert_array_equal(make_strip(np.full_like(flat, 255), own)[0], make_strip(flat, item)[0])


@pytest.mark.parametrize("fit", [fit_templates, keep_all])
def test_templates_name_new_chromosomes_of_their_classes_either_way_up(strips, fit):
    templates = fit(*strips)
    asked = np.stack([make_strip(*drawn(label, seed))[0] for label in CLASSES for seed in (20, 21)])
    truth = np.repeat([INDEX[label] for label in CLASSES], 2)
    found = predict_similarity(templates, asked)
    assert found.shape == (len(asked), len(LABELS))
    np.testing.assert_allclose(found.sum(1), 1)
    assert (found.argmax(1) == truth).mean() >= 0.9
    np.testing.assert_allclose(predict_similarity(templates, asked[:, ::-1, ::-1]), found, atol=1e-4)
    assert found[:, INDEX["22"]].max() < 1e-6  # no template


def test_strips_of_a_class_are_turned_until_they_agree(strips):
    some, labels = strips
    ordered = np.where((np.arange(len(some)) % 2 == 0)[:, None, None], some, some[:, ::-1, ::-1])
    mixed, straight = fit_templates(some, labels), fit_templates(ordered, labels)
    for one, other in zip(mixed.strips, straight.strips, strict=True):
        assert max((one * other).sum(), (one[::-1, ::-1] * other).sum()) > 0.999
    assert np.sqrt((mixed.strips**2).sum((1, 2))) == pytest.approx(1, abs=1e-4)


@given(st.floats(0.2, 5), st.floats(-50, 50))
def test_neither_brightness_nor_contrast_matters(factor, offset):
    rng = np.random.default_rng(0)
    templates = keep_all(rng.random((3, 12, 6)) * 255, np.array([0, 1, 2]))
    asked = rng.random((4, 12, 6)) * 255
    np.testing.assert_allclose(
        predict_similarity(templates, asked * factor + offset), predict_similarity(templates, asked), atol=2e-3
    )


def test_a_strip_without_contrast_has_no_favourite():
    templates = keep_all(np.random.default_rng(0).random((24, 12, 6)), np.arange(24))
    np.testing.assert_allclose(predict_similarity(templates, np.full((1, 12, 6), 7.0)), 1 / 24)


def test_length_alone_tells_long_classes_from_short_ones():
    lengths, labels = np.array([2.0, 2.1, 1.0, 1.1, 0.5, 0.45]), np.array([0, 0, 7, 7, 20, 20])
    fitted = fit_lengths(lengths, labels)
    found = predict_length(fitted, np.array([2.05, 1.02, 0.48]))
    assert found.argmax(1).tolist() == [0, 7, 20]
    np.testing.assert_allclose(found.sum(1), 1)
    assert found[:, 3].max() == 0  # never seen
    np.testing.assert_allclose(predict_length(fit_lengths(lengths * 30, labels), np.array([2.05, 1.02, 0.48]) * 30), found)


def test_templates_come_back_from_their_file(tmp_path, strips):
    templates = fit_templates(*strips)
    again = load_templates(save_templates(tmp_path / "deep" / "t.npz", templates))
    np.testing.assert_array_equal(again.strips, templates.strips)
    np.testing.assert_array_equal(again.labels, templates.labels)


def test_a_file_that_holds_no_templates_is_named(tmp_path):
    np.savez(tmp_path / "other.npz", strips=np.zeros((3, 4, 4)), labels=np.zeros(2))
    np.savez(tmp_path / "wild.npz", strips=np.zeros((2, 4, 4)), labels=np.array([3, 24]))
    np.savez(tmp_path / "words.npz", strips=np.zeros((1, 4, 4)), labels=np.array(["X"]))
    np.savez(tmp_path / "less.npz", strips=np.zeros((3, 4, 4)))
    np.save(tmp_path / "one.npz", np.zeros(3))
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "empty.npz").touch()
    for name in ("other.npz", "wild.npz", "words.npz", "less.npz", "text.npz", "gone.npz", "empty.npz", "one.npz.npy"):
        with pytest.raises(ModelError, match=name) as caught:
            load_templates(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.data
def test_templates_of_real_chromosomes_name_those_of_other_cases(data_folder):
    from karyogram.datasets.splits import cirnet_case
    from karyogram.files import read_picture
    from karyogram.segment.single import find_single

    known, asked, labels, truth = [], [], [], []
    for label in ("1", "3", "16", "19"):
        paths = sorted((data_folder / "cirnet" / label).glob("*.tiff"), key=lambda p: cirnet_case(p.stem))
        cases = sorted({cirnet_case(path.stem) for path in paths})
        for path in paths[::8]:
            new = cases.index(cirnet_case(path.stem)) % 3 == 0
            (asked if new else known).append(make_strip(*find_single(read_picture(path).pixels))[0])
            (truth if new else labels).append(INDEX[label])
    found = predict_similarity(fit_templates(np.stack(known), np.array(labels)), np.stack(asked))
    assert (found.argmax(1) == np.array(truth)).mean() > 0.8

"""Isolated chromosomes of a drawn metaphase, boxed as the annotators box them."""

import numpy as np
import pytest

from karyogram.classify.prepare import Preparation
from karyogram.datasets.isolated import cut_across, extract_samples, find_isolated
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation, Box
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.segment.levels import LEVELS

HOW = Preparation()


@pytest.fixture(scope="module")
def drawn():
    """A cell whose chromosomes all lie apart: the picture, its truth, and the boxes with the annotators' margin."""
    picture, truth = synth_metaphase(3)
    boxes = tuple(Box(c.label, grow(c.bbox)) for c in truth.chromosomes)
    return picture, truth, Annotation("drawn.png", truth.width, truth.height, boxes)


def grow(bbox):
    return bbox[0] - MARGIN[0], bbox[1] - MARGIN[1], bbox[2] + MARGIN[2], bbox[3] + MARGIN[3]


def annotation(picture, *boxes):
    return Annotation("drawn.png", picture.shape[1], picture.shape[0], boxes)


def samples(picture, truth, seed=0):
    return list(extract_samples(picture, truth, HOW, np.random.default_rng(seed)))


def test_every_box_gets_the_object_that_fills_it(drawn):
    picture, truth, annotated = drawn
    found = find_isolated(picture, annotated)
    assert len(found.whole) >= 0.9 * len(annotated.boxes)
    for box, item in found.whole.items():
        assert np.abs(np.array(item.bbox) - truth.chromosomes[box].bbox).max() <= 4
    assert found.flat.shape == picture.shape
    assert 0.4 <= found.scale <= 2.5
    assert not found.clusters


def test_otsu_alone_finds_no_more_than_all_levels_together(drawn):
    picture, _, annotated = drawn
    alone, together = find_isolated(picture, annotated, [LEVELS.index(0.0)]), find_isolated(picture, annotated)
    assert 0 < len(alone.whole) <= len(together.whole)


def test_whole_chromosomes_bear_the_class_of_their_box(drawn):
    picture, _, annotated = drawn
    whole = [s for s in samples(picture, annotated) if s.label >= 0]
    assert len({s.box for s in whole}) == len(whole) >= 0.9 * len(annotated.boxes)
    assert all(LABELS[s.label] == annotated.boxes[s.box].label for s in whole)


def test_canvases_are_what_the_network_wants(drawn):
    picture, _, annotated = drawn
    for sample in samples(picture, annotated):
        assert sample.canvas.dtype == np.uint8
        assert sample.canvas.shape == (HOW.height, HOW.width)
        assert sample.canvas.any()


def test_samples_are_what_their_seed_makes_them(drawn):
    picture, _, annotated = drawn
    first, again = (samples(picture, annotated, seed=2) for _ in range(2))
    assert [s.label for s in first] == [s.label for s in again]
    assert all(np.array_equal(a.canvas, b.canvas) for a, b in zip(first, again, strict=True))


def test_an_object_over_two_boxes_is_a_cluster_and_no_chromosome(drawn):
    picture, truth, _ = drawn
    left, top, right, bottom = truth.chromosomes[0].bbox
    middle = (top + bottom) / 2
    halves = annotation(picture, Box("1", (left, top, right, middle)), Box("2", (left, middle, right, bottom)))
    found = find_isolated(picture, halves)
    assert not found.whole
    assert len(found.clusters) >= 1
    assert {s.label for s in samples(picture, halves)} == {-1}
    assert {s.box for s in samples(picture, halves)} == {-1}


def test_objects_that_fill_a_part_of_a_box_are_fragments(drawn):
    picture, _, _ = drawn
    height, width = picture.shape
    everything = annotation(picture, Box("1", (0, 0, width, height)))
    found = find_isolated(picture, everything)
    assert not found.whole
    assert not found.clusters
    assert len(found.fragments) >= 46
    assert [s.label for s in samples(picture, everything)] == [-1] * 3


def test_a_box_without_class_teaches_nothing_about_classes(drawn):
    picture, truth, _ = drawn
    unknown = annotation(picture, *(Box(None, grow(c.bbox)) for c in truth.chromosomes))
    assert len(find_isolated(picture, unknown).whole) >= 40
    assert all(s.label == -1 for s in samples(picture, unknown))


def test_a_piece_of_a_chromosome_is_no_chromosome(drawn):
    picture, _, annotated = drawn
    many = [s for seed in range(4) for s in samples(picture, annotated, seed)]
    pieces = [s for s in many if s.label < 0]
    assert pieces
    assert np.median([(s.canvas > 0).sum() for s in pieces]) < np.median([(s.canvas > 0).sum() for s in many if s.label >= 0])


@pytest.mark.parametrize("shape", [(60, 12), (12, 60)], ids=["upright", "lying"])
def test_a_piece_is_one_end_cut_off_across_the_longer_direction(shape):
    rod = Instance(np.ones(shape, bool), 5, 9)
    for seed in range(20):
        piece = cut_across(rod, np.random.default_rng(seed))
        assert 0.2 <= piece.area / rod.area <= 0.85
        left, top, right, bottom = piece.bbox
        assert (right - left, bottom - top)[shape[0] > shape[1]] < 60
        assert min(right - left, bottom - top) == 12 or piece.area < 15 * 12
        ends = piece.mask[0].all(), piece.mask[-1].all(), piece.mask[:, 0].all(), piece.mask[:, -1].all()
        assert sum(ends) == 1


@pytest.mark.parametrize(
    "picture",
    [np.full((300, 300), 240, np.uint8), np.zeros((40, 60), np.uint8), np.full((1, 1), 200, np.uint8)],
    ids=["blank", "black", "one pixel"],
)
def test_an_empty_picture_gives_nothing(picture):
    boxed = annotation(picture, Box("1", (0.0, 0.0, 10.0, 10.0)))
    assert find_isolated(picture, boxed) is None
    assert samples(picture, boxed) == []


def test_a_picture_without_boxes_gives_nothing(drawn):
    picture, _, _ = drawn
    assert find_isolated(picture, annotation(picture)) is None
    assert samples(picture, annotation(picture)) == []

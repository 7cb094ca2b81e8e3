"""Masks that may overlap: how they are compared, and how the labels of a DAPI metaphase become chromosomes."""

import numpy as np

from karyogram.datasets.mfish import chromosomes_of, metaphase_names, read_metaphase, slide_of
from karyogram.files import write_picture
from karyogram.metrics.masks import MaskCounts, count_masks, depth_map, mask_iou
from karyogram.records import Instance


def bar(y, x, h, w):
    return Instance(np.ones((h, w), bool), x, y)


NOTHING = np.zeros((60, 60), bool)


def test_mask_iou_counts_pixels_not_boxes():
    diagonal = Instance(np.eye(10, dtype=bool), 0, 0)
    iou = mask_iou([diagonal, bar(0, 0, 10, 10)], [bar(0, 0, 10, 10), bar(30, 30, 5, 5)])
    assert np.allclose(iou, [[0.1, 0], [1, 0]])


def test_depth_counts_the_masks_on_a_pixel():
    depth = depth_map([bar(0, 10, 40, 8), bar(10, 0, 8, 40)], (60, 60))
    assert depth.max() == 2
    assert (depth == 2).sum() == 64


def test_perfect_masks_score_one():
    truth = [bar(0, 10, 40, 8), bar(10, 0, 8, 40)]
    scores = count_masks(truth, truth, depth_map(truth, (60, 60)) >= 2).scores()
    assert set(scores.values()) == {1.0}


def test_what_is_missing_spurious_or_loose_costs():
    truth = [bar(0, 0, 10, 10), bar(20, 0, 10, 10)]
    loose = bar(0, 0, 10, 15)
    counts = count_masks(truth, [loose, bar(40, 40, 5, 5), bar(50, 50, 5, 5)], NOTHING)
    assert counts == MaskCounts(2, 3, 1, 0, 100 / 150, 0, 0)
    assert counts.scores()["f1_50"] == 0.4
    assert (counts + counts).scores() == counts.scores()


def test_doubtful_truths_neither_help_nor_hurt():
    truth = [bar(0, 0, 10, 10), bar(20, 0, 10, 20)]
    halves = [bar(0, 0, 10, 10), bar(20, 0, 10, 10), bar(20, 10, 10, 10)]
    assert count_masks(truth, halves, NOTHING, [True, False]).scores()["f1_50"] == 1
    assert count_masks(truth, halves, NOTHING).scores()["precision"] < 1


def test_parts_on_both_sides_of_shared_pixels_are_one_chromosome():
    upright, level = NOTHING.copy(), NOTHING.copy()
    upright[5:45, 20:26], level[20:26, 5:45] = True, True
    shared = upright & level
    for whole in (upright, level):
        (found,) = chromosomes_of(whole & ~shared, shared)
        full = NOTHING.copy()
        full[found.window()] = found.mask
        assert np.array_equal(full, whole)


def test_a_labelled_metaphase_is_read_with_its_doubts(tmp_path):
    marks = np.zeros((60, 60), np.uint8)
    marks[5:25, 5:11] = marks[5:25, 40:46] = 1  # two homologues of chromosome 1
    marks[40:50, 5:40] = 2  # one object of chromosome 2: touching homologues
    marks[30:36, 50:58] = 23  # one X
    write_picture(tmp_path / "A0101XY_labels.png", marks)
    write_picture(tmp_path / "A0101XY_dapi.png", marks)
    assert metaphase_names(tmp_path) == ["A0101XY"]
    found = read_metaphase(tmp_path, "A0101XY")
    assert found.labels == [0, 0, 1, 22]
    assert found.sure == [True, True, False, True]
    assert slide_of("A0101XY") == "A01"

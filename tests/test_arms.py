"""Clusters as arms and ways: bars that cross, touch and bend, drawn by hand."""

import cv2
import numpy as np
import pytest

from karyogram.segment.arms import owned_arms, trace_skeleton, trace_ways

SIDE, WIDTH = 160, 13


def bar(*points):
    """A bent bar through points (x, y)."""
    picture = np.zeros((SIDE, SIDE), np.uint8)
    cv2.polylines(picture, [np.array(points, np.int32)], False, 1, WIDTH)
    return picture > 0


def filled(item):
    picture = np.zeros((SIDE, SIDE), bool)
    picture[item.window()] = item.mask
    return picture


def best_iou(ways, truth):
    return max(((filled(way) & truth).sum() / (filled(way) | truth).sum() for way in ways), default=0.0)


def trace(*bars):
    stain = np.logical_or.reduce(bars)
    skeleton = trace_skeleton(stain, WIDTH)
    return skeleton, trace_ways(skeleton, stain)


@pytest.mark.parametrize(
    "bars",
    [
        (bar((80, 20), (80, 140)), bar((20, 80), (140, 80))),
        (bar((30, 30), (130, 130)), bar((130, 40), (30, 120))),
        (bar((80, 20), (80, 140)), bar((20, 60), (80, 75), (140, 60))),
        (bar((50, 15), (50, 145)), bar((110, 15), (110, 145)), bar((15, 80), (145, 80))),
    ],
    ids=["upright cross", "oblique cross", "bent across straight", "one across two"],
)
def test_each_bar_of_a_crossing_is_a_way(bars):
    _, ways = trace(*bars)
    for each in bars:
        assert best_iou(ways, each) > 0.85


def test_what_ends_on_anothers_side_is_a_way_and_so_is_the_other():
    level, upright = bar((15, 60), (145, 60)), bar((80, 72), (80, 145))
    _, ways = trace(level, upright)
    assert best_iou(ways, level) > 0.85
    assert best_iou(ways, upright) > 0.75


def test_no_way_turns_sharply():
    _, ways = trace(bar((80, 20), (80, 140)), bar((20, 80), (140, 80)))
    corner = bar((80, 20), (80, 80), (140, 80))
    assert best_iou(ways, corner) < 0.7


def test_what_lies_alone_has_neither_arms_nor_ways():
    skeleton, ways = trace(bar((30, 30), (130, 60)))
    assert ways == []
    assert skeleton.arms == []
    empty = trace_skeleton(np.zeros((20, 20), bool), WIDTH)
    assert trace_ways(empty, np.zeros((20, 20), bool)) == []


def test_an_arm_belongs_to_the_bar_it_is_part_of():
    one, other = bar((80, 20), (80, 140)), bar((20, 80), (140, 80))
    skeleton, ways = trace(one, other)
    assert len(skeleton.arms) == 4
    right = [max(ways, key=lambda way: (filled(way) & each).sum() - (filled(way) & ~each).sum()) for each in (one, other)]
    owned = owned_arms(skeleton, right)
    assert owned.sum(1).tolist() == [2, 2]
    assert owned.sum(0).tolist() == [1, 1, 1, 1]


def test_turning_the_picture_gives_the_same_ways():
    stain = bar((30, 30), (130, 130)) | bar((130, 40), (30, 120))
    counts = []
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(stain, turns))
        ways = trace_ways(trace_skeleton(turned, WIDTH), turned)
        counts.append(sorted(way.area for way in ways))
    for areas in counts[1:]:
        assert len(areas) == len(counts[0])
        assert np.allclose(areas, counts[0], rtol=0.05)

"""Masks parted and joined by hand: drawn arrays, then invariants on bars at random places."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.errors import EditError
from karyogram.records import Instance
from karyogram.web.edits.masks import cut, enclose, join, part

SIZE = (120, 160)


def draw(*lines, width=15):
    """The mask of lines drawn ``width`` pixels wide."""
    canvas = np.zeros(SIZE, np.uint8)
    for a, b in lines:
        cv2.line(canvas, a, b, 1, width)
    ys, xs = np.nonzero(canvas)
    top, left = ys.min(), xs.min()
    return Instance(canvas[top : ys.max() + 1, left : xs.max() + 1] > 0, int(left), int(top))


def on_picture(item):
    canvas = np.zeros(SIZE, bool)
    canvas[item.window()] = item.mask
    return canvas


def iou(one, other):
    a, b = on_picture(one), on_picture(other)
    return (a & b).sum() / (a | b).sum()


@given(st.integers(40, 120))
def test_a_cut_shares_all_pixels_out(at):
    bar = draw(((20, 60), (140, 60)))
    parts = cut(bar, [[at, 40], [at + 3, 80]])
    assert len(parts) == 2
    assert parts[0].area >= parts[1].area
    assert sum(each.area for each in parts) == bar.area
    assert not parts[0].common(parts[1])
    assert (on_picture(parts[0]) | on_picture(parts[1]) == on_picture(bar)).all()


def test_a_bent_line_may_cut_twice_and_a_short_one_is_prolonged():
    bar = draw(((20, 60), (140, 60)))
    assert len(cut(bar, [[60, 40], [60, 90], [100, 90], [100, 40]])) == 3
    assert len(cut(bar, [[80, 55], [80, 65]])) == 2, "3 pixels short of either edge"
    for line in ([[80, 60], [80, 61]], [[20, 90], [140, 90]], [[14, 40], [14, 80]], [[80, 60], [80, 60]]):
        with pytest.raises(EditError, match="the line does not part the chromosome"):
            cut(bar, line)


def test_joining_bridges_a_gap_as_wide_as_its_sides():
    left, right, far = draw(((20, 60), (60, 60))), draw(((90, 60), (140, 60))), draw(((20, 5), (60, 5)), width=5)
    joined = join([left, right])
    assert iou(joined, draw(((20, 60), (140, 60)))) > 0.95
    assert join([left, left]).area == left.area
    small = draw(((20, 100), (30, 100)), width=5)
    with pytest.raises(EditError, match="too far apart to be one chromosome: 89 pixels"):
        join([small, far])


def test_three_parts_are_joined_whatever_their_order():
    parts = [draw(((20, 60), (50, 60))), draw(((65, 60), (95, 60))), draw(((110, 60), (140, 60)))]
    areas = {join(order).area for order in (parts, parts[::-1], [parts[1], parts[0], parts[2]])}
    assert max(areas) - min(areas) < 10
    assert iou(join(parts), draw(((20, 60), (140, 60)))) > 0.9


def test_two_that_lie_across_each_other_are_both_whole():
    lines = ((30, 20), (130, 100)), ((30, 100), (130, 20))
    found = part([draw(*lines)], [[[32, 22], [128, 98]], [[32, 98], [80, 60], [128, 22]]])
    for each, line in zip(found, lines, strict=True):
        assert iou(each, draw(line)) > 0.85
    assert found[0].common(found[1]) > 100, "the crossing belongs to both"


def test_two_that_touch_share_nothing():
    lines = ((30, 50), (130, 50)), ((30, 65), (130, 65))
    found = part([draw(*lines)], [[[32, 50], [128, 50]], [[32, 65], [128, 65]]])
    assert not found[0].common(found[1])
    assert all(iou(each, draw(line)) > 0.85 for each, line in zip(found, lines, strict=True))


def test_a_stroke_that_ends_at_another_is_no_crossing_that_eats_it():
    lines = ((20, 100), (140, 100)), ((80, 20), (80, 88))
    long, short = part([draw(*lines)], [[[22, 100], [138, 100]], [[80, 22], [80, 86]]])
    assert iou(long, draw(lines[0])) > 0.85
    assert iou(short, draw(lines[1])) > 0.85


def test_strokes_beside_the_cluster_or_upon_each_other_are_refused():
    bar = draw(((20, 60), (140, 60)))
    with pytest.raises(EditError, match="a stroke does not touch"):
        part([bar], [[[30, 60], [130, 60]], [[30, 10], [130, 10]]])
    with pytest.raises(EditError, match="too little is left for stroke 2"):
        part([bar], [[[20, 60], [145, 60]], [[147, 60], [147, 60]]])
    with pytest.raises(EditError, match="two strokes run along the same chromosome"):
        part([bar], [[[20, 60], [140, 60]], [[20, 61], [80, 58], [140, 61]]])


def test_an_outline_may_leave_the_picture_and_cross_itself():
    corner = enclose([[-50, -50], [30, -50], [30, 30], [-50, 30]], SIZE)
    assert corner.bbox == (0, 0, 31, 31)
    assert enclose([[10, 10], [60, 60], [60, 10], [10, 60]], SIZE).area > 500
    with pytest.raises(EditError, match="fewer than 30 pixels"):
        enclose([[500, 500], [600, 500], [600, 600]], SIZE)

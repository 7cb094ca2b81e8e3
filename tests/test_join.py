"""Pieces and joins on hand-drawn maps: two bars that cross, two that touch, one alone."""

import cv2
import numpy as np
import pytest

from karyogram.segment.join import join_pieces
from karyogram.segment.pieces import find_pieces

SIZE = (200, 200)


def bar(start, end, width=14):
    canvas = np.zeros(SIZE, np.uint8)
    cv2.line(canvas, start, end, 1, width)
    return canvas > 0


def maps_of(*masks):
    """Perfect maps (3, H, W) of masks that may overlap, and the flattened picture they would show."""
    depth = np.sum(masks, axis=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    near = np.sum([cv2.dilate(m.astype(np.uint8), kernel) for m in masks], axis=0)
    maps = np.stack([depth >= 1, depth >= 2, (near >= 2) & (depth == 1)]).astype(np.float32)
    return maps, (255 * 0.6 ** depth.astype(float)).astype(np.uint8)


def judge_by_truth(*masks):
    """A judge that knows the truth: the best IoU with any true mask."""

    def judge(items):
        scores = []
        for item in items:
            full = np.zeros(SIZE, bool)
            full[item.window()] = item.mask
            scores.append(max((full & m).sum() / (full | m).sum() for m in masks))
        return np.array(scores)

    return judge


SCENES = {
    "one alone": (bar((40, 40), (150, 60)),),
    "two apart": (bar((30, 30), (30, 150)), bar((120, 30), (120, 150))),
    "two touching": (bar((30, 100), (90, 100)), bar((112, 60), (112, 150))),
    "two crossing": (bar((30, 30), (170, 170)), bar((170, 30), (30, 170))),
    "three in a row": (bar((20, 100), (180, 100)), bar((60, 40), (60, 160)), bar((130, 40), (130, 160))),
    "an end on another": (bar((30, 100), (170, 100)), bar((100, 100), (100, 180))),
}


@pytest.mark.parametrize("name", SCENES)
def test_every_chromosome_is_found_once(name):
    masks = SCENES[name]
    maps, flat = maps_of(*masks)
    mean_area = float(np.mean([m.sum() for m in masks]))
    found = join_pieces(flat, find_pieces(maps), judge_by_truth(*masks), mean_area)
    assert len(found) == len(masks)
    for mask in masks:
        assert judge_by_truth(mask)(found).max() > 0.85


def test_pixels_under_a_crossing_belong_to_both_and_are_parted():
    masks = SCENES["two crossing"]
    maps, flat = maps_of(*masks)
    first, second = join_pieces(flat, find_pieces(maps), judge_by_truth(*masks), float(masks[0].sum()))
    common = np.zeros(SIZE, int)
    for item in (first, second):
        common[item.window()] += item.mask
    assert (common == 2).sum() > 0.8 * (masks[0] & masks[1]).sum()
    stained = first.pixels[first.mask]
    assert abs(int(np.percentile(stained, 5)) - int(np.median(stained))) < 12


def test_nothing_in_nothing_out():
    assert join_pieces(np.full(SIZE, 255, np.uint8), find_pieces(np.zeros((3, *SIZE), np.float32)), None, 1000.0) == []

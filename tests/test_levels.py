"""Thresholds of a metaphase: where a dark nucleus pulls Otsu's between the bands, chromosomes do not fall apart."""

import cv2
import numpy as np
import pytest

from karyogram.segment.levels import OTSU, threshold_levels

WIDTH, LENGTH = 18, 70


def cell(pale, nucleus):
    """Twelve rods with dark bands and ``pale`` ones, below a disc as dark as a nucleus, or none; and where the rods lie."""
    flat = np.full((420, 420), 250, np.uint8)
    rods = np.zeros(flat.shape, bool)
    for k in range(12):
        x, y = 40 + 60 * (k % 6), 200 + 100 * (k // 6)
        rods[y : y + LENGTH, x : x + WIDTH] = True
        flat[y : y + LENGTH, x : x + WIDTH] = np.where(np.arange(LENGTH) % 14 < 6, 95, pale)[:, None]
    if nucleus:
        cv2.circle(flat, (200, 95), 85, 25, -1)
    return cv2.GaussianBlur(flat, (0, 0), 1), rods


@pytest.mark.parametrize(("pale", "nucleus"), [(125, False), (170, True)])
def test_chromosomes_are_whole_whether_or_not_a_nucleus_is_darker(pale, nucleus):
    flat, rods = cell(pale, nucleus)
    otsu, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    assert (otsu < pale - 10) == nucleus, "only with a nucleus do pale bands lie beyond Otsu's threshold"
    levels = threshold_levels(flat)
    assert levels.width == pytest.approx(WIDTH, abs=2.5)
    for number in range(OTSU + 1):
        assert (levels.masks[number] & rods).sum() > 0.9 * rods.sum()
    assert (levels.masks[OTSU] & ~rods).sum() < 0.15 * rods.sum(), "the nucleus is gone"


def test_a_chromosome_that_leans_on_a_nucleus_is_stained_as_a_whole():
    flat, rods = cell(125, False)
    cv2.circle(flat, (200, 125), 85, 110, -1)
    levels = threshold_levels(flat)
    assert (levels.stain[0] & rods).sum() == rods.sum()
    assert (levels.masks[0] & rods).sum() < 0.99 * rods.sum(), "where the nucleus is taken away, so is a part of them"


def test_a_picture_without_contrast_has_no_levels():
    assert threshold_levels(np.full((50, 50), 250, np.uint8)) is None

"""What has a rim unlike the cell's is less surely a chromosome."""

import cv2
import numpy as np
import pytest

from karyogram.records import Instance
from karyogram.segment.rim import ENOUGH, heed_rims, sharpness


@pytest.fixture
def cell():
    """A picture of ``ENOUGH`` soft rods and a crisp one, the last, and their masks."""
    flat = np.full((160, 30 * (ENOUGH + 1) + 20), 250, np.uint8)
    rods = [Instance(np.ones((80, 14), bool), 20 + 30 * number, 40) for number in range(ENOUGH + 1)]
    for rod in rods[:-1]:
        flat[rod.window()] = 110
    flat = cv2.GaussianBlur(flat, (0, 0), 2.5)
    flat[rods[-1].window()] = 110
    return flat, rods


def test_a_crisp_rim_among_soft_ones_is_doubted(cell):
    sharp = sharpness(*cell, 1.0)
    assert sharp[-1] > sharp[:-1].max() + 0.3
    sure = heed_rims(np.full(len(sharp), 0.9), sharp)
    assert sure[-1] < 0.87
    assert sure[:-1] == pytest.approx(0.9, abs=0.02)


def test_where_few_are_likely_nothing_is_doubted(cell):
    sure = np.full(ENOUGH + 1, 0.4)
    assert heed_rims(sure, sharpness(*cell, 1.0)) is sure


def test_no_candidates_have_no_rims():
    assert sharpness(np.full((50, 50), 250, np.uint8), [], 1.0).shape == (0,)

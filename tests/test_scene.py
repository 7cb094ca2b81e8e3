"""A picture is made like a metaphase if many objects with bands lie on a calm ground."""

import numpy as np
import pytest

from karyogram.records import Instance
from karyogram.segment.scene import MANY, bandedness, ground_share, looks_like_metaphase


def scene(number=30, bands=True, noise=2.0):
    """Rods of 40 x 12 pixels in rows of ten, dark on white, with stripes across or without."""
    rng = np.random.default_rng(0)
    flat, rods = np.full((260, 260), 250.0), []
    for k in range(number):
        x, y = 10 + 24 * (k % 10), 10 + 60 * (k // 10)
        stripes = 60 * (np.arange(40) % 12 < 6) if bands else np.zeros(40)
        flat[y : y + 40, x : x + 12] = 100 + stripes[:, None]
        rods.append(Instance(np.ones((40, 12), bool), x, y))
    return np.clip(flat + rng.normal(0, noise, flat.shape), 0, 255).astype(np.uint8), rods


def test_rods_with_bands_on_a_calm_ground_look_like_a_metaphase():
    flat, rods = scene()
    assert ground_share(flat) == pytest.approx(1 - 30 * 480 / flat.size, abs=0.02)
    assert 0.2 < bandedness(flat, rods) < 0.4
    assert looks_like_metaphase(flat, rods)


@pytest.mark.parametrize("lack", [{"number": MANY - 1}, {"bands": False}, {"noise": 30.0}])
def test_few_rods_or_none_with_bands_or_a_ground_of_noise_do_not(lack):
    assert not looks_like_metaphase(*scene(**lack))


def test_objects_as_small_as_stars_do_not():
    flat, rods = scene()
    assert not looks_like_metaphase(flat, [Instance(np.ones((12, 12), bool), rod.x, rod.y) for rod in rods])


def test_masks_too_thin_to_have_an_inside_have_no_bands():
    assert bandedness(np.zeros((9, 9), np.uint8), [Instance(np.ones((2, 9), bool), 0, 0)]) == 0
    assert bandedness(np.zeros((9, 9), np.uint8), []) == 0

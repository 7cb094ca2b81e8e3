"""Chromosomes drawn across each other with known densities."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karyogram.records import Instance
from karyogram.segment.reconstruct import separate

SIZE = 140


def chromosome(angle, seed, middle=(70, 70), length=100, width=15, radius=1e6):
    """The density, float (SIZE, SIZE), of a banded chromosome through ``middle`` (x, y), bent to an arc, soft at its edge."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    turn = np.deg2rad(angle)
    along = np.cos(turn) * (x - middle[0]) + np.sin(turn) * (y - middle[1])
    across = np.cos(turn) * (y - middle[1]) - np.sin(turn) * (x - middle[0])
    along, across = radius * np.arctan2(along, across + radius), np.hypot(along, across + radius) - radius
    heights = np.random.default_rng(seed).uniform(0.1, 0.4, 25)
    bands = np.interp(along, np.linspace(-length / 2, length / 2, 25), heights)
    inside = np.clip(width / 2 - np.abs(across) + 0.5, 0, 1) * np.clip(length / 2 - np.abs(along) + 0.5, 0, 1)
    return cv2.GaussianBlur(bands * inside, (0, 0), 1.2) * (inside > 0)


def picture_of(densities):
    return np.clip(255 * 10 ** -np.sum(densities, axis=0) + 0.5, 0, 255).astype(np.uint8)


def cut(mask):
    ys, xs = np.nonzero(mask)
    y, x = ys.min(), xs.min()
    return Instance(mask[y : ys.max() + 1, x : xs.max() + 1], int(x), int(y))


def instances_of(densities, by=0):
    kernel = np.ones((2 * abs(by) + 1,) * 2)
    change = cv2.dilate if by > 0 else cv2.erode
    return [cut(change((d > 0.02).astype(np.uint8), kernel) > 0) for d in densities]


def density_of(item):
    """The density an instance was given, laid into the whole picture."""
    full = np.zeros((SIZE, SIZE))
    full[item.window()] = -np.log10(np.maximum(item.pixels, 1) / 255)
    return full


def error(found, densities, divisor=None):
    """Mean absolute error in the crossings relative to the mean true density; of an equal split if a divisor is given."""
    shared = np.sum([d > 0.02 for d in densities], axis=0) > 1
    seen = np.sum(densities, axis=0)
    got = [seen / divisor for _ in found] if divisor else [density_of(item) for item in found]
    misses, total = 0.0, 0.0
    for own, true in zip(got, densities, strict=True):
        part = shared & (true > 0.02)
        misses += np.abs(own - true)[part].sum()
        total += true[part].sum()
    return misses / total


@pytest.mark.parametrize("angle", [90, 60, 35])
def test_bands_go_on_through_a_crossing(angle):
    errors, equal, alike = [], [], []
    for seed in range(6):
        densities = [chromosome(20, seed), chromosome(20 + angle, seed + 100)]
        shared = np.all([d > 0.02 for d in densities], axis=0)
        found = separate(picture_of(densities), instances_of(densities))
        errors.append(error(found, densities))
        equal.append(error(found, densities, 2))
        alike += [np.corrcoef(density_of(i)[shared], d[shared])[0, 1] for i, d in zip(found, densities, strict=True)]
    assert np.mean(errors) < 0.7 * np.mean(equal)
    assert np.mean(alike) > 0.9


def test_a_pale_chromosome_on_a_dark_one_stays_pale():
    densities = [chromosome(20, 1), 0.5 * chromosome(110, 2)]
    found = separate(picture_of(densities), instances_of(densities))
    assert error(found, densities) < error(found, densities, 2) / 2


def test_a_bent_chromosome_is_followed():
    alike = []
    for seed in range(6):
        densities = [chromosome(0, seed, (70, 50), 120, radius=40), chromosome(60, seed + 100, (100, 62), 70)]
        shared = np.all([d > 0.02 for d in densities], axis=0)
        found = separate(picture_of(densities), instances_of(densities))
        alike.append(np.corrcoef(density_of(found[0])[shared], densities[0][shared])[0, 1])
    assert np.mean(alike) > 0.94


def test_three_in_one_pixel():
    densities = [chromosome(0, 1), chromosome(60, 2), chromosome(120, 3)]
    found = separate(picture_of(densities), instances_of(densities))
    assert error(found, densities) < 0.2
    seen = -np.log10(picture_of(densities) / 255)
    middle = np.prod([d > 0.02 for d in densities], axis=0) > 0
    assert np.allclose(sum(density_of(item) for item in found)[middle], seen[middle], atol=0.02)


@pytest.mark.parametrize("by", [-2, -1, 1, 2])
def test_masks_a_little_too_wide_or_narrow_do_little_harm(by):
    densities = [chromosome(20, 1), chromosome(100, 2)]
    found = separate(picture_of(densities), instances_of(densities, by))
    shared = np.all([d > 0.02 for d in densities], axis=0) & np.all([density_of(i) > 0 for i in found], axis=0)
    misses = [np.abs(density_of(i) - d)[shared].mean() / d[shared].mean() for i, d in zip(found, densities, strict=True)]
    assert max(misses) < 0.2


@settings(max_examples=30)
@given(st.integers(0, 179), st.integers(0, 10**6), st.tuples(st.integers(50, 90), st.integers(64, 76)))
def test_densities_add_up_to_what_is_seen(angle, seed, middle):
    densities = [chromosome(0, seed), chromosome(angle, seed + 1, middle)]
    flat, items = picture_of(densities), instances_of(densities)
    found = separate(flat, items)
    covered, product = np.zeros((SIZE, SIZE), int), np.ones((SIZE, SIZE))
    for before, after in zip(items, found, strict=True):
        assert after.mask is before.mask
        assert (after.x, after.y) == (before.x, before.y)
        assert (after.pixels >= flat[after.window()])[after.mask].all()
        covered[after.window()] += after.mask
        product[after.window()] *= after.pixels / 255
    assert np.abs(255 * product - flat)[covered > 1].max() <= 1.5


def test_what_lies_free_stays_as_it_is():
    densities = [chromosome(0, 1), chromosome(90, 2)]
    flat = picture_of(densities)
    item = separate(flat, instances_of(densities))[0]
    ends = item.mask & (np.abs(np.arange(item.mask.shape[1]) + item.x - 70) > 15)
    assert np.array_equal(item.pixels[ends], flat[item.window()][ends])
    assert item.pixels.shape == item.mask.shape
    assert item.pixels.dtype == np.uint8


def test_uncrossed_instances_are_returned_as_they_are():
    densities = [chromosome(0, 1, (70, 20)), chromosome(0, 2, (70, 36)), chromosome(90, 3, (70, 95), 60)]
    items = instances_of(densities)
    assert not items[0].common(items[1])
    assert all(a is b for a, b in zip(separate(picture_of(densities), items), items, strict=True))
    assert separate(picture_of(densities), []) == []


def test_turning_the_picture_turns_the_answer():
    densities = [chromosome(10, 1), chromosome(80, 2)]
    plain = separate(picture_of(densities), instances_of(densities))
    turned = [np.rot90(d) for d in densities]
    again = separate(picture_of(turned), instances_of(turned))
    for a, b in zip(plain, again, strict=True):
        assert np.abs(np.rot90(a.pixels).astype(int) - b.pixels).max() <= 1


def test_a_chromosome_wholly_under_another_gets_its_part():
    densities = [chromosome(0, 1, width=30), chromosome(90, 2, length=20, width=10)]
    found = separate(picture_of(densities), instances_of(densities))
    inner = densities[1] > 0.05
    assert 0.3 < density_of(found[1])[inner].mean() / densities[1][inner].mean() < 1.7


def test_masks_at_the_edge_of_the_picture_and_of_one_pixel():
    flat = np.full((20, 20), 100, np.uint8)
    items = [
        Instance(np.ones((20, 6), bool), 0, 0),
        Instance(np.ones((6, 20), bool), 0, 0),
        Instance(np.ones((1, 1), bool), 3, 3),
    ]
    for item in separate(flat, items):
        assert (item.pixels >= 100).all()


def test_black_pixels_do_no_harm():
    densities = [chromosome(0, 1), chromosome(90, 2)]
    flat = picture_of(densities)
    flat[68:72, 68:72] = 0
    for item in separate(flat, instances_of(densities)):
        assert np.isfinite(density_of(item)).all()
        assert item.pixels[item.mask].min() > 0

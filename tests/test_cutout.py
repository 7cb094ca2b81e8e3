import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bars import CELL, WIDTH, corners, lying_bar, upright_bar
from karyogram.shape.cutout import cut_out, upright_extent


def expected(length, margin=2):
    left, top, right, bottom = corners(length)
    return upright_bar(length)[top - margin : bottom + 1 + margin, left - margin : right + 1 + margin]


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("angle", [0, 37, 90, 180, -45])
def test_cut_out_recovers_the_upright_bar(angle, flipped):
    picture, outline = lying_bar(60, angle, flipped)
    image, mask = cut_out(picture, outline, angle, flipped)
    truth = expected(60)
    assert image.dtype == np.uint8
    assert mask.dtype == bool
    assert image.shape == mask.shape == truth.shape
    inner = (slice(5, -5), slice(5, -5))
    assert np.abs(image[inner].astype(int) - truth[inner]).mean() < 4
    assert (mask == (truth < 255)).mean() > 0.93


def test_an_upright_bar_is_cut_without_any_interpolation():
    picture, outline = lying_bar(60, 0, False)
    image, mask = cut_out(picture, outline, 0, False)
    truth = expected(60)
    assert (mask == (truth < 255)).all()
    inner = (slice(5, -5), slice(5, -5))
    assert (image[inner] == truth[inner]).all()


def test_flipped_turns_it_round():
    picture, outline = lying_bar(60, 30, False)
    one, _ = cut_out(picture, outline, 30, False)
    other, _ = cut_out(picture, outline, 30, True)
    assert np.abs(one.astype(int) - other[::-1, ::-1]).max() <= 2
    assert one[:20].mean() + 40 < other[:20].mean()


def test_outside_the_outline_is_white_even_where_the_picture_is_black():
    picture = np.zeros((CELL, CELL), np.uint8)
    _, outline = lying_bar(60, 25, False)
    image, mask = cut_out(picture, outline, 25, False, scale=2, margin=9)
    assert image[mask].max() < 130
    assert (image[:2] == 255).all()
    assert (image[:, :2] == 255).all()


def test_the_cut_is_feathered():
    picture = np.zeros((CELL, CELL), np.uint8)
    _, outline = lying_bar(60, 25, False)
    image, _ = cut_out(picture, outline, 25, False, scale=3)
    row = image[image.shape[0] // 2].astype(int)
    assert np.abs(np.diff(row)).max() < 160
    assert row.min() == 0


@settings(max_examples=40, deadline=None)
@given(
    angle=st.floats(-90, 90),
    flipped=st.booleans(),
    length=st.integers(20, 100),
    scale=st.sampled_from([0.5, 1.0, 1.7, 2.0, 3.0]),
)
def test_size_and_direction_hold_at_any_angle_and_scale(angle, flipped, length, scale):
    picture, outline = lying_bar(length, angle, flipped)
    image, mask = cut_out(picture, outline, angle, flipped, scale=scale, margin=3)
    assert abs(image.shape[0] - (length * scale + 6)) <= 1
    assert abs(image.shape[1] - (WIDTH * scale + 6)) <= 1
    quarter = image.shape[0] // 4
    assert image[:quarter][mask[:quarter]].mean() + 20 < image[-quarter:][mask[-quarter:]].mean()


@pytest.mark.parametrize("shift", [(-CELL // 2, 0), (0, CELL // 2), (-60, -60), (-CELL, 0), (0, 3 * CELL)])
def test_an_outline_that_leaves_the_picture_shows_white_there(shift):
    picture, outline = lying_bar(60, 20, False)
    image, mask = cut_out(picture, outline + shift, 20, False)
    assert image.shape == cut_out(picture, outline, 20, False)[0].shape
    assert mask.any()
    outside = (outline + shift < 0).any(1).all() or (outline + shift >= CELL).any(1).all()
    assert not outside or (image == 255).all()


def test_an_outline_along_the_border_is_cut_whole():
    picture = np.full((40, 30), 90, np.uint8)
    image, mask = cut_out(picture, [[0, 0], [29, 0], [29, 39], [0, 39]], 0, False)
    assert mask.sum() == picture.size
    assert (image[4:-4, 4:-4] == 90).all()


def test_a_single_point_is_one_pixel():
    image, mask = cut_out(np.zeros((9, 9), np.uint8), [[4, 4]], 0, False, margin=2)
    assert image.shape == (5, 5)
    assert image[2, 2] < 255
    assert mask.sum() <= 1


def test_extent_counts_the_outline_pixels():
    assert upright_extent([[0, 0], [9, 0], [9, 29], [0, 29]], 0) == (30, 10)
    height, width = upright_extent([[0, 0], [9, 0], [9, 29], [0, 29]], 90)
    assert (round(height), round(width)) == (10, 30)

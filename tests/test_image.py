"""Ground, background, noise, contrast, cropping: picture in, picture out."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from karyogram.files import read_picture
from karyogram.image.background import flatten
from karyogram.image.contrast import DARKEST, stretch_contrast
from karyogram.image.crop import crop_to_stain, fit_square
from karyogram.image.denoise import denoise
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.segment.stages import clean_crop

PICTURES = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24))


def drawn_chromosome(height=56, width=30, seed=0):
    """A banded bar with round ends that is palest at its rim, dark on white, and its mask."""
    depth = np.zeros((height, width), np.uint8)
    cv2.line(depth, (width // 2, 12), (width // 2, height - 13), 1, 15)
    mask = depth > 0
    thickness = np.sqrt(np.clip(cv2.distanceTransform(depth, cv2.DIST_L2, 5) / 8, 0, 1))
    bands = 0.6 + 0.4 * np.sin(np.arange(height) / 2.6 + seed)[:, None]
    stain = cv2.GaussianBlur((200 * thickness * bands).astype(np.float32), (0, 0), 0.8)
    return np.clip(250 - stain, 0, 255).astype(np.uint8), mask


def fluorescent_blob(side=60):
    stain = np.zeros((side, side), np.float32)
    cv2.line(stain, (20, 12), (40, side - 14), 255, 11)
    return cv2.GaussianBlur(stain, (0, 0), 2).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_dark_on_white_has_a_white_ground(seed):
    picture, _ = drawn_chromosome(seed=seed)
    assert find_ground(picture) == "white"
    assert to_dark_on_white(picture, "white") is picture


@pytest.mark.parametrize("enlarged", [1, 2, 4])
@pytest.mark.parametrize("seed", range(4))
def test_a_chromosome_set_on_black_is_a_cut_out(seed, enlarged):
    picture, mask = drawn_chromosome(seed=seed)
    cut = cv2.resize(np.where(mask, picture, 0).astype(np.uint8), None, fx=enlarged, fy=enlarged)
    assert find_ground(cut) == "cut-out"
    plain = to_dark_on_white(cut, "cut-out")
    inside = cv2.resize(mask.astype(np.uint8), None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_NEAREST) > 0
    assert plain[0].min() == 255
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert (plain[core] == cut[core]).all()


def test_a_cut_out_that_fills_its_square_is_still_one():
    picture, mask = drawn_chromosome(height=30, width=30)
    square = fit_square(picture, mask, 224)
    assert np.median(square) > 0
    assert find_ground(square) == "cut-out"


def test_a_black_frame_painted_around_a_photograph_becomes_white():
    picture, _ = drawn_chromosome()
    framed = np.pad(picture, 6)
    assert find_ground(framed) == "cut-out"
    assert (to_dark_on_white(framed, "cut-out")[:6] == 255).all()


@pytest.mark.parametrize("painted", [False, True])
def test_a_fluorescent_chromosome_lies_on_black(painted):
    picture = fluorescent_blob()
    if painted:
        picture = np.where(picture > 60, picture, 0).astype(np.uint8)
    assert find_ground(picture) == "black"
    assert (to_dark_on_white(picture, "black") == 255 - picture).all()


@given(PICTURES)
def test_any_picture_has_a_ground_and_keeps_its_shape(picture):
    plain = to_dark_on_white(picture, find_ground(picture))
    assert plain.shape == picture.shape
    assert plain.dtype == np.uint8


@pytest.mark.data
@pytest.mark.parametrize(
    ("pattern", "ground"),
    [("mfish/*_dapi.png", "black"), ("tseng2023/images/*", "white"), ("cirnet/*/*.tiff", "white")],
)
def test_the_ground_of_real_pictures(data_folder, pattern, ground):
    paths = sorted(data_folder.glob(pattern))
    for path in paths[:: len(paths) // 30]:
        assert find_ground(read_picture(path).pixels) == ground, path


@pytest.mark.data
def test_what_preprocessing_writes_is_read_back_as_a_cut_out(data_folder):
    paths = sorted(data_folder.glob("cirnet/*/*.tiff"))
    for path in paths[:: len(paths) // 30]:
        stages, mask = clean_crop(read_picture(path).pixels)
        for size in (64, 224):
            assert find_ground(fit_square(stages["contrast"], mask, size)) == "cut-out", path


def test_uneven_light_is_taken_off():
    light = np.linspace(205, 250, 400)[None, :] * np.linspace(0.9, 1, 300)[:, None]
    stain = np.ones((300, 400))
    stain[100:160, 50:62] = stain[100:160, 320:332] = 0.5
    flat = flatten((light * stain).astype(np.uint8)).astype(int)
    assert flat[stain == 1].min() >= 230, "the darkest ground was 188 of 255"
    left, right = flat[105:155, 52:60].mean(), flat[105:155, 322:330].mean()
    assert abs(left - right) < 6
    assert abs(left - 127) < 8


@given(PICTURES)
def test_flattening_takes_any_size(picture):
    assert flatten(picture).shape == picture.shape


def test_specks_and_noise_go_and_bands_stay():
    clean, _ = drawn_chromosome()
    rng = np.random.default_rng(0)
    noisy = np.clip(clean + rng.normal(0, 6, clean.shape), 0, 255).astype(np.uint8)
    noisy[5, 5], noisy[30, 20] = 0, 255
    calm = denoise(noisy).astype(int)
    assert calm[5, 5] > 230
    assert np.abs(calm - clean).mean() < 0.8 * np.abs(noisy.astype(int) - clean).mean()
    profile, expected = calm[12:44, 15], clean[12:44, 15].astype(int)
    assert np.corrcoef(profile, expected)[0, 1] > 0.97
    assert np.ptp(profile) > 0.85 * np.ptp(expected)


@given(PICTURES)
def test_denoising_keeps_shape_and_range(picture):
    calm = denoise(picture)
    assert calm.shape == picture.shape
    assert calm.min() >= picture.min()
    assert calm.max() <= picture.max()


def test_contrast_reaches_both_ends():
    picture = np.linspace(90, 170, 1000).astype(np.uint8).reshape(20, 50)
    stretched = stretch_contrast(picture)
    assert (stretched.min(), stretched.max()) == (DARKEST, 255)


@given(PICTURES)
def test_contrast_keeps_the_order_of_grey_levels(picture):
    stretched = stretch_contrast(picture).ravel()[np.argsort(picture, axis=None, kind="stable")]
    assert (np.diff(stretched.astype(int)) >= 0).all()


def test_a_flat_picture_has_no_contrast_to_stretch():
    flat = np.full((4, 5), 90, np.uint8)
    assert (stretch_contrast(flat) == flat).all()


def test_cropping_is_tight_and_the_margin_ends_at_the_picture():
    picture = np.arange(80, dtype=np.uint8).reshape(8, 10)
    stained = np.zeros((8, 10), bool)
    stained[2:4, 5:9] = True
    assert crop_to_stain(picture, stained).tolist() == [[25, 26, 27, 28], [35, 36, 37, 38]]
    assert crop_to_stain(picture, stained, 2).shape == (6, 7)
    assert crop_to_stain(picture, np.zeros((8, 10), bool)).shape == (8, 10)


@pytest.mark.parametrize("size", [8, 50, 224])
def test_a_chromosome_fills_its_square_and_keeps_its_form(size):
    picture, mask = drawn_chromosome()
    square = fit_square(picture, mask, size)
    rows, columns = np.nonzero(square.any(1))[0], np.nonzero(square.any(0))[0]
    assert square.shape == (size, size)
    assert np.ptp(rows) + 1 >= size - 1
    high, wide = np.ptp(np.nonzero(mask.any(1))[0]) + 1, np.ptp(np.nonzero(mask.any(0))[0]) + 1
    assert abs((np.ptp(columns) + 1) - size * wide / high) <= 2
    assert abs(columns[0] + columns[-1] - (size - 1)) <= 1


def test_the_ground_does_not_mix_into_the_edge_of_an_enlarged_chromosome():
    mask = np.zeros((9, 9), bool)
    mask[2:7, 3:6] = True
    square = fit_square(np.full((9, 9), 100, np.uint8), mask, 90)
    assert set(np.unique(square)) == {0, 100}

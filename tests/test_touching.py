"""Objects of a mask, chromosomes that touch, and the chain from crop to chromosome."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from karyogram.errors import PictureError
from karyogram.records import Instance
from karyogram.segment.foreground import threshold_foreground
from karyogram.segment.objects import (
    connected_components,
    drop_debris,
    drop_fragments,
    fill_holes,
    largest_component,
    remove_nuclei,
    stroke_width,
)
from karyogram.segment.stages import clean_crop, most_central
from karyogram.segment.touching import erode_apart, watershed_split

WIDTH = 12
MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))
STAGES = ["original", "cropped", "denoised", "contrast", "largest component", "eroded", "watershed", "mask result"]


def bars(*ends, shape=(100, 100), width=WIDTH):
    """Bars with round ends around segments (x, y, x, y): all pixels within half a width."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    mask = np.zeros(shape, bool)
    for x0, y0, x1, y1 in ends:
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1), 0, 1)
        mask |= np.hypot(x - x0 - along * dx, y - y0 - along * dy) <= width / 2
    return mask


def test_components_are_cropped_with_holes_filled():
    mask = np.zeros((20, 20), bool)
    mask[2:8, 3:10] = True
    mask[4, 5] = False
    mask[15:17, 15:17] = True
    first, second = connected_components(mask)
    assert (first.bbox, first.area) == ((3, 2, 10, 8), 42)
    assert (second.bbox, second.area) == ((15, 15, 17, 17), 4)
    assert [item.area for item in connected_components(mask, least_area=5)] == [42]


def test_corners_connect():
    assert len(connected_components(np.eye(5, dtype=bool))) == 1


@given(MASKS)
def test_components_cover_the_mask_and_the_largest_is_one_of_them(mask):
    covered = np.zeros(mask.shape, bool)
    for item in connected_components(mask):
        covered[item.window()] |= item.mask
    assert (covered >= mask).all()
    largest = largest_component(mask)
    assert (largest <= mask).all()
    assert largest.any() == mask.any()
    assert (fill_holes(mask) >= mask).all()


@pytest.mark.parametrize("width", [9, 13, 21])
@pytest.mark.parametrize("ends", [(20, 20, 20, 80), (20, 20, 80, 30), (20, 80, 75, 25)])
def test_the_stroke_width_is_that_of_the_bar(width, ends):
    assert stroke_width(bars(ends, width=width)) == pytest.approx(width, abs=2)


def test_nothing_has_no_stroke_width():
    assert stroke_width(np.zeros((9, 9), bool)) == 0


def test_nuclei_go_and_chromosomes_stay():
    chromosomes = bars((30, 30, 30, 90), (200, 40, 260, 60), shape=(300, 300))
    nucleus = cv2.circle(np.zeros((300, 300), np.uint8), (180, 200), 40, 1, -1) > 0
    assert (remove_nuclei(chromosomes | nucleus, WIDTH) == chromosomes).all()
    assert remove_nuclei(chromosomes, WIDTH) is chromosomes


def test_debris_is_small_thin_or_pale():
    flat = np.full((100, 100), 255, np.uint8)
    shapes = [
        bars((20, 20, 20, 70)),
        bars((50, 20, 50, 70)),
        bars((70, 50, 70, 52), width=3),
        bars((5, 90, 90, 90), width=2),
    ]
    pale = bars((80, 20, 80, 70))
    for shape in shapes:
        flat[shape] = 80
    flat[pale] = 230
    kept = drop_debris([Instance(shape, 0, 0) for shape in [*shapes, pale]], flat, WIDTH)
    assert [item.mask is shape for item, shape in zip(kept, shapes[:2], strict=True)] == [True, True]
    assert drop_debris([], flat, WIDTH) == []


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("gap", [9, 10, 11])
def test_two_that_touch_are_parted_at_the_neck(gap):
    one, two = bars((30, 10, 30, 80)), bars((32 + gap, 88, 85, 40))
    touching = one | two | bars((30, 78, 32 + gap, 88), width=4)
    parts = watershed_split(touching, WIDTH)
    assert len(parts) == 2
    for part, whole in zip(sorted(parts, key=lambda p: np.nonzero(p)[1].mean()), (one, two), strict=True):
        assert overlap(part, whole) > 0.85


def test_three_in_a_row_are_parted_though_their_necks_differ():
    chain = bars((12, 15, 12, 45), (50, 15, 50, 45), (88, 15, 88, 45), shape=(60, 100))
    chain |= bars((12, 30, 50, 30), shape=(60, 100), width=2) | bars((50, 30, 88, 30), shape=(60, 100), width=5)
    assert len(erode_apart(chain, WIDTH)) == 3
    assert len(watershed_split(chain, WIDTH)) == 3


@pytest.mark.parametrize("ends", [[(20, 15, 20, 85)], [(15, 15, 50, 80), (50, 80, 85, 15)], [(50, 50, 50, 52)]])
def test_one_chromosome_straight_bent_or_short_stays_whole(ends):
    mask = bars(*ends)
    (part,) = watershed_split(mask, WIDTH)
    assert (part == mask).all()


def test_a_centromere_is_no_neck():
    mask = bars((30, 15, 30, 45), (30, 60, 30, 85)) | bars((30, 40, 30, 60), width=9)
    assert len(watershed_split(mask, WIDTH)) == 1


def test_an_empty_mask_has_no_parts():
    assert erode_apart(np.zeros((5, 5), bool), WIDTH) == []
    assert watershed_split(np.zeros((5, 5), bool), WIDTH) == []


ENDS = st.tuples(*[st.integers(8, 90)] * 4)


@settings(deadline=None)
@given(st.lists(ENDS, min_size=1, max_size=4))
def test_parts_share_no_pixel_and_make_up_the_object(ends):
    mask = largest_component(bars(*ends))
    parts = watershed_split(mask, WIDTH)
    assert (np.sum(parts, axis=0) == mask).all()
    assert len(parts) == len(erode_apart(mask, WIDTH))


@settings(deadline=None, max_examples=30)
@given(st.lists(ENDS, min_size=1, max_size=4))
def test_turning_the_mask_turns_the_parts(ends):
    mask = largest_component(bars(*ends))
    turned = watershed_split(np.rot90(mask), WIDTH)
    assert len(turned) == len(watershed_split(mask, WIDTH))


def test_the_most_central_part_wins_over_a_larger_one_at_the_edge():
    edge, middle = bars((5, 5, 5, 95), width=14), bars((40, 50, 60, 50), width=14)
    assert edge.sum() > middle.sum()
    assert most_central([edge, middle]) is middle


def banded(mask, ground=245):
    bands = 110 + 60 * np.sin(np.arange(mask.shape[0]) / 3)[:, None]
    picture = cv2.GaussianBlur(np.where(mask, bands, ground).astype(np.float32), (0, 0), 1)
    return (picture + np.random.default_rng(0).normal(0, 2, mask.shape)).clip(0, 255).astype(np.uint8)


def test_the_chain_finds_the_chromosome_between_its_neighbours():
    target = bars((30, 14, 36, 86), shape=(100, 64), width=13)
    neighbours = bars((62, 0, 62, 30), (0, 96, 12, 99), shape=(100, 64), width=10)
    touching = bars((44, 60, 63, 60), shape=(100, 64), width=5) | bars((63, 52, 63, 70), shape=(100, 64), width=16)
    picture = banded(target | neighbours | touching)
    stages, mask = clean_crop(picture)
    assert list(stages) == STAGES
    assert stages["original"] is picture
    assert stages["cropped"].shape == picture.shape
    assert mask.shape == stages["mask result"].shape
    assert ((stages["mask result"] > 0) == mask).all()
    assert overlap(mask, target) > 0.8
    assert (mask & neighbours).sum() == 0


@pytest.mark.parametrize("ground", ["white", "black", "cut-out"])
def test_the_chain_finds_the_same_on_any_ground(ground):
    target = bars((30, 16, 30, 60), shape=(76, 60), width=15)
    thickness = np.sqrt(np.clip(cv2.distanceTransform(target.astype(np.uint8), cv2.DIST_L2, 5) / 6, 0, 1))
    stain = thickness * (140 + 60 * np.sin(np.arange(76) / 3)[:, None])
    stain = cv2.GaussianBlur(stain.astype(np.float32), (0, 0), 1).astype(np.uint8)
    picture = {"white": 250 - stain, "black": stain, "cut-out": np.where(target, 250 - stain, 0).astype(np.uint8)}[ground]
    stages, mask = clean_crop(picture)
    cropped = stages["cropped"]
    assert cropped.shape == mask.shape
    assert cropped[mask].mean() < cropped[~mask].mean() - 60, "dark on white, whatever it was"
    whole = Instance(target, 0, 0).bbox
    found = Instance(mask, 0, 0).bbox
    assert abs((found[2] - found[0]) - (whole[2] - whole[0])) <= 3
    assert abs((found[3] - found[1]) - (whole[3] - whole[1])) <= 3


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_crop_is_refused(level):
    with pytest.raises(PictureError, match="no chromosome stands out"):
        clean_crop(np.full((40, 30), level, np.uint8))


@settings(deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)))
def test_any_crop_gives_a_chromosome_or_a_picture_error(picture):
    try:
        stages, mask = clean_crop(picture)
    except PictureError:
        return
    assert mask.any()
    assert mask.shape == stages["contrast"].shape


def test_a_pale_chromosome_is_not_reduced_to_its_dark_band():
    target = bars((20, 14, 20, 46), shape=(60, 40), width=15)
    picture = np.where(target, 205, 255)
    picture[26:33][target[26:33]] = 70
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1).astype(np.uint8)
    assert threshold_foreground(picture).sum() < 0.4 * target.sum(), "Otsu's threshold finds the band only"
    _, mask = clean_crop(picture)
    assert 0.8 * target.sum() < mask.sum() < 1.1 * target.sum()


def test_small_and_unlikely_objects_are_left_out():
    def item(area, score):
        return Instance(np.ones((1, area), bool), 0, 0, score)

    kept = drop_fragments([item(100, 0.9), item(100, 0.1), item(30, 0.9), item(30, 0.1)], mean_area=100.0)
    assert [(i.area, i.score) for i in kept] == [(100, 0.9), (100, 0.1), (30, 0.9)]

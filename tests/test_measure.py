"""Length and centromere of a chromosome as it lies, and in the karyotype of a cell."""

import cv2
import numpy as np
import pytest

from karyogram.bands import centromere
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.files import Picture
from karyogram.karyotype.describe import describe
from karyogram.labels import INDEX
from karyogram.records import Instance
from karyogram.shape.centromere import short_arm_up
from karyogram.shape.measure import measure
from karyogram.shape.pose import outline, upright_angle

LENGTH, WIDTH = 90, 15


def lying_bar(waist, turn, waist_depth=0.35):
    """A bar with a waist at ``waist`` of its length from the upper end, turned counter-clockwise by ``turn`` degrees."""
    along = np.clip((np.arange(LENGTH) + 0.5) / LENGTH, 0, 1)
    half = WIDTH / 2 * (1 - waist_depth * np.exp(-(((along - waist) * LENGTH / 4) ** 2)))
    mask = np.zeros((160, 160), np.uint8)
    for row, breadth in enumerate(half, start=80 - LENGTH // 2):
        mask[row, round(80 - breadth) : round(80 + breadth) + 1] = 1
    turned = cv2.warpAffine(mask * 255, cv2.getRotationMatrix2D((80, 80), turn, 1), (160, 160)) > 127
    return np.where(turned, 90, 255).astype(np.uint8), turned


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("angle", [-80, -35, 0, 20, 60, 90])
def test_the_centromere_counts_from_the_short_arm_however_the_chromosome_lies(angle, flipped):
    picture, mask = lying_bar(0.3, -(angle + 180 * flipped))
    length, place, _ = measure(picture, mask, angle, flipped)
    assert length == pytest.approx(LENGTH, abs=2)
    assert place == pytest.approx(0.3, abs=0.03)


def test_a_short_arm_that_would_be_the_longer_one_gives_no_centromere():
    picture, mask = lying_bar(0.3, 0)
    assert measure(picture, mask, 0, True).centromere is None
    assert measure(*lying_bar(0.52, 0), 0, False).centromere == pytest.approx(0.52, abs=0.03), "nearly alike is not wrong"


def test_the_length_follows_a_bend():
    mask = cv2.ellipse(np.zeros((120, 120), np.uint8), (60, 90), (50, 50), 0, 180, 360, 1, 13).astype(bool)
    length, *_ = measure(np.where(mask, 90, 255).astype(np.uint8), mask, 0, False)
    assert length == pytest.approx(np.pi * 50 + 13, rel=0.05)


def test_the_shorter_arm_is_turned_up_unless_both_are_alike():
    for waist, expected in ((0.3, 0.3), (0.7, 0.3), (0.52, 0.52)):
        strip, mask = lying_bar(waist, 0)
        window = slice(80 - LENGTH // 2, 80 + LENGTH // 2), slice(60, 100)
        turned, turned_mask, place = short_arm_up(strip[window], mask[window])
        assert place == pytest.approx(expected, abs=0.03)
        assert (turned[~turned_mask] == 255).all()
        assert (turned == strip[window]).all() == (waist != 0.7)


def rods_in_a_row(labels):
    """Drawn chromosomes side by side: picture, instances, and {label: (length along its axis, whether it is short arm up)}."""
    rods = [draw_chromosome(label, np.random.default_rng(n), bend=0.7, angle=50.0 * n) for n, label in enumerate(labels)]
    height, width = np.max([rod.mask.shape for rod in rods], axis=0)
    picture = np.full((height, width * len(rods)), 255, np.uint8)
    instances, truth = [], {}
    for n, (label, rod) in enumerate(zip(labels, rods, strict=True)):
        instances.append(Instance(rod.mask, int(n * width), 0))
        picture[instances[-1].window()] = np.rint(255 * np.exp(-rod.density))
        angle, _ = upright_angle(outline(instances[-1]))
        down = (cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)[:, :2] @ (rod.axis[-1] - rod.axis[0]))[1] > 0
        truth[label] = float(np.hypot(*np.diff(rod.axis, axis=0).T).sum()), bool(down)
    return picture, instances, truth


def test_a_karyotype_tells_lengths_and_centromeres():
    labels = ("1", "2", "4", "6", "9", "12", "16", "18", "X")
    picture, instances, truth = rods_in_a_row(labels)
    classes = np.array([INDEX[label] for label in labels])
    up = np.array([float(truth[label][1]) for label in labels])
    found = describe("drawn", Picture(picture), instances, np.eye(24)[classes], up, classes, {}).chromosomes
    assert [c.label for c in found] == list(labels)
    assert [c.length_px for c in found] == pytest.approx([truth[label][0] for label in labels], rel=0.08)
    errors = [abs(c.centromere - centromere(c.label)) for c in found if c.centromere is not None]
    assert len(errors) >= len(labels) - 1
    assert np.median(errors) < 0.05


def test_under_a_crossing_the_pixels_of_the_instance_count():
    picture, mask = lying_bar(0.3, 0, waist_depth=0.0)
    rows = np.nonzero(mask.any(1))[0]
    crossed, own = picture.copy(), picture.copy()
    for pixels, place in ((crossed, 0.45), (own, 0.3)):
        start = rows[0] + round(place * len(rows))
        pixels[start - 2 : start + 2, mask.any(0)] = 0
    opinion = np.eye(24)[[0]], np.ones(1), np.zeros(1, int)
    for pixels, place in ((None, 0.45), (own, 0.3)):
        (found,) = describe("", Picture(crossed), [Instance(mask, 0, 0, pixels=pixels)], *opinion, {}).chromosomes
        assert found.centromere == pytest.approx(place, abs=0.03)


def test_the_profile_runs_from_the_short_arm_however_the_chromosome_lies():
    picture, mask = lying_bar(0.3, 0)
    rows, _ = np.nonzero(mask)
    dark = picture.copy()
    dark[rows.min() : rows.min() + (np.ptp(rows) + 1) // 4][mask[rows.min() : rows.min() + (np.ptp(rows) + 1) // 4]] = 20
    for flipped in (False, True):
        profile = measure(dark, mask, 0, flipped).profile
        assert np.isclose(profile.mean(), 0, atol=1e-6)
        first, last = profile[2:12].mean(), profile[-12:-2].mean()
        assert (first < last) == flipped

"""Straightening: known bends come out straight, bands stay, the centromere is found; and `karyogram straighten`."""

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from karyogram.bands import centromere
from karyogram.cli import main
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.draw.straightening import GAP, HEIGHT, LINE, draw_straightening
from karyogram.files import read_picture, write_picture, write_text
from karyogram.segment.single import find_single
from karyogram.shape.axis import medial_axis
from karyogram.shape.centromere import arm_ratio, band_profile, find_centromere, width_profile
from karyogram.shape.straighten import straighten

WIDTH, LENGTH = 16, 130

#: Bends by name: the heading in radians along the bar, 0..1.
BENDS = {
    "straight": lambda s: 0 * s,
    "oblique": lambda s: 0 * s + 0.6,
    "arc": lambda s: 1.6 * (s - 0.5),
    "U": lambda s: np.pi * (s - 0.5),
    "S": lambda s: 0.9 * np.sin(2 * np.pi * s),
    "hook": lambda s: 1.7 / (1 + np.exp(-(s - 0.75) * 20)),
    "end hook": lambda s: 1.5 / (1 + np.exp(-(s - 0.85) * 30)),
    "fold": lambda s: 1.5 * np.tanh((s - 0.5) * 7),
}


def bent_bar(bend, width=WIDTH, length=LENGTH, waist=None):
    """A banded bar with round ends along a curve: picture, mask and the curve, which starts at the bar's first end."""
    along = np.linspace(0, 1, length * 8)
    heading = bend(along)
    curve = np.cumsum(np.stack([np.sin(heading), np.cos(heading)], 1), axis=0) / 8
    curve += width - np.floor(curve.min(0))
    columns, rows = np.ceil(curve.max(0)).astype(int) + width
    pixels = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1)
    distance, nearest = cKDTree(curve).query(pixels)
    to_end = np.minimum(along, 1 - along) * length
    half = width / 2 * np.sqrt(1 - (1 - np.clip(to_end / (0.4 * width), 0, 1)) ** 2)
    if waist is not None:
        half = half * (1 - 0.3 * np.exp(-(((along - waist) * length / (0.2 * width)) ** 2)))
    half[[0, -1]] = -1
    mask = distance < half[nearest]
    grey = np.interp(along, np.linspace(0, 1, 14), np.random.default_rng(3).permutation(np.linspace(60, 190, 14)))
    return np.where(mask, grey[nearest], 255).astype(np.uint8), mask, curve


def evenly(profile, points=200):
    return np.interp(np.linspace(0, 1, points), np.linspace(0, 1, len(profile)), profile)


def bands_of(picture, mask):
    return evenly(band_profile(*straighten(picture, mask))[2:-2])


@pytest.mark.parametrize("name", BENDS)
def test_bands_survive_straightening(name):
    expected = bands_of(*bent_bar(BENDS["straight"])[:2])
    found = bands_of(*bent_bar(BENDS[name])[:2])
    assert max(np.corrcoef(expected, way)[0, 1] for way in (found, found[::-1])) >= 0.98


@pytest.mark.parametrize("width", [10, WIDTH])
@pytest.mark.parametrize("name", BENDS)
def test_the_axis_has_the_true_length_and_place(name, width):
    _, mask, curve = bent_bar(BENDS[name], width)
    axis = medial_axis(mask)
    assert axis.dtype == np.float32
    assert len(axis) == pytest.approx(LENGTH, rel=0.03)
    assert np.hypot(*np.diff(axis, axis=0).T) == pytest.approx(1, abs=0.06)
    assert tuple(axis[0][::-1]) <= tuple(axis[-1][::-1]), "the upper end comes first"
    distance = cKDTree(curve).query(axis)[0]
    assert distance.mean() < 0.05 * width
    assert distance.max() < 0.25 * width


@pytest.mark.parametrize("name", BENDS)
def test_a_strip_is_a_straight_bar(name):
    _, mask, _ = bent_bar(BENDS[name])
    strip, strip_mask = straighten(np.where(mask, 80, 255).astype(np.uint8), mask)
    assert strip.shape == strip_mask.shape
    assert strip_mask.sum() == pytest.approx(mask.sum(), rel=0.03)
    middle = [np.nonzero(row)[0].mean() for row in strip_mask[2:-2]]
    assert np.abs(np.array(middle) - (strip.shape[1] - 1) / 2).max() < 0.15 * WIDTH
    assert width_profile(strip_mask)[15:-15] == pytest.approx(WIDTH, abs=3)
    assert (strip[~cv2.dilate(strip_mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)] == 255).all()


@pytest.mark.parametrize("name", ["arc", "S", "hook", "fold"])
def test_a_turned_picture_gives_the_same_strip(name):
    picture, mask, _ = bent_bar(BENDS[name])
    strip, _ = straighten(picture, mask, width=25)
    turned, _ = straighten(np.rot90(picture), np.rot90(mask), width=25)
    assert abs(len(strip) - len(turned)) <= 1
    size = (25, LENGTH)
    strip, turned = cv2.resize(strip, size).astype(float), cv2.resize(turned, size).astype(float)
    assert min(np.abs(strip - turned).mean(), np.abs(strip - turned[::-1, ::-1]).mean()) < 3


def test_a_straight_upright_bar_stays_as_it_is():
    picture = np.full((50, 30), 255, np.uint8)
    picture[5:45, 8:19] = 100
    picture[20:24, 8:19] = 40
    strip, mask = straighten(picture, picture < 255)
    assert mask.shape == (40, 15)
    assert mask[:, 2:13].all()
    assert (strip[2:-2, 4:11] == picture[7:43, 10:17]).all()


def test_the_other_arm_of_a_fold_stays_out_of_a_wide_strip():
    picture, mask, _ = bent_bar(BENDS["fold"])
    _, strip_mask = straighten(picture, mask, width=101)
    assert strip_mask.shape[1] == 101
    assert width_profile(strip_mask).max() < 1.3 * WIDTH


@pytest.mark.parametrize("height", [10, 14, 18, 24, 30])
@pytest.mark.parametrize("turn", [0, 30, 75])
def test_short_fat_chromosomes_are_straightened_along_their_longer_side(height, turn):
    mask = cv2.ellipse(np.zeros((60, 60), np.uint8), (30, 30), (7, height // 2), turn, 0, 360, 1, -1).astype(bool)
    axis = medial_axis(mask)
    _, strip_mask = straighten(np.where(mask, 90, 255).astype(np.uint8), mask, axis)
    assert strip_mask.sum() == pytest.approx(mask.sum(), rel=0.1)
    if height >= 18:
        heading = np.degrees(np.arctan2(*(axis[-1] - axis[0])))
        assert abs((heading + turn + 90) % 180 - 90) < 8
        assert len(axis) == pytest.approx(height + 1, abs=2)


@pytest.mark.parametrize("where", [0.3, 0.4, 0.5, 0.65])
@pytest.mark.parametrize("name", ["straight", "arc", "S"])
def test_the_waist_of_a_bent_bar_is_its_centromere(where, name):
    picture, mask, curve = bent_bar(BENDS[name], waist=where)
    axis = medial_axis(mask)
    first_end_up = np.hypot(*(axis[0] - curve[0])) < np.hypot(*(axis[-1] - curve[0]))
    assert find_centromere(*straighten(picture, mask, axis)) == pytest.approx(where if first_end_up else 1 - where, abs=0.05)


@pytest.mark.parametrize("label", ["1", "3", "2", "6", "X", "8", "12"])
def test_drawn_chromosomes_have_their_centromere_found(label):
    errors = []
    for seed in range(5):
        rod = draw_chromosome(label, np.random.default_rng(seed), bend=0.5)
        picture = np.rint(255 * np.exp(-rod.density)).astype(np.uint8)
        found = find_centromere(*straighten(picture, rod.mask))
        errors.append(abs(found - centromere(label)))
    assert np.median(errors) < 0.05


def test_the_arm_ratio_is_that_of_the_longer_arm():
    assert arm_ratio(0.5) == 1
    assert arm_ratio(0.25) == arm_ratio(0.75) == 3
    for outside in (0.0, 1.0, -0.2):
        with pytest.raises(ValueError, match="between 0 and 1"):
            arm_ratio(outside)


def test_profiles_are_those_of_the_rows():
    mask = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    strip = np.array([[9, 10, 20, 9], [7, 7, 7, 7], [0, 4, 8, 0]], np.uint8)
    assert width_profile(mask).tolist() == [2, 0, 4]
    assert band_profile(strip, mask).tolist() == [15, 255, 3]


def test_what_cannot_be_straightened_is_refused():
    nothing = np.zeros((9, 9), bool)
    for wrong in (lambda: medial_axis(nothing), lambda: straighten(np.zeros((9, 9), np.uint8), nothing)):
        with pytest.raises(ValueError, match="mask is empty"):
            wrong()
    with pytest.raises(ValueError, match="mask is empty"):
        find_centromere(np.zeros((9, 9), np.uint8), nothing)
    with pytest.raises(ValueError, match=r"\(9, 8\), its mask \(9, 9\)"):
        straighten(np.zeros((9, 8), np.uint8), nothing)
    far = np.array([[50.0, 50.0], [50.0, 51.0]])
    with pytest.raises(ValueError, match="beside the axis"):
        straighten(np.zeros((9, 9), np.uint8), ~nothing, far, width=3)


@st.composite
def blobs(draw):
    """A union of discs and lines, then perhaps specks taken out: any shape a bad segmentation may leave."""
    canvas = np.zeros((40, 40), np.uint8)
    place = st.tuples(st.integers(0, 39), st.integers(0, 39))
    for _ in range(draw(st.integers(1, 5))):
        cv2.line(canvas, draw(place), draw(place), 1, draw(st.integers(1, 9)))
    for _ in range(draw(st.integers(0, 4))):
        cv2.circle(canvas, draw(place), draw(st.integers(0, 3)), 0, -1)
    if not canvas.any():
        canvas[draw(place)] = 1
    return canvas.astype(bool)


@settings(max_examples=150, deadline=None)
@given(blobs())
def test_any_blob_gives_one_piece_that_is_not_empty(mask):
    axis = medial_axis(mask)
    assert np.isfinite(axis).all()
    assert len(axis) >= 2
    strip, strip_mask = straighten(np.where(mask, 100, 255).astype(np.uint8), mask, axis)
    count, _ = cv2.connectedComponents(strip_mask.astype(np.uint8), connectivity=8)
    assert count == 2
    assert 0 < find_centromere(strip, strip_mask) < 1


def test_the_sheet_shows_strip_and_profiles_side_by_side():
    picture, mask, _ = bent_bar(BENDS["arc"], waist=0.4)
    axis = medial_axis(mask)
    strip, strip_mask = straighten(picture, mask, axis)
    sheet = draw_straightening(picture, axis, strip, strip_mask, 0.4)
    assert sheet.shape[0] == GAP + HEIGHT + 2 * LINE
    red = (sheet[..., 0] > 180) & (sheet[..., 1] < 80) & (sheet[..., 2] < 80)
    rows, columns = np.nonzero(red)
    assert np.ptp(rows) > 0.7 * HEIGHT, "the axis is drawn from end to end"
    assert np.ptp(columns) < picture.shape[1] * HEIGHT / len(strip), "and on one panel only"


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_pictures_become_strips_and_a_bad_one_is_named(tmp_path):
    write_picture(tmp_path / "in/7/hook.png", bent_bar(BENDS["hook"])[0])
    write_text(tmp_path / "in/broken.png", "no picture")
    result = run("straighten", tmp_path / "in", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert any(line.startswith(f"{tmp_path / 'in/broken.png'}: ") for line in result.stderr.splitlines())
    files = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert files == ["7/hook.png", "7/hook_stages.png"]
    strip = read_picture(tmp_path / "out/7/hook.png").pixels
    assert len(strip) == pytest.approx(LENGTH, rel=0.03)
    assert strip.shape[1] < 2 * WIDTH


def test_no_input_is_overwritten(tmp_path):
    source = write_picture(tmp_path / "in/a.png", bent_bar(BENDS["arc"])[0])
    before = source.read_bytes()
    assert run("straighten", tmp_path / "in", "-o", tmp_path / "in").exit_code == 2
    assert run("straighten", source, "-o", tmp_path / "in").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert run("straighten", tmp_path / "empty", "-o", tmp_path / "out").exit_code == 2
    assert source.read_bytes() == before
    assert run("straighten", tmp_path / "in", "-o", tmp_path / "out").exit_code == 0


@pytest.mark.data
def test_real_chromosomes_come_out_straight_and_whole(data_folder):
    bends = []
    for path in sorted((data_folder / "cirnet").rglob("*_1_56131_*.tiff"))[::4]:
        picture, item = find_single(read_picture(path).pixels)
        mask = np.zeros(picture.shape, bool)
        mask[item.window()] = item.mask
        _, strip_mask = straighten(picture, mask)
        across = medial_axis(strip_mask)[:, 0]
        bends.append(np.abs(across - np.median(across)).max() / np.median(width_profile(strip_mask)))
        assert 0.9 < strip_mask.sum() / mask.sum() < 1.1
    assert len(bends) > 20
    assert np.median(bends) < 0.06

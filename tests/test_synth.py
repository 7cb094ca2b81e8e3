from collections import Counter
from importlib.resources import files
from itertools import combinations

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from karyogram.bands import centromere, length, profile
from karyogram.cli import main
from karyogram.datasets.results import read_karyotype
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.voc import read_voc
from karyogram.errors import AnnotationError, DataError
from karyogram.files import read_picture
from karyogram.labels import LABELS
from karyogram.records import Karyotype
from karyogram.shape.cutout import cut_out

#: Bands are seen through a blur of about this many pixels.
OPTICS = 1.2


def painted(karyotype: Karyotype) -> dict[int, np.ndarray]:
    """Return {id: mask} from the outlines."""
    masks = {}
    for item in karyotype.chromosomes:
        mask = np.zeros((karyotype.height, karyotype.width), np.uint8)
        masks[item.id] = cv2.fillPoly(mask, [np.array(item.polygon).astype(np.int32)], 1) > 0
    return masks


@pytest.fixture(scope="module")
def plain():
    return synth_metaphase(3)


@pytest.fixture(scope="module")
def crowded():
    return synth_metaphase(4, "47,XY,+21", touching=0.3, crossings=4)


def along(density, mask):
    """Return the mean density of each row of a straight upright chromosome."""
    rows = mask.any(1)
    return (density * mask).sum(1)[rows] / mask.sum(1)[rows]


def seen(darkness):
    return cv2.GaussianBlur(darkness[None], (0, 0), OPTICS, borderType=cv2.BORDER_REPLICATE)[0]


@pytest.mark.parametrize("label", LABELS)
def test_a_straight_chromosome_shows_the_bands_of_its_class(label):
    rod = draw_chromosome(label, np.random.default_rng(1), bend=0)
    shown = along(rod.density, rod.mask)
    expected = seen(profile(label, len(shown)))
    assert np.corrcoef(shown[2:-2], expected[2:-2])[0, 1] >= 0.9


@pytest.mark.parametrize("label", LABELS)
def test_a_straight_chromosome_is_as_long_as_its_class_and_narrow_at_its_centromere(label):
    rods = [draw_chromosome(label, np.random.default_rng(seed), bend=0) for seed in range(20)]
    heights = [rod.mask.any(1).sum() for rod in rods]
    assert np.mean(heights) == pytest.approx(130 * length(label), rel=0.06)
    for rod in rods[:3]:
        widths = rod.mask.sum(1)[rod.mask.any(1)]
        inner = slice(5, -5) if len(widths) > 12 else slice(None)
        at = centromere(label) * len(widths)
        assert widths[inner].min() == widths[max(0, int(at) - 2) : int(at) + 3].min()


def test_an_angle_turns_counter_clockwise_and_nothing_sticks_out_of_the_mask():
    rod = draw_chromosome("1", np.random.default_rng(0), bend=0, angle=90)
    assert rod.mask.shape == rod.density.shape
    assert rod.mask.shape[1] > 5 * rod.mask.shape[0]
    assert rod.axis[0, 0] < rod.axis[-1, 0]  # short arm left: a quarter turn from up
    assert rod.density[~rod.mask].max() < 0.5 * rod.density.max()
    assert rod.density[rod.mask].min() > 0


def test_one_seed_gives_one_picture_and_another_seed_another(plain):
    picture, truth = synth_metaphase(3)
    assert np.array_equal(picture, plain[0])
    assert truth == plain[1]
    assert not np.array_equal(synth_metaphase(5)[0], picture)


def test_a_cell_has_its_46_chromosomes_apart_and_inside(plain):
    picture, truth = plain
    assert (picture.shape, picture.dtype) == ((690, 700), np.uint8)
    assert len(truth.chromosomes) == 46
    masks = painted(truth)
    far = {i: cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3) for i, mask in masks.items()}
    assert all(far[one][masks[other]].min() > 3 for one, other in combinations(masks, 2))
    for item in truth.chromosomes:
        ys, xs = np.nonzero(masks[item.id])
        assert item.bbox == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        assert min(item.bbox) >= 1
        assert item.bbox[2] < 700
        assert item.bbox[3] < 690
        assert item.overlaps == ()


def test_chromosomes_are_dark_and_the_ground_is_not(plain):
    picture, truth = plain
    masks = painted(truth)
    everything = np.any(list(masks.values()), axis=0)
    assert np.median(picture[everything]) < 130
    assert np.median(picture[~everything]) > 215
    assert 1000 < np.mean([mask.sum() for mask in masks.values()]) < 1300


def test_the_counts_are_those_asked_for(crowded):
    truth = crowded[1]
    assert Counter(c.label for c in truth.chromosomes) == {k: n for k, n in truth.counts.items() if n}
    assert (truth.counts["21"], truth.counts["Y"], truth.iscn) == (3, 1, "47,XY,+21")
    (finding,) = truth.findings
    assert (finding.label, finding.change, finding.probability) == ("21", 1, 1.0)
    assert all(LABELS[c.probabilities.index(1.0)] == c.label for c in truth.chromosomes)
    assert Karyotype.from_json(truth.to_json()) == truth


def test_those_asked_to_touch_touch_and_those_asked_to_cross_cross(crowded):
    truth = crowded[1]
    masks = painted(truth)
    grown = {i: cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for i, mask in masks.items()}
    pairs = list(combinations(masks, 2))
    crossing = {(a, b) for a, b in pairs if (masks[a] & masks[b]).sum() > 20}
    assert {(c.id, other) for c in truth.chromosomes for other in c.overlaps if c.id < other} == crossing
    assert len(crossing) == 4
    touching = {i for a, b in pairs if (grown[a] & masks[b]).any() for i in (a, b)}
    assert len(touching) >= round(0.3 * 47)


def test_crossing_chromosomes_take_light_from_each_other(crowded):
    picture, truth = crowded
    masks = painted(truth)
    for item in truth.chromosomes:
        for other in item.overlaps:
            shared = masks[item.id] & masks[other]
            alone = masks[item.id] & ~masks[other]
            assert picture[shared].mean() < picture[alone].mean() - 20


def test_turned_by_its_angle_each_chromosome_shows_its_bands_from_the_short_arm_down(plain):
    picture, truth = plain
    right = 0
    for item in truth.chromosomes:
        image, mask = cut_out(picture, np.array(item.polygon), item.angle, item.flipped)
        shown = along(-np.log(np.maximum(image, 1) / 255), mask)
        expected = seen(profile(item.label, len(shown)))
        right += np.corrcoef(shown, expected)[0, 1] > np.corrcoef(shown, expected[::-1])[0, 1]
    assert right >= 43


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (AnnotationError, {"karyotype": "47,XX"}),
        (DataError, {"size": (50, 700)}),
        (DataError, {"size": (250, 250)}),
        (DataError, {"crossings": 40}),
    ],
)
def test_what_cannot_be_drawn_is_refused(error, options):
    with pytest.raises(error):
        synth_metaphase(0, **options)


def test_the_command_writes_pictures_truth_and_boxes_that_agree(tmp_path):
    options = ["--number", "2", "--seed", "7", "--karyotype", "45,X", "--size", "600x500", "--touching", "0.1"]
    done = CliRunner().invoke(main, ["synth", "-o", str(tmp_path), *options])
    assert done.exit_code == 0, done.output
    for name in ("synth_0007", "synth_0008"):
        truth = read_karyotype(tmp_path / name / "karyotype.json")
        boxes = read_voc(tmp_path / "annotations" / f"{name}.xml")
        picture = read_picture(tmp_path / f"{name}.png").pixels
        assert picture.shape == (truth.height, truth.width) == (boxes.height, boxes.width) == (500, 600)
        assert [(b.label, b.bbox) for b in boxes.boxes] == [(c.label, c.bbox) for c in truth.chromosomes]
        assert truth.image == boxes.filename == f"{name}.png"
    scored = CliRunner().invoke(main, ["evaluate", str(tmp_path / "annotations"), str(tmp_path), "--margin", "0,0,0,0"])
    assert scored.exit_code == 0
    assert "2 pictures, 90 boxes" in scored.output


@pytest.mark.parametrize(
    "options",
    [["--karyotype", "46,XX,+21"], ["--size", "700"], ["--size", "40x40"], ["--number", "0"], ["--touching", "2"]],
)
def test_wrong_options_are_wrong_usage_and_write_nothing(tmp_path, options):
    done = CliRunner().invoke(main, ["synth", "-o", str(tmp_path / "out"), *options])
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_the_shipped_demo_is_what_synth_draws(tmp_path):
    shipped = read_picture(str(files("karyogram") / "data" / "demo.png")).pixels
    drawn, _ = synth_metaphase(5, "46,XY")
    assert np.abs(shipped.astype(int) - drawn).max() <= 1


def test_the_demo_analyses_its_picture_and_says_where_the_karyogram_is(tmp_path, monkeypatch):
    import click

    from karyogram.cli import analyze as module

    called = {}

    @click.command()
    @click.argument("pictures", nargs=-1)
    @click.option("-o", "--out")
    @click.option("--force", is_flag=True)
    def stand_in(pictures, out, force):
        called.update(pictures=pictures, out=out, force=force)

    monkeypatch.setattr(module, "analyze", stand_in)
    done = CliRunner().invoke(main, ["demo", "-o", str(tmp_path), "--no-open"])
    assert done.exit_code == 0, done.output
    assert called == {"pictures": (str(tmp_path / "demo.png"),), "out": str(tmp_path), "force": True}
    assert str(tmp_path / "demo" / "karyogram.png") in done.output
    assert read_picture(tmp_path / "demo.png").pixels.shape == (690, 700)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = CliRunner().invoke(main, ["synth", "-o", str(tmp_path / "file" / "out")])
    assert done.exit_code == 1
    assert str(tmp_path / "file") in done.output

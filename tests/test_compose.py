import numpy as np
import pytest

from karyogram.datasets.camera import add_noise, compress, draw_light, focus
from karyogram.datasets.choose import choose_cell, choose_stretch
from karyogram.datasets.compose import Scene, compose, draw_slide
from karyogram.datasets.cutouts import Cutout, load_cutouts, make_cutout, save_cutouts, to_density, to_grey
from karyogram.datasets.slide import add_debris, add_nucleus, add_streaks, draw_ground, lay
from karyogram.errors import AnnotationError, DataError
from karyogram.labels import INDEX, LABELS


def bar(height, width=16, label=0):
    flat = np.full((height, width), 150, np.uint8)
    flat[:: max(height // 6, 1)] = 90
    return make_cutout(flat, np.ones((height, width), bool), label)


EMPTY = {"debris": 0, "nuclei": 0, "streaks": 0}
LIBRARY = [bar(30, label=20), bar(60, label=9), bar(110, label=0)]


def test_bit_exact_by_seed():
    first, again, other = compose(LIBRARY, 3), compose(LIBRARY, 3), compose(LIBRARY, 4)
    assert np.array_equal(first.picture, again.picture)
    assert not np.array_equal(first.picture, other.picture)
    assert [i.bbox for i in first.instances] == [i.bbox for i in again.instances]


def test_masks_lie_inside_and_on_the_stain():
    scene = Scene(**EMPTY)
    for seed in range(5):
        made = compose(LIBRARY, seed, scene)
        assert made.picture.shape == scene.size
        assert len(made.instances) == len(made.labels) >= 10
        ground = np.median(made.picture)
        for item in made.instances:
            xmin, ymin, xmax, ymax = item.bbox
            assert xmin >= 0 <= ymin
            assert xmax <= scene.size[1]
            assert ymax <= scene.size[0]
            assert made.picture[item.window()][item.mask].mean() < ground - 20


def test_free_chromosomes_share_no_pixel_and_crossing_ones_do():
    def shared(scene):
        depth = np.zeros(scene.size, int)
        for item in compose(LIBRARY, 1, scene).instances:
            depth[item.window()] += item.mask
        return int((depth > 1).sum())

    assert shared(Scene(touching=0, crossing=0)) == 0
    assert shared(Scene(touching=0, crossing=0.9)) > 100


def test_densities_add_where_chromosomes_cross():
    scene = Scene(touching=0, crossing=0.9, **EMPTY)
    made = compose(LIBRARY, 2, scene)
    depth = np.zeros(scene.size, int)
    for item in made.instances:
        depth[item.window()] += item.mask
    assert np.median(made.picture[depth == 2]) < np.median(made.picture[depth == 1]) - 15


def test_stain_fades_outside_of_the_mask():
    scene = Scene(touching=0, crossing=0, unevenness=0, **EMPTY)
    made = compose(LIBRARY, 5, scene)
    outside = np.ones(scene.size, bool)
    for item in made.instances:
        outside[item.window()] &= ~item.mask
    near = np.zeros(scene.size, bool)
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        near |= np.roll(~outside, (dy, dx), (0, 1)) & outside
    inside, edge, ground = (made.picture[where].mean() for where in (~outside, near, outside & ~near))
    assert inside + 10 < edge < ground - 10


def test_the_chromosomes_of_a_picture_are_neighbours_in_the_library():
    library = [bar(40, label=number // 5 % 24) for number in range(120)]
    for seed in range(4):
        labels = np.unique(compose(library, seed, Scene(chromosomes=(18, 20))).labels)
        steps = np.diff(np.append(labels, labels[0] + 24))
        assert len(labels) <= 5
        assert (steps == 1).sum() >= len(labels) - 1


def test_a_stretch_of_a_short_library_goes_round():
    labels = [cutout.label for cutout in choose_stretch(LIBRARY, 7, np.random.default_rng(0))]
    assert sorted(np.bincount(labels)[[20, 9, 0]]) == [2, 2, 3]


def test_cells_of_unlike_stain_are_made_alike_and_differences_within_a_cell_stay():
    pale, dark = (Cutout(np.full((20, 8), depth, np.float32), 0) for depth in (0.1, 0.2))
    strong, weak = (Cutout(cutout.density * 1.5, 1) for cutout in (dark, pale))
    library = [weak, *[pale] * 29, strong, *[dark] * 29]
    made = choose_stretch(library, 60, np.random.default_rng(1))
    means = np.array([cutout.density.mean() for cutout in made])
    labels = np.array([cutout.label for cutout in made])
    assert np.ptp(np.percentile(means[labels == 0], [25, 75])) < 0.01
    assert means[labels == 1].min() > 1.3 * np.median(means[labels == 0])


@pytest.mark.parametrize("karyotype", ["46,XX", "46,XY", "47,XX,+21", "45,X"])
def test_a_whole_cell_has_the_chromosomes_of_its_karyotype(karyotype):
    library = [bar(30 + 2 * (24 - label), label=label) for label in range(24) for _ in range(2)]
    made = compose(library, 0, Scene(size=(690, 700), karyotype=karyotype))
    counts = np.bincount(made.labels, minlength=24)
    assert counts[INDEX["1"]] == 2
    assert counts[INDEX["21"]] == 2 + ("+21" in karyotype)
    assert (counts[INDEX["X"]], counts[INDEX["Y"]]) == (karyotype.count("X"), karyotype.count("Y"))
    assert counts.sum() == int(karyotype[:2])


def test_a_whole_cell_is_gathered_from_neighbours_and_a_single_copy_serves_twice():
    library = [Cutout(np.full((5, 5 + position), 0.2, np.float32), position % 3) for position in range(300)]
    library.append(Cutout(np.full((40, 40), 0.2, np.float32), INDEX["X"]))
    for seed in range(4):
        chosen = choose_cell(library, {"1": 2, "2": 2, "X": 2, "Y": 0}, np.random.default_rng(seed))
        assert sorted(LABELS[cutout.label] for cutout in chosen) == ["1", "1", "2", "2", "X", "X"]
        positions = [cutout.density.shape[1] for cutout in chosen if cutout.label != INDEX["X"]]
        assert positions == sorted(positions, reverse=True)
        assert np.ptp(positions) <= 5 or np.ptp(positions) >= 294


@pytest.mark.parametrize(
    ("error", "library", "options"),
    [
        (DataError, LIBRARY, {"karyotype": "46,XX"}),
        (DataError, [], {}),
        (DataError, LIBRARY, {"size": (20, 20)}),
        (AnnotationError, LIBRARY, {"karyotype": "47,XX"}),
    ],
)
def test_what_cannot_be_composed_is_refused(error, library, options):
    with pytest.raises(error):
        compose(library, 0, Scene(**options))


def test_a_cell_that_does_not_fit_is_refused_rather_than_left_incomplete():
    library = [bar(110, label=label) for label in range(24)]
    with pytest.raises(DataError, match=r"of 46 chromosomes found a place in 180 x 150 pixels"):
        compose(library, 0, Scene(size=(150, 180), karyotype="46,XX"))


def test_chromosomes_keep_off_the_nuclei_of_a_background():
    ground = np.full((512, 512), 255, np.uint8)
    ground[:, :200] = 120
    made = compose(LIBRARY, 1, Scene(touching=0, crossing=0, unevenness=0, **EMPTY), [ground])
    covered = np.zeros((512, 512), bool)
    for item in made.instances:
        covered[item.window()] |= item.mask
    dark = np.median(made.picture) - 30 > made.picture
    assert 0.3 * dark.size < (dark & ~covered).sum() < 0.45 * dark.size


def slide_with(add, *args):
    density = np.zeros((200, 300), np.float32)
    add(density, np.random.default_rng(3), *args)
    return density


@pytest.mark.parametrize(("add", "args", "least"), [(add_nucleus, (), 2000), (add_streaks, (3,), 300), (add_debris, (40,), 30)])
def test_what_lies_on_a_slide_is_seen_and_leaves_most_of_it_free(add, args, least):
    density = slide_with(add, *args)
    assert density.min() > -0.05
    assert least < (density > 0.01).sum() < density.size / 2


def test_streaks_are_long_and_debris_is_small():
    assert np.ptp(np.nonzero(slide_with(add_streaks, 3) > 0.01), axis=1).max() > 100
    assert slide_with(add_debris, 40).max() > 0.2 > slide_with(add_streaks, 3).max()


def test_a_slide_without_anything_is_empty():
    assert not draw_slide(Scene(**EMPTY), (), np.random.default_rng(0)).any()


def test_a_patch_is_laid_where_it_meets_the_slide():
    density = np.zeros((4, 5), np.float32)
    lay(density, np.ones((3, 3), np.float32), -1, 3)
    lay(density, np.ones((3, 3), np.float32), 9, -7)
    assert density.sum() == 4
    assert density[:2, 3:].all()


@pytest.mark.parametrize("size", [(30, 40), (100, 90)])
def test_a_background_is_cut_or_enlarged_to_the_picture(size):
    ground = np.full((60, 50), 200, np.uint8)
    density = draw_ground(size, [ground], np.random.default_rng(0))
    assert density.shape == size
    assert np.allclose(to_grey(density), 200, atol=0.01)


def test_light_falls_off_as_far_as_asked():
    rng = np.random.default_rng(0)
    even, uneven = (np.mean([np.ptp(draw_light((90, 120), rng, depth)) for _ in range(20)]) for depth in (0.0, 0.3))
    assert even < 0.001
    assert 0.1 < uneven < 0.5


def test_the_camera_blurs_sharpens_adds_grain_and_compresses():
    step = np.full((60, 80), 200, np.float32)
    step[:, 40:] = 80
    peaks = {round(float(focus(step, np.random.default_rng(seed)).max())) for seed in range(8)}
    assert 200 in peaks
    assert max(peaks) > 203
    noisy = [add_noise(step, np.random.default_rng(seed))[:, :30].std() for seed in range(8)]
    assert 0.05 < min(noisy) < 1 < max(noisy) < 6
    squeezed = compress(step.astype(np.uint8), 30)
    assert squeezed.shape == step.shape
    assert 0 < np.abs(squeezed - step).mean() < 5


def test_density_and_grey_are_inverse():
    grey = np.arange(1, 256, dtype=np.uint8)
    assert np.allclose(to_grey(to_density(grey)), grey, atol=0.01)


def test_library_round_trip(tmp_path):
    save_cutouts(tmp_path / "library.npz", LIBRARY)
    again = load_cutouts(tmp_path / "library.npz")
    assert [c.label for c in again] == [20, 9, 0]
    for before, after in zip(LIBRARY, again, strict=True):
        assert np.array_equal(before.mask, after.mask)
        assert np.allclose(before.density, after.density, atol=0.006)


SIZES, PIXELS, CLASSES = np.array([[2, 3], [1, 4]]), np.zeros(10, np.uint8), np.array([0, 23])


@pytest.mark.parametrize(
    "arrays",
    [
        None,
        {"weights": SIZES},
        {"shapes": SIZES[0], "pixels": PIXELS, "labels": CLASSES},
        {"shapes": SIZES, "pixels": PIXELS[1:], "labels": CLASSES},
        {"shapes": SIZES, "pixels": PIXELS, "labels": CLASSES[1:]},
        {"shapes": SIZES, "pixels": PIXELS, "labels": CLASSES + 1},
        {"shapes": SIZES, "pixels": PIXELS * 1.0, "labels": CLASSES},
        {"shapes": np.array(["a", "b"]), "pixels": PIXELS, "labels": CLASSES},
        {"shapes": -SIZES, "pixels": PIXELS, "labels": CLASSES},
        {"shapes": np.array([[[2, 3]]]), "pixels": PIXELS, "labels": CLASSES},
    ],
)
def test_no_library_is_a_clear_error(tmp_path, arrays):
    path = tmp_path / "x.npz"
    path.write_bytes(b"no") if arrays is None else np.savez(path, **arrays)
    with pytest.raises(DataError, match=r"x\.npz: no library"):
        load_cutouts(path)

import numpy as np
import pytest

from karyogram.datasets.compose import Scene, compose
from karyogram.datasets.cutouts import load_cutouts, make_cutout, save_cutouts, to_density, to_grey
from karyogram.errors import DataError


def bar(height, width=16, label=0):
    flat = np.full((height, width), 150, np.uint8)
    flat[:: max(height // 6, 1)] = 90
    return make_cutout(flat, np.ones((height, width), bool), label)


LIBRARY = [bar(30, label=20), bar(60, label=9), bar(110, label=0)]


def test_bit_exact_by_seed():
    first, again, other = compose(LIBRARY, 3), compose(LIBRARY, 3), compose(LIBRARY, 4)
    assert np.array_equal(first.picture, again.picture)
    assert not np.array_equal(first.picture, other.picture)
    assert [i.bbox for i in first.instances] == [i.bbox for i in again.instances]


def test_masks_lie_inside_and_on_the_stain():
    scene = Scene(debris=0, nuclei=0)
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
    scene = Scene(touching=0, crossing=0.9, debris=0, nuclei=0)
    made = compose(LIBRARY, 2, scene)
    depth = np.zeros(scene.size, int)
    for item in made.instances:
        depth[item.window()] += item.mask
    assert np.median(made.picture[depth == 2]) < np.median(made.picture[depth == 1]) - 15


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


def test_no_library_is_a_clear_error(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"no")
    with pytest.raises(DataError, match=r"x\.npz: no library"):
        load_cutouts(tmp_path / "x.npz")

"""What presets do to pictures, and how pictures of class folders are laid out for them."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("pytorchcv")
pytest.importorskip("optuna")

from karyogram.errors import DataError  # noqa: E402
from karyogram.files import write_picture  # noqa: E402
from karyogram.training.distort import OPERATIONS, distort  # noqa: E402
from karyogram.training.grid import Plan  # noqa: E402
from karyogram.training.nets import NETS  # noqa: E402
from karyogram.training.pictures import find_classes, fit_picture, image_level_split, load_pictures  # noqa: E402
from karyogram.training.point import OPTIMIZERS, to_input  # noqa: E402
from karyogram.training.presets import PRESETS  # noqa: E402
from tiny import write_classes  # noqa: E402


def test_founders_is_the_recipe():
    preset = PRESETS["founders"]
    assert preset.shares == (0.7, 0.1, 0.2)
    assert preset.optimizers == ("Adam", "SGD", "RMSprop")
    assert preset.rates == (1e-4, 1e-3, 1e-2)
    assert (preset.batch, preset.decay, preset.decay_every, preset.weight_decay, preset.patience) == (16, 0.1, 15, 1e-5, 10)
    assert dict(preset.steps)["blur"] == {"sizes": (5, 7, 9), "sigma": (0.1, 0.5)}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_name_in_a_preset_means_something(name):
    preset = PRESETS[name]
    assert set(preset.nets) <= set(NETS)
    assert set(preset.optimizers) <= set(OPTIMIZERS)
    assert {step for step, _ in preset.steps} <= set(OPERATIONS)
    assert math.isclose(sum(preset.shares), 1)
    json.dumps(asdict(preset))


def bar(n=3, height=40, width=40):
    pictures = torch.ones(n, 1, height, width)
    pictures[:, :, 8:32, 16:24] = 0.3
    return pictures


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_pictures_stay_pictures_and_chance_is_seeded(name):
    shown = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        shown.append(distort(bar(), PRESETS[name].steps))
    first, again, other = shown
    assert first.shape == (3, 1, 40, 40)
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_nothing_happens_where_ranges_are_empty():
    still = (
        ("place", {"degrees": 0.0, "shift": 0.0, "scale": 0.0}),
        ("turn", {"step": 360}),
        ("expose", {"brightness": 0.0, "contrast": 0.0, "intensity": 0.0}),
        ("blur", {"sizes": (5,), "sigma": (0.01, 0.01)}),
        ("low_pass", {"radius": (1.0, 1.0), "chance": 0.0}),
        ("thin_spectrum", {"share": (0.5, 0.5), "chance": 0.0}),
    )
    assert {name for name, _ in still} == set(OPERATIONS)
    assert torch.allclose(distort(bar(), still), bar(), atol=1e-5)


def test_a_quarter_turn_is_a_quarter_turn():
    torch.manual_seed(0)
    turned = OPERATIONS["turn"](bar(40), step=90)
    quarters = [torch.rot90(bar(1)[0], k, (1, 2)) for k in range(2)]
    places = [min((t - q).abs().max() for q in quarters) for t in turned]
    assert max(places) < 1e-4
    assert len({round(float((t - quarters[0]).abs().mean()), 3) for t in turned}) == 2


def test_a_turn_keeps_the_shape_on_a_canvas_that_is_no_square():
    torch.manual_seed(0)
    dot = torch.ones(20, 1, 60, 30)
    dot[:, :, 26:34, 11:19] = 0
    turned = OPERATIONS["place"](dot, degrees=90.0, shift=0.0, scale=0.0)
    assert torch.allclose((1 - turned).sum((1, 2, 3)), (1 - dot).sum((1, 2, 3)), rtol=0.02)


def test_blur_keeps_the_mean_and_low_pass_drops_fine_bands():
    stripes = torch.ones(2, 1, 64, 64)
    stripes[:, :, 8:56, 8:56] = (torch.arange(48) % 4 < 2).float()[:, None]
    blurred = OPERATIONS["blur"](stripes, sizes=(9,), sigma=(0.5, 0.5))
    assert torch.allclose(blurred.mean(), stripes.mean(), atol=1e-3)
    assert blurred.std() < stripes.std()
    fine = OPERATIONS["low_pass"](stripes, radius=(10.0, 10.0), chance=1.0)[:, :, 16:48, 16:48]
    assert fine.std() < 0.2 * stripes[:, :, 16:48, 16:48].std()
    thinned = OPERATIONS["thin_spectrum"](stripes, share=(0.5, 0.5), chance=1.0)
    assert torch.allclose(thinned.mean((2, 3)), stripes.mean((2, 3)), atol=1e-4)


def test_one_channel_sees_stain_and_three_see_the_scale_of_imagenet():
    grey = torch.full((1, 1, 2, 2), 0.456)
    assert torch.allclose(to_input(grey, 1), torch.full((1, 1, 2, 2), 0.544))
    assert to_input(grey, 3).shape == (1, 3, 2, 2)
    assert abs(float(to_input(grey, 3)[0, 1, 0, 0])) < 1e-6


# pictures


def test_a_picture_is_padded_with_white_and_keeps_its_shape():
    fitted = fit_picture(np.zeros((40, 10), np.uint8), 80, 80)
    assert fitted.shape == (80, 80)
    assert (fitted[:, :20] == 255).mean() > 0.9
    assert fitted[40, 40] == 0
    assert abs((fitted < 128).mean() - 0.25) < 0.03
    assert fit_picture(np.zeros((112, 48), np.uint8), 112, 48).max() == 0
    assert fit_picture(np.full((3, 9), 7, np.uint8), 5, 5).shape == (5, 5)


def test_the_split_by_picture_is_seeded_and_has_the_shares():
    names = [str(i) for i in range(200)]
    entries = image_level_split(names, (0.7, 0.1, 0.2), seed=3)
    parts = [e.part for e in entries]
    assert [parts.count(p) for p in ("train", "test", "val")] == [140, 20, 40]
    assert entries == image_level_split(names[::-1], (0.7, 0.1, 0.2), seed=3)
    assert entries != image_level_split(names, (0.7, 0.1, 0.2), seed=4)
    assert sorted(e.name for e in entries) == sorted(names)


def test_class_folders_become_one_tensor(tmp_path):
    folder = write_classes(tmp_path)
    paths = find_classes(folder)
    split = {e.name: e for e in image_level_split(list(paths), (0.5, 0.2, 0.3))}
    pictures = load_pictures(paths, split, 24, 24, straightened=True)
    assert (pictures.pixels.shape, pictures.pixels.dtype) == ((18, 24, 24), torch.uint8)
    assert pictures.pixels[:, 0, 0].eq(255).all()
    assert sorted(set(pictures.labels.tolist())) == [0, 20, 23]
    held_out = torch.cat([pictures.rows("val"), pictures.rows("test")])
    assert torch.equal(pictures.straight[held_out], pictures.pixels[held_out])
    training = pictures.rows("train")
    assert not torch.equal(pictures.straight[training], pictures.pixels[training])
    limited = find_classes(folder, limit=2)
    assert len(limited) == 6
    assert limited == find_classes(folder, limit=2)


def test_folders_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(DataError, match="no picture"):
        find_classes(tmp_path)
    write_classes(tmp_path)
    split = {e.name: e for e in image_level_split(list(find_classes(tmp_path)), (1.0, 0.0, 0.0))}
    with pytest.raises(DataError, match="the part val"):
        load_pictures(find_classes(tmp_path), split, 8, 8, straightened=False)
    write_picture(tmp_path / "2" / "1_0_c_m_x.png", np.zeros((9, 9), np.uint8))
    with pytest.raises(DataError, match="the same name"):
        find_classes(tmp_path)
    write_picture(tmp_path / "dogs" / "rex.png", np.zeros((9, 9), np.uint8))
    with pytest.raises(DataError, match=r"name no class \(1 to 22, X, Y\): dogs"):
        find_classes(tmp_path)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({}, []),
        ({"weights": "imagenet"}, ["weights of ImageNet to begin with"]),
        ({"weights": "in/vgg.pth", "side": 80}, ["pictures of 80 x 80 pixels", "weights of vgg.pth to begin with"]),
    ],
)
def test_a_protocol_says_how_it_differs_from_the_preset(plan, words):
    assert Plan("founders", PRESETS["founders"].nets, **plan).deviations() == words

# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Training the segmenter: its losses, a small run that resumes, the exported file."""

import itertools
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.errors import DataError, ModelError
from karyogram.segment.peaks import FILTER, INNER, MASK_FEATURES, OUTPUTS, RIM, TEXTURE, WINDOW
from karyogram.training import detection
from karyogram.training.detection import box_loss, cut_windows, fit_detection, heat_loss, mask_loss, projection_loss
from karyogram.training.export import ExportedSegmenter, export_segmenter
from karyogram.training.nets.detector import Detector, window_boxes
from karyogram.training.thaw import thaw
from karyogram.training.views import (
    OPEN,
    Views,
    window_of,
)
from karyogram.weights.record import open_model
from nine_bars import bars

pytestmark = pytest.mark.usefixtures("one_thread")


# losses


def test_each_loss_is_least_for_the_truth():
    heat = torch.zeros(1, 2, 8, 8)
    heat[0, 1, 4, 4], heat[0, 1, 4, 5] = 1, 0.6
    sure = torch.where(heat == 1, 8.0, -8.0)
    assert heat_loss(sure, heat, torch.ones(1, 8, 8)) < 0.1 < heat_loss(-sure, heat, torch.ones(1, 8, 8))
    place, boxes = torch.tensor([[4, 4]]), torch.tensor([[10.0, 8.0, 30.0, 40.0]])
    right = torch.tensor([[8.0, 10.0, 12.0, 22.0]])
    assert box_loss(right, place, boxes) < 1e-5 < 0.2 < box_loss(right * 2, place, boxes)
    masks = torch.full((1, 8, 8), OPEN, dtype=torch.uint8)
    masks[0, :4], masks[0, 4:6] = 1, 0
    logits = torch.where(masks == 1, 9.0, -9.0)
    assert mask_loss(logits, masks) < 0.01 < 0.5 < mask_loss(-logits, masks)
    logits[0, 6:] = 100  # nobody knows
    assert mask_loss(logits, masks) < 0.01


def test_a_mask_that_breaks_or_leaves_its_box_reaches_wrongly():
    place, boxes = torch.tensor([[24, 24]]), torch.tensor([[90.0, 60.0, 106.0, 136.0]])
    top, left = window_of(24, 24)
    whole = torch.full((1, WINDOW, WINDOW), -9.0)
    whole[0, 30 - top : 68 - top, 45 - left : 53 - left] = 9
    broken, wide = whole.clone(), whole.clone()
    broken[0, 40 - top : 56 - top] = -9
    wide[0, 30 - top : 34 - top, 53 - left : 70 - left] = 9
    target = torch.zeros(1, WINDOW, WINDOW, dtype=torch.uint8)
    target[whole > 0] = 1
    target[0, 40 - top : 56 - top, 40 - left : 60 - left] = OPEN  # nobody knows whose the crossing is
    box = window_boxes(boxes, place)
    losses = [float(projection_loss(logits, target, box)) for logits in (whole, broken, wide)]
    assert losses[0] < 0.01
    assert min(losses[1:]) > 0.5


def test_masks_are_drawn_where_their_centres_are_and_gradients_reach_the_features():
    features = torch.zeros(1, MASK_FEATURES + TEXTURE, 64, 64, requires_grad=True)
    with torch.no_grad():
        features[0, 0, 20:30, 40:44] = 1
    filters = torch.zeros(2, FILTER)
    filters[:, 0], filters[:, 88], filters[:, 160], filters[:, 168] = 1, 1, 10, -5
    place = torch.tensor([[12, 20], [3, 3]])
    windows = cut_windows(features, torch.tensor([0, 0]), place)
    around, texture = windows[:, :MASK_FEATURES], windows[:, MASK_FEATURES:, RIM:-RIM, RIM:-RIM]
    rough, fine = Detector().draw(around, texture, filters, torch.tensor([[40.0, 40.0, 60.0, 60.0]] * 2))
    for row, (cy, cx) in enumerate(place.tolist()):
        top, left = window_of(cy, cx)
        expected = torch.zeros(WINDOW, WINDOW, dtype=torch.bool)
        expected[20 - top : 30 - top, 40 - left : 44 - left] = True
        assert torch.equal(rough[row] > 0, expected)
    rough.sum().backward(retain_graph=True)
    assert features.grad[0, 0, 20:30, 40:44].eq(20).all()
    assert not features.grad[0, MASK_FEATURES:].any()
    fine.sum().backward()
    assert features.grad[0, MASK_FEATURES:].any()


def test_the_refiner_begins_from_the_rough_mask_and_sees_the_box():
    net = Detector().eval()
    seen = torch.zeros(1, MASK_FEATURES, WINDOW, WINDOW), torch.zeros(1, TEXTURE, INNER, INNER), torch.zeros(1, FILTER)
    near, far = (net.draw(*seen, torch.tensor([box])) for box in ([40.0, 40, 56, 56], [10.0, 10, 86, 86]))
    assert torch.equal(near[0], far[0])
    assert not torch.allclose(near[1], far[1])
    torch.nn.init.zeros_(net.refiner.end.weight)
    torch.nn.init.zeros_(net.refiner.end.bias)
    rough, fine = net.draw(*seen, torch.tensor([[40.0, 40, 56, 56]]))
    assert torch.equal(rough, fine)


# a run and the exported file


def test_views_go_on_where_a_killed_run_stopped():
    begun, resumed = iter(Views([bars()], 1, seed=7)), iter(Views([bars()], 1, seed=7, step=1))
    first, second, again = next(begun), next(begun), next(resumed)
    assert all(torch.equal(second[key], again[key]) for key in second)
    assert not torch.equal(first["absorbance"], again["absorbance"])


@pytest.mark.filterwarnings("ignore")
def test_a_killed_run_asks_for_the_views_that_come_next(tmp_path, monkeypatch):
    begun, checkpoint = [], detection.lightning.pytorch.callbacks.ModelCheckpoint

    def recorded(*arguments):
        begun.append(arguments[-1])
        return Views(*arguments)

    def often(folder, every_n_train_steps, **options):
        return checkpoint(folder, every_n_train_steps=1, **options)

    monkeypatch.setattr(detection, "Views", recorded)
    monkeypatch.setattr(detection.lightning.pytorch.callbacks, "ModelCheckpoint", often)
    fit_detection([bars()], tmp_path / "begun", 1, batch=1)
    (tmp_path / "begun").rename(tmp_path / "moved")
    fit_detection([bars()], tmp_path / "moved", 2, batch=1)
    assert begun == [0, 1]
    assert torch.load(tmp_path / "moved" / "last.ckpt", map_location="cpu", weights_only=True)["global_step"] == 2
    assert not list(tmp_path.rglob("last-v*"))


def test_a_batch_of_views_without_a_chromosome_is_drawn_anew():
    wide = replace(bars(1400), exact=np.zeros(9, bool))  # most squares of it are empty, and nothing is pasted
    batches = itertools.islice(Views([wide], 1, seed=0), 12)
    assert all((batch["chosen"] >= 0).any() for batch in batches)


def test_what_cannot_be_learned_from_is_named(tmp_path):
    unknown = replace(bars(), labels=np.full(9, -1, np.int16))
    with pytest.raises(DataError, match="no chromosome of known class"):
        fit_detection([unknown], tmp_path, 1)
    start = Path(str(files("karyogram.weights") / "gband.onnx"))
    with pytest.raises(ModelError, match=r"gband\.onnx: .*not a segmenter"):
        fit_detection([bars()], tmp_path, 1, start=start)


def eager():
    """A detector that sees something in many places, some more surely than others, as an untrained one does not."""
    torch.manual_seed(0)
    net = Detector()
    torch.nn.init.normal_(net.centres[1].weight, std=0.2)
    for norm in (module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.momentum = None  # the mean of what it is shown
    with torch.no_grad():
        net(torch.rand(4, 1, 96, 96))
    return net.eval()


@pytest.mark.filterwarnings("ignore")
def test_the_exported_segmenter_takes_pictures_of_any_multiple_of_32(tmp_path):
    net = eager()
    path = export_segmenter(net, tmp_path / "segment.onnx", "tiny-segment")
    model = open_model(path.read_bytes(), "segmenter", threads=1)
    picture = np.random.default_rng(0).integers(0, 256, (1, 96, 32)).astype(np.uint8)
    seen = model.session.run(list(OUTPUTS), {"picture": picture})
    with torch.no_grad():
        expected = ExportedSegmenter(net)(torch.from_numpy(picture))
    assert len(seen[0]) > 3
    for found, wanted in zip(seen, expected, strict=True):
        assert np.allclose(found, wanted.numpy(), atol=1e-3)
    nothing = model.session.run(None, {"picture": np.full((1, 32, 32), 255, np.uint8)})
    assert [each.shape[1:] for each in nothing] == [(24,), (4,), (WINDOW, WINDOW), (2,)]
    with pytest.raises(ModelError, match="not a classifier"):
        open_model(path.read_bytes(), threads=1)


@pytest.mark.filterwarnings("ignore")
def test_an_exported_network_thaws_to_one_that_computes_the_same(tmp_path):
    net = eager()
    path = export_segmenter(net, tmp_path / "segment.onnx", "tiny-segment")
    module = detection.Detection(1)
    view = next(iter(Views([bars()], 1, seed=7)))
    thaw(path, module.net, lambda: module.losses(view))
    again, batch = module.net.eval(), view["absorbance"].float() / 255
    with torch.no_grad():
        for found, wanted in zip(again(batch), net(batch), strict=True):
            assert torch.allclose(found, wanted, atol=1e-3)
        stem = again.stem[0](again.unshuffle(batch))
    assert torch.allclose(again.stem[1].running_mean, stem.mean((0, 2, 3)), atol=1e-4)
    seen = torch.rand(1, MASK_FEATURES, WINDOW, WINDOW), torch.rand(1, TEXTURE, INNER, INNER), torch.rand(1, FILTER)
    with torch.no_grad():
        drawn = [each.draw(*seen, torch.tensor([[30.0, 30, 60, 60]]))[1] for each in (again, net)]
    assert torch.allclose(*drawn, atol=1e-3)

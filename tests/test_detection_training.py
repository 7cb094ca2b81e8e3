# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Training the segmenter: what it is shown and should answer, its losses, a small run that resumes, the exported file."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.errors import ModelError
from karyogram.records import Instance
from karyogram.segment.peaks import CENTRE_STEP, FILTER, INNER, MASK_FEATURES, MASK_STEP, OUTPUTS, RIM, TEXTURE, WINDOW
from karyogram.training import detection
from karyogram.training.cells import EDGE, SHARED, Cell
from karyogram.training.detection import box_loss, cut_windows, fit_detection, heat_loss, mask_loss, projection_loss
from karyogram.training.export import ExportedSegmenter, export_segmenter
from karyogram.training.nets.detector import Detector, window_boxes
from karyogram.training.thaw import thaw
from karyogram.training.views import (
    CROSSED,
    OPEN,
    OTHERS,
    SIDE,
    Views,
    cut_view,
    mask_target,
    paste,
    targets,
    window_of,
)
from karyogram.weights.record import open_model


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def bars(side=SIDE):
    """A cell of nine upright bars; of the last two, which cross, nobody knows whose the middle is."""
    absorbance, owners = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    boxes = [(40 + 90 * (k % 4), 40 + 120 * (k // 4), 55 + 90 * (k % 4), 100 + 120 * (k // 4)) for k in range(7)]
    boxes += [(300, 330, 315, 400), (270, 358, 345, 373)]
    for number, (left, top, right, bottom) in enumerate(boxes):
        absorbance[top:bottom, left:right] = 140
        owners[top:bottom, left:right] = number + 1
    owners[358:373, 300:315] = SHARED
    return Cell(absorbance, owners, np.array(boxes, np.float32), np.arange(9, dtype=np.int16), np.arange(9) < 7)


# views


def test_a_view_turns_picture_owners_and_boxes_together():
    cell = bars()
    for seed in range(12):
        view = cut_view(cell, np.random.default_rng(seed))
        for box, number in zip(view.boxes, view.numbers, strict=True):
            ys, xs = np.nonzero(view.owners == number)
            if len(ys) > 30:
                assert abs(np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) - box).max() <= 1.5
        assert (view.absorbance[view.owners > 0] > 60).mean() > 0.9


def test_a_chromosome_cut_by_the_frame_is_no_longer_asked_for():
    cell = bars()
    labels = [cut_view(cell, np.random.default_rng(seed), side=120).labels for seed in range(12)]
    assert any((row < 0).any() for row in labels)
    assert any((row >= 0).any() for row in labels)


def test_pasted_chromosomes_add_their_density():
    cell = bars()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        view = cut_view(cell, rng)
        before = view.absorbance.copy()
        paste(view, cell, rng)
        under = np.zeros(before.shape, bool)
        for item in view.pasted:
            under[item.window()] |= item.mask
        assert np.abs(view.absorbance[~under].astype(int) - before[~under]).max() <= 1
        assert (view.absorbance[under] >= before[under]).all()
        assert len(view.boxes) == len(view.labels) == len(view.exact) == len(view.numbers)
        if view.pasted:
            return
    pytest.fail("nothing was pasted")


# targets


def whole_view(cell):
    class Straight:
        """Chance that changes nothing."""

        normal = staticmethod(lambda mean, spread: 0.0)
        uniform = staticmethod(lambda low, high: 0.0)
        random = staticmethod(lambda: 1.0)

    return cut_view(cell, Straight())


def test_a_mask_target_says_own_other_and_unknown():
    view = whole_view(bars())
    target = mask_target(view, 7, (130, 110))
    full = np.full((SIDE // 2 + 200, SIDE // 2 + 200), OPEN, np.uint8)
    full[130 : 130 + WINDOW, 110 : 110 + WINDOW] = target
    assert full[340 // MASK_STEP, 307 // MASK_STEP] == 1
    assert full[365 // MASK_STEP, 307 // MASK_STEP] == OPEN
    assert full[365 // MASK_STEP, 285 // MASK_STEP] == 0
    assert full[310 // MASK_STEP, 307 // MASK_STEP] == 0
    assert OPEN not in mask_target(view, 0, (20, 20))


def test_a_mask_target_tells_what_is_crossed_and_what_is_anothers():
    view = whole_view(bars())
    across = np.zeros((SIDE, SIDE), bool)
    across[60:70, 20:80] = True  # lies across the first bar
    view.pasted.append(Instance(across, 0, 0))
    view.boxes = np.concatenate([view.boxes, np.array([[20, 60, 80, 70]], np.float32)])
    view.numbers = np.append(view.numbers, -1)
    view.exact = np.append(view.exact, True)
    below, above = mask_target(view, 0, (0, 0)), mask_target(view, len(view.boxes) - 1, (0, 0))
    assert below[65 // MASK_STEP, 47 // MASK_STEP] == above[65 // MASK_STEP, 47 // MASK_STEP] == CROSSED
    assert below[80 // MASK_STEP, 47 // MASK_STEP] == above[65 // MASK_STEP, 30 // MASK_STEP] == 1
    assert below[65 // MASK_STEP, 30 // MASK_STEP] == 0
    view.boxes[0] = (20, 40, 80, 100)  # a wide box, as that of a bent chromosome
    assert mask_target(view, 0, (0, 0))[65 // MASK_STEP, 30 // MASK_STEP] == OTHERS


def test_the_doubtful_edge_is_left_open():
    cell = bars()
    cell.owners[340:350, 316:318] = EDGE
    cell.boxes[7, 2] = 318
    target = mask_target(whole_view(cell), 7, (130, 110))
    assert target[345 // 2 - 130, 317 // 2 - 110] == OPEN


def test_targets_hold_each_centre_once():
    found = targets(whole_view(bars()), np.random.default_rng(0))
    assert (found["place"][:, 0] >= 0).sum() == 9
    assert (found["heat"] == 1).sum() == 9
    for label, (cy, cx) in enumerate(found["place"][:9]):
        assert found["heat"][label, cy, cx] == 1
        assert found["weight"][cy, cx] == 1
    slots = found["chosen"] >= 0
    assert sorted(found["chosen"][slots]) == list(range(9))
    assert (found["masks"][slots] == 1).any((1, 2)).all()


def test_what_has_no_class_is_neither_asked_for_nor_forbidden():
    cell = bars()
    cell.labels[0] = -1
    found = targets(whole_view(cell), np.random.default_rng(0))
    left, top, right, bottom = (int(v) // CENTRE_STEP for v in cell.boxes[0])
    assert (found["weight"][top:bottom, left:right] == 0).all()
    assert (found["place"][:, 0] >= 0).sum() == 8


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

    def often(folder, save_last, every_n_train_steps):
        return checkpoint(folder, save_last=save_last, every_n_train_steps=1)

    monkeypatch.setattr(detection, "Views", recorded)
    monkeypatch.setattr(detection.lightning.pytorch.callbacks, "ModelCheckpoint", often)
    for steps in (1, 2):
        fit_detection([bars()], tmp_path, steps, batch=1)
    assert begun == [0, 1]
    assert torch.load(tmp_path / "last.ckpt", map_location="cpu", weights_only=True)["global_step"] == 2


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

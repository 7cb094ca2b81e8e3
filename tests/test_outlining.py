# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Training the outliner: what it is shown of a boxed metaphase, its loss, a small run that resumes, the exported file."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.datasets.splits import Entry, write_split
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.errors import DataError
from karyogram.files import write_picture
from karyogram.segment.outlines import SIDE
from karyogram.training.nets.refiner import Outliner
from karyogram.training.outline_run import train_outliner
from karyogram.training.outlines import Views, make_views
from karyogram.training.outlining import Batches, expose, fit_outliner, outline_loss
from karyogram.weights.record import open_model

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def boxed(tmp_path_factory):
    """A folder with one boxed, drawn metaphase, and what it gives to learn from."""
    folder = tmp_path_factory.mktemp("boxed")
    picture, truth = synth_metaphase(3)
    sides = np.array([-1, -1, 1, 1]) * MARGIN
    boxes = tuple(Box(c.label, tuple(map(float, np.array(c.bbox) + sides))) for c in truth.chromosomes)
    write_picture(folder / "images" / "one.png", picture)
    write_voc(folder / "annotations" / "one.xml", Annotation("one.png", truth.width, truth.height, boxes))
    write_split(folder / "split.csv", [Entry("one", "case", "train")])
    return folder, make_views(folder, ["one"], folder / "views", jobs=1)


def bars(number=4):
    """Views of a bar whose mask lacks a half, and whose lower half another crosses."""
    views, masks = np.zeros((number, 3, SIDE, SIDE), np.uint8), np.zeros((number, SIDE, SIDE), np.uint8)
    views[:, 0, 30:100, 58:72] = views[:, 0, 70:84, 20:110] = 200
    views[:, 1, 30:60, 58:72] = views[:, 2, 70:84, 20:110] = 255
    masks[:, 30:100, 58:72] = 1
    masks[:, 70:84, 58:72] = 2
    return Views(views, masks)


def test_a_boxed_metaphase_shows_masks_as_they_are_and_as_they_should_be(boxed):
    folder, (made,) = boxed
    assert made.views.shape == (len(made.masks), 3, SIDE, SIDE)
    assert len(made.masks) > 10
    own, others, true = made.views[:, 1] > 127, made.views[:, 2] > 127, made.masks > 0
    alike = (own & true).sum((1, 2)) / (own | true).sum((1, 2))
    assert 0.35 <= alike.min() < 0.9 < np.median(alike)
    assert others.any((1, 2)).all()
    assert (made.masks == 2).any()
    (again,) = make_views(folder, ["one"], folder / "views", jobs=1)
    assert np.array_equal(again.views, made.views)


def test_a_picture_that_cannot_be_read_is_left_out_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="nothing"):
        assert make_views(tmp_path, ["nothing"], tmp_path / "views", jobs=1) == []


def test_the_loss_is_least_for_the_truth_and_a_shared_pixel_counts_more():
    made = bars(1)
    masks, others = torch.from_numpy(made.masks), torch.from_numpy(made.views[:, 2] > 127)
    right = torch.where(masks > 0, 9.0, -9.0)
    assert outline_loss(right, masks, others) < 0.01 < 1 < outline_loss(-right, masks, others)
    shared, free = right.clone(), right.clone()
    shared[0, 70:84, 58:72] = free[0, 40:54, 58:72] = -9
    assert outline_loss(shared, masks, others) > 1.5 * outline_loss(free, masks, others)


def test_other_stains_leave_masks_alone():
    views = torch.from_numpy(bars(2).views).float() / 255
    torch.manual_seed(0)
    exposed = expose(views)
    assert torch.equal(exposed[:, 1:], views[:, 1:])
    assert not torch.equal(exposed[0, 0], exposed[1, 0])
    assert 0 <= exposed.min() <= exposed.max() <= 1


def test_batches_turn_view_and_mask_alike_and_go_on_where_they_stopped():
    made = bars(6)
    drawn = [batch for batch, _ in zip(Batches(made.views, made.masks, 2, seed=1), range(12), strict=False)]
    for views, masks in drawn:
        assert torch.equal(views[:, 0] > 0, (masks > 0) | (views[:, 2] > 0))
    assert len({bytes(views[0].numpy().tobytes()) for views, _ in drawn}) > 2
    later = next(iter(Batches(made.views, made.masks, 2, seed=1, step=7)))
    assert torch.equal(later[0], drawn[7][0])


def test_a_few_steps_mend_bars_and_a_run_resumes(tmp_path):
    made = bars()
    net = fit_outliner([made], tmp_path / "run", steps=30, batch=4).train()  # too few steps for the statistics of batch norms
    with torch.no_grad():
        drawn = net(torch.from_numpy(made.views).float() / 255) > 0
    own, true = torch.from_numpy(made.views[:, 1] > 127), torch.from_numpy(made.masks > 0)
    assert (drawn != true).sum() < 0.6 * (own != true).sum()
    before = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["global_step"]
    fit_outliner([made], tmp_path / "run", steps=32, batch=4)
    assert (before, torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["global_step"]) == (30, 32)


def test_nothing_to_learn_from_is_an_error(tmp_path):
    empty = Views(np.zeros((0, 3, SIDE, SIDE), np.uint8), np.zeros((0, SIDE, SIDE), np.uint8))
    with pytest.raises(DataError, match="nothing to learn from"):
        fit_outliner([empty], tmp_path, 1)


def test_untrained_it_begins_with_the_mask_as_it_is():
    net = Outliner().eval()
    torch.nn.init.zeros_(net.net.end.weight)
    torch.nn.init.zeros_(net.net.end.bias)
    views = torch.from_numpy(bars(1).views).float() / 255
    assert torch.equal(net(views) > 0, views[:, 1] > 0.5)


def test_the_command_writes_a_model_that_redraws(boxed, tmp_path):
    folder, _ = boxed
    arguments = [str(folder), "-o", str(tmp_path), "--split", str(folder / "split.csv"), "--steps", "2", "--name", "mine"]
    done = CliRunner().invoke(train_outliner, arguments)
    assert done.exit_code == 0, done.output
    model = open_model((tmp_path / "mine.onnx").read_bytes(), "outliner", 1)
    assert model.name == "mine"
    assert model.session.run(None, {"views": bars(2).views})[0].shape == (2, SIDE, SIDE)
    assert json.loads((tmp_path / "run.json").read_text())["steps"] == 2

# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Training: what happens to canvases and which end is up, the networks, a small run that resumes, and the exported file."""

from itertools import count, starmap

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.classify.predict import predict_canvases
from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.errors import DataError, ModelError
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.training.augment import augment
from karyogram.training.data import Samples, load_samples, make_table, save_samples
from karyogram.training.export import Exported, check_export, export
from karyogram.training.fit import Batches, Fitting, Recipe, fit
from karyogram.training.nets import NETS
from karyogram.training.nets.compact import Compact
from karyogram.training.orient import orient
from karyogram.weights.record import open_model

HOW = Preparation(height=56, width=24, scale=0.4)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def bars(number, height=64, width=32):
    """Canvases (N, 1, h, w) with an upright bar each, its upper half at 0.9, its lower half at 0.3, 0 around it."""
    canvases = torch.zeros(number, 1, height, width)
    canvases[:, :, 12:32, 10:22] = 0.9
    canvases[:, :, 32:52, 10:22] = 0.3
    return canvases


# augmentation


def test_augment_keeps_shape_range_and_the_empty_outside():
    canvases = bars(200)
    done, up = augment(canvases, torch.ones(200), generator())
    assert done.shape == canvases.shape
    assert up.shape == (200,)
    assert float(done.min()) == 0
    assert float(done.max()) <= 1
    assert bool((done[done > 0] >= 1 / 255 - 1e-6).all())
    assert bool((done[:, 0, [0, -1]] == 0).all())
    stained = (done > 0).float().sum((1, 2, 3)) / (canvases > 0).float().sum((1, 2, 3))
    assert float(stained.min()) > 0.4
    assert float(stained.max()) < 2.2


def test_augment_leaves_an_empty_canvas_empty():
    done, _ = augment(torch.zeros(8, 1, 64, 32), torch.full((8,), 0.5), generator())
    assert not done.any()


def test_augment_turns_up_with_half_turns():
    done, up = augment(bars(300), torch.full((300,), 0.95), generator(1))
    upper, lower = done[:, 0, :32].sum((1, 2)), done[:, 0, 32:].sum((1, 2))
    assert torch.equal(up > 0.5, upper > lower)
    assert set(np.round(up.tolist(), 3)) == {0.05, 0.95}
    assert 0.4 < float((up > 0.5).float().mean()) < 0.6


def test_augment_is_what_its_generator_makes_it():
    first, again, other = (augment(bars(4), torch.ones(4), generator(seed))[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


# which end is up


def drawn_canvas(label, rng, up):
    rod = draw_chromosome(label, rng, bend=0.3, angle=0.0 if up else 180.0)
    flat = np.clip(255 * np.exp(-rod.density), 0, 255).astype(np.uint8)
    return prepare(flat, Instance(rod.mask, 0, 0), Preparation())


def upright(label, rng, up):
    """Return (canvas, truth of up): the smallest rectangle decides which way the canvas is turned, as it does in use."""
    canvas = drawn_canvas(label, rng, up)
    return (canvas, up) if rng.random() < 0.5 else (np.ascontiguousarray(canvas[::-1, ::-1]), not up)


def test_orient_finds_the_right_end_of_every_class():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(24), 12)
    pairs = list(starmap(upright, ((LABELS[i], rng, bool(rng.random() < 0.5)) for i in labels)))
    up = orient(np.stack([canvas for canvas, _ in pairs]), labels)
    right = (up > 0.5) == np.array([truth for _, truth in pairs])
    assert right.mean() >= 0.9
    assert up.dtype == np.float32
    assert 0 <= up.min() <= up.max() <= 1


def test_orient_learns_nothing_from_pictures_that_are_held_out():
    rng = np.random.default_rng(0)
    canvases = np.stack([upright("1", rng, up)[0] for up in (True, False) * 6])
    labels, learned = np.zeros(12, int), np.arange(12) < 6
    other = canvases.copy()
    other[~learned] = upright("9", rng, True)[0]
    one, two = (orient(each, labels, learned) for each in (canvases, other))
    assert np.array_equal(one[learned], two[learned])
    assert not np.array_equal(one[~learned], two[~learned])
    assert np.array_equal(one[learned], orient(canvases[learned], labels[learned]))


def test_orient_knows_nothing_of_what_is_no_chromosome():
    canvases = np.full((3, 112, 48), 100, np.uint8)
    assert orient(canvases, np.array([-1, -1, 4])).tolist() == [0.5, 0.5, 0.5]


# networks


def test_compact_gives_classes_up_and_whole():
    net = Compact().eval()
    for height, width in ((112, 48), (56, 24)):
        classes, up, whole = net(torch.rand(2, 1, height, width))
        assert (classes.shape, up.shape, whole.shape) == ((2, 24), (2,), (2,))
    assert NETS["compact-v1"] is Compact


def test_compact_tells_top_from_bottom():
    net = Compact().eval()
    canvas = bars(1, 112, 48)
    assert not torch.allclose(net(canvas)[1], net(canvas.flip(2))[1], atol=1e-6)


# export


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    net = Compact()
    return net, export(net, tmp_path_factory.mktemp("model") / "tiny.onnx", "tiny", HOW, temperature=1.5)


@pytest.mark.filterwarnings("ignore")
def test_the_exported_file_is_one_of_our_models(exported):
    net, path = exported
    model = open_model(path.read_bytes(), threads=1)
    assert model.name == "tiny"
    assert model.identity() == {"name": "tiny", "sha256": model.sha256}
    assert [p.name for p in path.parent.iterdir()] == ["tiny.onnx"]
    canvases = np.random.default_rng(0).integers(0, 256, (5, HOW.height, HOW.width)).astype(np.uint8)
    with torch.no_grad():
        classes, up, whole = net.eval()(torch.from_numpy(canvases)[:, None].float() / 255)
    found = predict_canvases(model, canvases, views=1)
    assert np.allclose(found.probabilities, torch.softmax(classes / 1.5, 1).numpy(), atol=1e-4)
    assert np.allclose(found.up, torch.sigmoid(up).numpy(), atol=1e-4)
    assert np.allclose(found.whole, torch.sigmoid(whole).numpy(), atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_canvas_upside_down_turns_only_up(exported):
    model = open_model(exported[1].read_bytes(), threads=1)
    canvases = np.random.default_rng(1).integers(0, 256, (3, HOW.height, HOW.width)).astype(np.uint8)
    plain, turned = predict_canvases(model, canvases), predict_canvases(model, canvases[:, ::-1])
    assert np.allclose(plain.probabilities, turned.probabilities, atol=1e-4)
    assert np.allclose(plain.whole, turned.whole, atol=1e-4)
    assert np.allclose(plain.up, 1 - turned.up, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_disagrees_with_torch_is_refused(exported):
    example = {"canvases": torch.zeros(1, HOW.height, HOW.width, dtype=torch.uint8)}
    with pytest.raises(ModelError, match="onnxruntime and torch differ"):
        check_export(Exported(Compact().eval()), exported[1].read_bytes(), example)


class Drifting(Compact):
    """Answers otherwise each time it is asked, which no file can."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        classes, up, whole = super().forward(x)
        return classes + self.calls, up, whole


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_disagrees_is_never_written(tmp_path):
    with pytest.raises(ModelError, match=r"bad\.onnx: not written: onnxruntime and torch differ"):
        export(Drifting(), tmp_path / "bad.onnx", "bad", HOW)
    assert not list(tmp_path.iterdir())


# a run


def random_samples(number=64, seed=0):
    """Canvases whose brightness tells one of four classes; every eighth is no chromosome; the last sixteen are for choosing."""
    rng = np.random.default_rng(seed)
    rows = [
        (-1 if i % 8 == 7 else i % 4, rng.random(), "val" if i >= number - 16 else "train", f"p{i}", f"p{i}", i)
        for i in range(number)
    ]
    canvases = np.zeros((number, HOW.height, HOW.width), np.uint8)
    canvases[:, 8:48, 6:18] = (np.arange(number) % 4 * 50 + 60)[:, None, None] + rng.integers(0, 20, (number, 40, 12))
    return Samples(canvases, make_table(rows), HOW)


def test_samples_come_back_as_they_were_saved(tmp_path):
    samples = random_samples()
    save_samples(tmp_path / "set", samples)
    again = load_samples(tmp_path / "set")
    assert np.array_equal(again.canvases, samples.canvases)
    assert np.array_equal(again.table, samples.table)
    assert again.how == HOW
    with pytest.raises(DataError, match="nowhere: no prepared samples"):
        load_samples(tmp_path / "nowhere")


def test_long_names_are_kept_whole():
    names = [f"{'a' * 200}{number}" for number in range(2)]
    table = make_table([(0, 1.0, "train", name, name, 0) for name in names])
    assert table["name"].tolist() == table["cell"].tolist() == names
    short = make_table([(0, 1.0, "train", "b", "b", 0)])
    assert np.concatenate([short, table])["name"].tolist() == ["b", *names]


def test_batches_shuffle_anew_each_epoch_and_leave_out_counterexamples():
    samples = random_samples()
    rows = np.flatnonzero(samples.table["part"] == "train")
    order = Batches(samples, rows, 16)
    assert np.array_equal(np.concatenate([b[1] for b in order]), samples.table["label"][rows])
    shuffled = Batches(samples, rows, 8, seed=0, share=0.0, epoch=count().__next__)
    first, second = ([b[0].sum().item() for b in shuffled] for _ in range(2))
    assert first != second
    assert all((labels >= 0).all() for _, labels, _ in shuffled)
    assert [b[0].sum().item() for b in Batches(samples, rows, 8, seed=0, share=0.0)] == first


@pytest.mark.filterwarnings("ignore")
def test_a_killed_run_resumes_from_its_last_checkpoint(tmp_path):
    samples = random_samples()
    before = fit(samples, Recipe(epochs=2, batch=16), tmp_path).net.state_dict()
    last = torch.load(tmp_path / "last.ckpt", map_location="cpu", weights_only=True)
    assert last["epoch"] == 1
    steps = last["global_step"]
    assert steps == 2 * (45 // 16)  # 42 chromosomes and half of the six counterexamples, whole batches only
    kept = fit(samples, Recipe(epochs=2, batch=16), tmp_path).net.state_dict()
    assert all(torch.equal(before[name], kept[name]) for name in before)


@pytest.mark.filterwarnings("ignore")
def test_a_killed_run_ends_as_if_nobody_had_killed_it(tmp_path, monkeypatch):
    samples, recipe = random_samples(), Recipe(epochs=3, batch=16)
    whole = fit(samples, recipe, tmp_path / "whole").net.state_dict()
    step = Fitting.training_step

    def killed(self, batch, number):
        if self.current_epoch == 1:
            raise RuntimeError("out of power")
        return step(self, batch, number)

    with monkeypatch.context() as patch:
        patch.setattr(Fitting, "training_step", killed)
        with pytest.raises(RuntimeError, match="out of power"):
            fit(samples, recipe, tmp_path / "killed")
    again = fit(samples, recipe, tmp_path / "killed").net.state_dict()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


@pytest.mark.filterwarnings("ignore")
def test_fewer_samples_than_a_batch_still_train(tmp_path):
    samples = random_samples(24)
    before = Fitting(Recipe(), 1).net.state_dict()
    fit(samples, Recipe(epochs=2, batch=128), tmp_path)
    last = torch.load(tmp_path / "last.ckpt", map_location="cpu", weights_only=True)
    assert last["global_step"] == 2
    assert not torch.equal(last["state_dict"]["net.head.weight"], before["head.weight"])


def test_without_samples_for_training_nothing_can_be_learned(tmp_path):
    samples = random_samples(16)  # all for choosing
    with pytest.raises(DataError, match="no whole chromosome is in the part train"):
        fit(samples, Recipe(epochs=1), tmp_path)


def test_a_start_that_is_no_checkpoint_is_named(tmp_path):
    (tmp_path / "start.ckpt").write_bytes(b"no")
    with pytest.raises(DataError, match=r"start\.ckpt: no checkpoint of compact-v1"):
        fit(random_samples(), Recipe(epochs=1), tmp_path, tmp_path / "start.ckpt")


@pytest.mark.filterwarnings("ignore")
def test_a_run_can_start_from_the_weights_of_another(tmp_path):
    samples = random_samples()
    fit(samples, Recipe(epochs=1, batch=16), tmp_path / "first")
    start = tmp_path / "first" / "last.ckpt"
    first = torch.load(start, map_location="cpu", weights_only=True)["state_dict"]
    second = fit(samples, Recipe(epochs=1, batch=16, rate=1e-9), tmp_path / "second", start).net.state_dict()
    assert torch.allclose(second["head.weight"], first["net.head.weight"], atol=1e-6)

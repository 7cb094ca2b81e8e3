# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""A run of training: its samples and batches, and that it resumes."""

from itertools import count

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.classify.prepare import Preparation
from karyogram.errors import DataError
from karyogram.training.data import Samples, load_samples, make_table, save_samples
from karyogram.training.fit import Batches, Fitting, Recipe, fit

HOW = Preparation(height=56, width=24, scale=0.4)


pytestmark = pytest.mark.usefixtures("one_thread")


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

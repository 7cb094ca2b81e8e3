"""The engine benchmark: all ways to feed a network show what they should, and rates are counted right."""

import importlib.util
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest

from karyogram.files import write_picture

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """The benchmark as a module that finds no real pictures."""
    spec = importlib.util.spec_from_file_location("engine", Path(__file__).parents[1] / "benchmarks" / "engine.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.DATA = tmp_path_factory.mktemp("empty")
    return module


@pytest.fixture(scope="module")
def drawn(engine):
    return engine.read_set(6)


def test_chromosomes_are_drawn_where_there_are_no_pictures(drawn):
    name, pictures, labels = drawn
    assert name == "drawn"
    assert len(pictures) == len(labels) == 6
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert picture.min() < 100
        assert (picture[:4] == 255).all()


def test_each_way_feeds_batches_of_its_size_for_ever(engine, drawn):
    _, pictures, labels = drawn
    for feed, shape in (
        (engine.feed_canvases(pictures, labels, 4), (4, 1, 112, 48)),
        (engine.feed_tensor(pictures, labels, 64, 4), (4, 1, 64, 64)),
    ):
        for inputs, answers in islice(feed, 3):  # more than an epoch
            assert inputs.shape == shape
            assert inputs.dtype == torch.float32
            assert 0 <= float(inputs.min()) < float(inputs.max()) <= 1
            assert set(answers.tolist()) <= set(labels.tolist())


def test_pil_keeps_the_chromosome_and_changes_it_each_time(engine, drawn, tmp_path):
    _, pictures, labels = drawn
    paths = [write_picture(tmp_path / f"{number}.png", picture) for number, picture in enumerate(pictures)]
    files = engine.Files(paths, labels, 112, 48)
    assert len(files) == 6
    (first, label), (second, _) = files[2], files[2]
    assert label == labels[2]
    assert first.shape == (1, 112, 48)
    assert not torch.equal(first, second)
    for picture in (first, second):
        assert float(picture.min()) < 0.5
        assert float(picture.max()) > 0.75
        assert float((picture < 0.7).float().mean()) > 0.02


def test_rates_leave_out_the_first_batches(engine, monkeypatch):
    clock = count(0.0, 2.0)
    monkeypatch.setattr(engine.time, "perf_counter", lambda: next(clock))
    steps = []
    feed = ((torch.zeros(5, 1), torch.zeros(5)) for _ in range(100))
    assert engine.rate(feed, 4, lambda *_: steps.append(1)) == 4 * 5 / 2.0
    assert len(steps) == 4 + engine.WARM
    assert len(list(feed)) == 96 - engine.WARM


def test_a_summary_compares_medians(engine):
    ways = ("array 112x48", "files 112x48", "array 224x224", "files 224x224")
    turns = [dict(zip(ways, rates, strict=True)) for rates in ((10, 1, 4, 2), (30, 3, 6, 2), (20, 2, 500, 2))]
    told = engine.summary(turns)
    assert told["pictures_a_second"] == {"array 112x48": 20, "files 112x48": 2, "array 224x224": 6, "files 224x224": 2}
    assert list(told["times_as_fast"].values()) == [10, 3, 10]


def test_a_training_step_changes_the_network(engine):
    torch.manual_seed(0)
    step = engine.training_step()
    net = next(cell.cell_contents for cell in step.__closure__ if isinstance(cell.cell_contents, torch.nn.Module))
    before = net.head.weight.detach().clone()
    step(torch.rand(2, 1, 16, 16), torch.tensor([0, 1]))
    assert not torch.equal(before, net.head.weight)

# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Training canvases are turned, bent and exposed anew, and nothing falls out of them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.training.augment import augment


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def bars(number, height=64, width=32):
    """Canvases (N, 1, h, w) with an upright bar each, its upper half at 0.9, its lower half at 0.3, 0 around it."""
    canvases = torch.zeros(number, 1, height, width)
    canvases[:, :, 12:32, 10:22] = 0.9
    canvases[:, :, 32:52, 10:22] = 0.3
    return canvases


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

# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""Training the segmenter: what it is shown, and what it should answer."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.records import Instance
from karyogram.segment.peaks import CENTRE_STEP, MASK_STEP, WINDOW
from karyogram.training.cells import EDGE
from karyogram.training.views import (
    CROSSED,
    OPEN,
    OTHERS,
    SIDE,
    cut_view,
    mask_target,
    paste,
    targets,
)
from nine_bars import bars

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

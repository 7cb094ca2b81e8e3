"""What the detector is shown and should answer: squares of boxed cells, into which chromosomes of the same cell are pasted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from karyogram.datasets.compose import Scene, find_place, pose
from karyogram.datasets.cutouts import to_density, to_grey
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.segment.peaks import CENTRE_STEP, MASK_STEP, WINDOW
from karyogram.training.cells import EDGE, SHARED, Cell

#: A training picture is a square of this many pixels; at most so many chromosomes in it, and so many of these with masks.
SIDE, MOST, MASKS = 448, 96, 14
#: Of the chromosomes with masks so many may be pasted or lie under a pasted one.
PILED = 9
#: Values of a mask's target beside 0, not its own, and 1, its own: its own and another's too; another's, though in its box;
#: where nobody knows.
CROSSED, OTHERS, OPEN = 2, 3, 255
#: How a pasted chromosome lies: mostly across others.
PASTE = Scene(touching=0.3, crossing=0.6, bend=0.08)


@dataclass(eq=False)
class View:
    """A square cut out of a cell, turned and scaled at random, with the boxes and masks of what is in it."""

    absorbance: np.ndarray
    owners: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    exact: np.ndarray
    numbers: np.ndarray
    pasted: list[Instance]


def cut_view(cell: Cell, rng: np.random.Generator, side: int = SIDE) -> View:
    """Return a random square of a cell at a random one of eight poses and a scale near 1."""
    scale = float(np.exp(np.clip(rng.normal(0, 0.12), -0.3, 0.3)))
    height, width = cell.absorbance.shape
    reach = side / scale
    left = rng.uniform(min(0, width - reach), max(0, width - reach))
    top = rng.uniform(min(0, height - reach), max(0, height - reach))
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    absorbance = cv2.warpAffine(cell.absorbance, matrix, (side, side), flags=cv2.INTER_LINEAR)
    owners = cv2.warpAffine(cell.owners, matrix, (side, side), flags=cv2.INTER_NEAREST)
    boxes = cell.boxes * scale - np.array([left, top, left, top], np.float32) * scale
    if rng.random() < 0.5:
        absorbance, owners, boxes = absorbance.T, owners.T, boxes[:, [1, 0, 3, 2]]
    if rng.random() < 0.5:
        absorbance, owners = absorbance[:, ::-1], owners[:, ::-1]
        boxes = np.stack([side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]], 1)
    if rng.random() < 0.5:
        absorbance, owners = absorbance[::-1], owners[::-1]
        boxes = np.stack([boxes[:, 0], side - boxes[:, 3], boxes[:, 2], side - boxes[:, 1]], 1)
    clipped = np.clip(boxes, 0, side)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    seen = np.prod(clipped[:, 2:] - clipped[:, :2], 1) / np.maximum(area, 1)
    keep = np.flatnonzero(seen > 0.02)
    labels = np.where(seen >= 0.6, cell.labels, -1)[keep].astype(np.int16)
    return View(
        np.ascontiguousarray(absorbance),
        np.ascontiguousarray(owners),
        clipped[keep].astype(np.float32),
        labels,
        cell.exact[keep],
        keep + 1,
        [],
    )


def paste(view: View, cell: Cell, rng: np.random.Generator, most: int = 8) -> None:
    """Lay chromosomes of the same cell across what is in the view; optical densities add."""
    density = to_density(255 - view.absorbance)
    taken = view.owners > 0
    whole = np.flatnonzero(cell.exact & (cell.labels >= 0))
    boxes, labels = [], []
    for _ in range(int(rng.integers(0, most + 1)) if len(whole) and taken.any() else 0):
        number = int(whole[rng.integers(len(whole))])
        left, top, right, bottom = np.round(cell.boxes[number]).astype(int)
        window = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        own = cell.owners[window] == number + 1
        if own.sum() < 30:
            continue
        patch = pose(np.where(own, np.maximum(to_density(255 - cell.absorbance[window]), 1e-3), 0), rng, PASTE.bend, 1.0)
        place = find_place(patch > 0, taken, [Instance(taken, 0, 0)], rng, PASTE)
        if place is None:
            continue
        y, x = place
        h, w = patch.shape
        density[y : y + h, x : x + w] += patch
        taken[y : y + h, x : x + w] |= patch > 0
        view.pasted.append(Instance(patch > 0, x, y))
        boxes.append((x, y, x + w, y + h))
        labels.append(cell.labels[number])
    if boxes:
        view.absorbance = np.clip(255.5 - to_grey(density), 0, 255).astype(np.uint8)
        view.boxes = np.concatenate([view.boxes, np.array(boxes, np.float32)])
        view.labels = np.concatenate([view.labels, np.array(labels, np.int16)])
        view.exact = np.concatenate([view.exact, np.ones(len(boxes), bool)])
        view.numbers = np.concatenate([view.numbers, -1 - np.arange(len(boxes))])


def photograph(absorbance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the absorbance, uint8 (h, w), as another camera and another stain would give it."""
    values: np.ndarray = absorbance.astype(np.float32) / 255
    values = values ** np.float32(np.exp(rng.normal(0, 0.15))) * np.float32(np.exp(np.clip(rng.normal(0, 0.2), -0.5, 0.4)))
    values += np.float32(rng.normal(0, 0.01))
    if rng.random() < 0.4:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.3, 1.0))))
    if rng.random() < 0.5:
        values += rng.standard_normal(values.shape, np.float32) * np.float32(rng.uniform(0, 0.03))
    return np.clip(values * 255, 0, 255).astype(np.uint8)


def mask_target(view: View, number: int, window: tuple[int, int]) -> np.ndarray:
    """Return uint8 (WINDOW, WINDOW) for one chromosome of a view: 1 its own, 0 not its own, or one of the values above.

    ``window`` is (y, x) of the first mask feature, which may lie outside of the view.
    """
    side = view.owners.shape[0]
    own = view.numbers[number]
    others = (view.owners > 0) & (view.owners != own) & (view.owners != EDGE)
    for row, item in enumerate(view.pasted):
        if own != -1 - row:
            others[item.window()] |= item.mask
    left, top, right, bottom = np.round(view.boxes[number]).astype(int)
    inner = np.zeros(view.owners.shape, bool)
    inner[max(top, 0) : bottom, max(left, 0) : right] = True
    if own < 0:
        item = view.pasted[-1 - own]
        full = np.zeros(view.owners.shape, np.uint8)
        full[item.window()] = item.mask
    else:
        full = (view.owners == own).astype(np.uint8)
    full[others] = np.where(full[others] == 1, CROSSED, np.where(inner[others], OTHERS, 0))
    if own >= 0 and not view.exact[number]:
        outer = np.zeros(view.owners.shape, bool)
        outer[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3] = True
        full[((view.owners == SHARED) | (view.owners == EDGE)) & outer] = OPEN
        full[~outer] = 0
        full[outer & ~inner & ((full == 1) | (full == CROSSED))] = OPEN
    fine = full[1::MASK_STEP, 1::MASK_STEP]
    target = np.full((WINDOW, WINDOW), OPEN, np.uint8)
    y, x = window
    top, left, end = max(0, -y), max(0, -x), side // MASK_STEP
    bottom, right = min(WINDOW, end - y), min(WINDOW, end - x)
    target[top:bottom, left:right] = fine[y + top : y + bottom, x + left : x + right]
    return target


def targets(view: View, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return what the detector should answer to a view, in arrays of fixed size.

    ``heat`` float32 (24, s, s) and ``weight`` float32 (s, s) with s = SIDE / 4; ``place`` int64 (MOST, 2), the centre's cell
    (y, x), -1 where there is no more; ``boxes`` float32 (MOST, 4); ``chosen`` int64 (MASKS,), the rows that have a mask, -1
    for none; ``masks`` uint8 (MASKS, WINDOW, WINDOW).
    """
    side = view.owners.shape[0] // CENTRE_STEP
    heat, weight = np.zeros((len(LABELS), side, side), np.float32), np.ones((side, side), np.float32)
    place, boxes = np.full((MOST, 2), -1, np.int64), np.zeros((MOST, 4), np.float32)
    grid = np.arange(side, dtype=np.float32)
    count, rows = 0, []
    for number, (box, label) in enumerate(zip(view.boxes, view.labels, strict=True)):
        left, top, right, bottom = box / CENTRE_STEP
        if label < 0:
            weight[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = 0
            continue
        cy, cx = min(int((top + bottom) / 2), side - 1), min(int((left + right) / 2), side - 1)
        sigma = float(np.clip(0.08 * np.sqrt((right - left) * (bottom - top)), 0.6, 1.5))
        bell = np.exp(-((grid[:, None] - cy) ** 2 + (grid[None] - cx) ** 2) / (2 * sigma**2))
        np.maximum(heat[label], bell, out=heat[label])
        if count < MOST:
            place[count], boxes[count] = (cy, cx), box
            rows.append(number)
            count += 1
    for cy, cx in place[:count]:
        weight[cy, cx] = 1
    chosen, masks = np.full(MASKS, -1, np.int64), np.full((MASKS, WINDOW, WINDOW), OPEN, np.uint8)
    under = {int(owner) for item in view.pasted for owner in np.unique(view.owners[item.window()][item.mask])}
    order = rng.permutation(count).tolist()
    piled = [k for k in order if view.numbers[rows[k]] < 0 or int(view.numbers[rows[k]]) in under][:PILED]
    order = piled + [k for k in order if k not in piled]
    for slot, k in enumerate(order[:MASKS]):
        chosen[slot] = k
        masks[slot] = mask_target(view, rows[k], window_of(*place[k]))
    return {"heat": heat, "weight": weight, "place": place, "boxes": boxes, "chosen": chosen, "masks": masks}


def window_of(cy: int, cx: int) -> tuple[int, int]:
    """Return (y, x) of the first mask feature of the window around a centre's cell."""
    ratio = CENTRE_STEP // MASK_STEP
    return int(cy) * ratio + ratio // 2 - WINDOW // 2, int(cx) * ratio + ratio // 2 - WINDOW // 2


class Views(torch.utils.data.IterableDataset[dict[str, Tensor]]):
    """Endless batches: ``absorbance`` uint8 (N, 1, SIDE, SIDE) and the targets, stacked; by seed, from batch ``step`` on.

    A batch in which no chromosome is asked for is drawn anew: one of the cells must have one of known class.
    """

    def __init__(self, cells: Sequence[Cell], batch: int, seed: int, step: int = 0) -> None:
        self.cells, self.batch, self.seed, self.step = cells, batch, seed, step

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """Yield batches."""
        step = self.step
        while True:
            rng = np.random.default_rng((self.seed, step))
            rows: list[dict[str, np.ndarray]] = []
            while all((row["chosen"] < 0).all() for row in rows):
                rows = [self._row(rng) for _ in range(self.batch)]
            yield {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}
            step += 1

    def _row(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        cell = self.cells[int(rng.integers(len(self.cells)))]
        view = cut_view(cell, rng)
        paste(view, cell, rng)
        return {"absorbance": photograph(view.absorbance, rng)[None], **targets(view, rng)}

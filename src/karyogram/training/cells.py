"""Boxed metaphases to what the detector learns from: absorbance, and whose each stained pixel is, as far as boxes tell.

A box does not say which pixels in it are the chromosome's. But an object that fills one box is that chromosome, exactly, and a
stained pixel that lies in one box only is that chromosome's too. What remains, stain under several boxes, is left open.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.tseng import MARGIN
from karyogram.files import write_bytes
from karyogram.labels import INDEX
from karyogram.segment.levels import threshold_levels
from karyogram.segment.peaks import GRID, NET_SCALE
from karyogram.training.data import gather, read_boxed

#: Values of ``Cell.owners`` beside 0, the ground, and k + 1, box k: stain under several boxes, and the doubtful edge of stain.
SHARED, EDGE = 254, 255


@dataclass(frozen=True, eq=False)
class Cell:
    """One boxed metaphase at the detector's scale.

    ``absorbance`` uint8 (h, w): 255 minus the flattened picture. ``owners`` uint8 (h, w). ``boxes`` float32 (n, 4), tight.
    ``labels`` int16 (n,): class or -1. ``exact`` bool (n,): all pixels of the chromosome are marked as its own in ``owners``.
    """

    absorbance: np.ndarray
    owners: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    exact: np.ndarray


def read_cell(data: Path, name: str) -> list[Cell]:
    """Return the boxed metaphase ``name`` of a folder with images/ and annotations/; none if nothing can be told of it."""
    picture, truth = read_boxed(data / "images", data / "annotations", name)
    found = find_isolated(picture, truth)
    levels = threshold_levels(found.flat) if found else None
    if found is None or levels is None or len(truth.boxes) >= SHARED:
        return []
    drawn = np.array([box.bbox for box in truth.boxes], np.float32)
    boxes = drawn + np.array(MARGIN, np.float32) * (1, 1, -1, -1)
    tight = (boxes[:, 2:] <= boxes[:, :2]).any(1)  # a box that has no room for the margin was drawn without one
    boxes[tight] = drawn[tight]
    for box, item in found.whole.items():
        boxes[box] = item.bbox
    owners = (EDGE * (levels.masks[0] & ~levels.masks[2])).astype(np.uint8)
    inside, last = np.zeros(owners.shape, np.uint8), np.zeros(owners.shape, np.uint8)
    for number, (left, top, right, bottom) in enumerate(np.round(boxes).astype(int)):
        if number not in found.whole:
            window = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
            inside[window] += 1
            last[window] = number + 1
    stain = levels.masks[2]
    owners[stain & (inside == 1)] = last[stain & (inside == 1)]
    owners[stain & (inside >= 2)] = SHARED
    for number, item in found.whole.items():
        owners[item.window()][item.mask] = number + 1
    scale = NET_SCALE * found.scale
    height, width = (max(1, round(side * scale)) for side in owners.shape)
    labels = np.array([INDEX[box.label] if box.label else -1 for box in truth.boxes], np.int16)
    exact = np.isin(np.arange(len(boxes)), list(found.whole))
    absorbance = np.asarray(cv2.resize(255 - found.flat, (width, height), interpolation=cv2.INTER_AREA))
    small = np.asarray(cv2.resize(owners, (width, height), interpolation=cv2.INTER_NEAREST))
    return [Cell(absorbance, small, (boxes * scale).astype(np.float32), labels, exact)]


def save_cells(path: Path, cells: Sequence[Cell]) -> None:
    """Write the cells of one picture, none or one, into a compressed .npz; atomic."""
    buffer = io.BytesIO()
    arrays = {field.name: np.array([getattr(cell, field.name) for cell in cells]) for field in fields(Cell)}
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def make_cells(data: Path, names: Iterable[str], folder: Path, jobs: int = 2) -> list[Cell]:
    """Return the cells of ``names``, reading from ``folder`` what was prepared there before and preparing the rest."""

    def one(name: str) -> list[Cell]:
        path = folder / f"{name}.npz"
        if not path.is_file():
            cells = read_cell(data, name)
            save_cells(path, cells)
            return cells
        with np.load(path) as saved:
            return [Cell(*row) for row in zip(*(saved[field.name] for field in fields(Cell)), strict=True)]

    folder.mkdir(parents=True, exist_ok=True)
    return gather(one, names, jobs)


def show_cells(cells: Sequence[Cell], number: int) -> list[np.ndarray]:
    """Return so many of the cells, evenly chosen, as a segmenter takes them: flattened, uint8 (1, h, w), sides padded."""
    chosen = cells[:: max(1, len(cells) // number)][:number]
    return [
        np.pad(255 - cell.absorbance, [(0, -side % GRID) for side in cell.absorbance.shape], constant_values=255)[None]
        for cell in chosen
    ]

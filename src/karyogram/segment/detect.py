"""Chromosomes by a detector: peaks of its centre maps, a mask drawn by the filter found at each, duplicates dropped."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit

from karyogram.records import Instance
from karyogram.segment.levels import Levels
from karyogram.segment.objects import fill_holes, largest_component
from karyogram.weights.record import Model

#: The detector sees a cell at this share of the reference size; its input is padded to a multiple of ``GRID`` pixels.
NET_SCALE, GRID = 0.75, 32
#: Layout of the detector's outputs: pixels of its input between two centres' places, between two mask features.
CENTRE_STEP, MASK_STEP = 4, 2
#: Mask features; a filter is two hidden layers of as many channels and one output, with biases, on features and place.
MASK_FEATURES = 8
LAYERS = ((MASK_FEATURES + 2, 8), (8, 8), (8, 1))
FILTER = sum(inputs * outputs + outputs for inputs, outputs in LAYERS)
#: A mask is drawn in a window of this many mask features a side; places in it are given in this many input pixels.
WINDOW, PLACE = 96, 64

#: A centre is looked at from this probability of any one class on, and at most so many of them.
LEAST, MOST = 0.08, 160
#: Two detections whose masks are this much alike (IoU), or one of which holds this share of the other, are one chromosome.
SAME, HELD = 0.5, 0.85


@dataclass(frozen=True, eq=False)
class Maps:
    """What the detector says of a picture, float32, at its own scale.

    ``centres`` (24, h/4, w/4): probability of a centre of each class. ``reach`` (4, h/4, w/4): left, up, right, down from
    there, in input pixels. ``filters`` (169, h/4, w/4). ``features`` (8, h/2, w/2).
    """

    centres: np.ndarray
    reach: np.ndarray
    filters: np.ndarray
    features: np.ndarray


@dataclass(frozen=True, eq=False)
class Detections:
    """``instances``, N of them, and the detector's own opinion on their classes, float (N, 24), not normalised."""

    instances: list[Instance]
    classes: np.ndarray


def segment_learned(flat: np.ndarray, model: Model, levels: Levels, scale: float) -> Detections:
    """Return the chromosomes of a flattened picture, uint8 (H, W); ``scale`` brings the cell to the reference size."""
    factor = scale * model.metadata["scale"]
    return detect(predict_maps(model, flat, factor), levels.masks[0], factor)


def predict_maps(model: Model, flat: np.ndarray, scale: float) -> Maps:
    """Ask the detector about a flattened picture, uint8 (H, W); ``scale`` brings the cell to the detector's size."""
    height, width = (max(1, round(side * scale)) for side in flat.shape)
    small = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, 0, -height % GRID, 0, -width % GRID, cv2.BORDER_CONSTANT, value=255)
    centres, reach, filters, features = (out[0] for out in model.session.run(None, {"picture": small[None]}))
    return Maps(expit(centres), reach, filters, features)


def detect(maps: Maps, stain: np.ndarray, scale: float) -> Detections:
    """Turn the detector's maps into chromosomes of the picture; masks may overlap, scores are the detector's.

    ``stain`` is bool (H, W), what is stained at a lenient threshold: masks end where it ends.
    """
    rows, columns = _peaks(maps.centres)
    if not len(rows):
        return Detections([], np.zeros((0, maps.centres.shape[0])))
    classes = maps.centres[:, rows, columns].T.astype(np.float64)
    drawn = _draw(maps, rows, columns)
    reach = maps.reach[:, rows, columns].T
    found = [_place(logits, r, c, box, stain, scale) for logits, r, c, box in zip(drawn, rows, columns, reach, strict=True)]
    scores = np.minimum(classes.sum(1), 1)
    kept: list[Instance] = []
    opinions: list[np.ndarray] = []
    for index in np.argsort(-classes.max(1), kind="stable"):
        item = found[index]
        if item is None:
            continue
        twin = next((k for k, other in enumerate(kept) if _alike(item, other)), None)
        if twin is None:
            kept.append(Instance(item.mask, item.x, item.y, float(scores[index])))
            opinions.append(classes[index])
        else:
            opinions[twin] = np.maximum(opinions[twin], classes[index])
    return Detections(kept, np.array(opinions).reshape(len(kept), classes.shape[1]))


def _peaks(centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, columns) of the cells that are the highest around in the map of one class or more, best first."""
    highest = np.stack([cv2.dilate(c, np.ones((3, 3), np.uint8)) for c in centres])
    peak = np.where((centres >= highest) & (centres >= LEAST), centres, 0).max(0)
    rows, columns = np.nonzero(peak)
    order = np.argsort(-peak[rows, columns])[:MOST]
    return rows[order], columns[order]


def _draw(maps: Maps, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return mask logits float32 (n, WINDOW, WINDOW) around each centre."""
    half = WINDOW // 2
    padded = np.pad(maps.features, ((0, 0), (half, half), (half, half)))
    ratio = CENTRE_STEP // MASK_STEP
    windows = [padded[:, y : y + WINDOW, x : x + WINDOW] for y, x in zip(*_first(rows, columns, ratio), strict=True)]
    steps = ((np.arange(WINDOW) + 0.5 - half) * MASK_STEP / PLACE).astype(np.float32)
    grid = np.broadcast_to(np.stack(np.meshgrid(steps, steps, indexing="ij")), (len(rows), 2, WINDOW, WINDOW))
    x = np.concatenate([np.stack(windows), grid], 1).reshape(len(rows), MASK_FEATURES + 2, -1)
    for number, (weight, bias) in enumerate(_layers(maps.filters[:, rows, columns].T)):
        x = weight @ x + bias
        x = np.maximum(x, 0, out=x) if number < len(LAYERS) - 1 else x
    return x.reshape(len(rows), WINDOW, WINDOW)


def _first(rows: np.ndarray, columns: np.ndarray, ratio: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (y, x) of the first feature of each window in the padded maps."""
    return rows * ratio + ratio // 2, columns * ratio + ratio // 2


def _layers(filters: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (weight (n, out, in), bias (n, out, 1)) of the layers of filters (n, FILTER)."""
    start = 0
    for inputs, outputs in LAYERS:
        middle, end = start + inputs * outputs, start + inputs * outputs + outputs
        yield filters[:, start:middle].reshape(-1, outputs, inputs), filters[:, middle:end, None]
        start = end


def _place(logits: np.ndarray, row: int, column: int, reach: np.ndarray, stain: np.ndarray, scale: float) -> Instance | None:
    """Return a drawn mask in the picture's pixels, inside its box and the stain; None if nothing is left."""
    height, width = stain.shape
    centre = np.array([column + 0.5, row + 0.5]) * CENTRE_STEP
    slack = 0.08 * (reach[:2] + reach[2:]) + 3
    left, top = np.maximum(np.floor((centre - reach[:2] - slack) / scale), 0).astype(int)
    right, bottom = np.minimum(np.ceil((centre + reach[2:] + slack) / scale), (width, height)).astype(int)
    if right <= left or bottom <= top:
        return None
    step = scale / MASK_STEP
    first = (np.array([column, row]) * CENTRE_STEP + CENTRE_STEP / 2) / MASK_STEP - WINDOW // 2
    matrix = np.array([[step, 0, (left + 0.5) * step - 0.5 - first[0]], [0, step, (top + 0.5) * step - 0.5 - first[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(logits, matrix, (right - left, bottom - top), flags=flags, borderValue=-10)
    mask = fill_holes(largest_component((large > 0) & stain[top:bottom, left:right]))
    if not mask.any():
        return None
    xmin, ymin, xmax, ymax = Instance(mask, 0, 0).bbox
    return Instance(mask[ymin:ymax, xmin:xmax], left + xmin, top + ymin)


def _alike(one: Instance, other: Instance) -> bool:
    """Tell whether two masks show the same chromosome."""
    common = one.common(other)
    a, b = one.area, other.area
    return common > SAME * (a + b - common) or common > HELD * min(a, b)

"""Chromosomes by a detector: peaks of its centre maps, a mask drawn by the filter found at each, and how sure each is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.special import expit, logit

from karyogram.records import Instance
from karyogram.segment.classical import Judge
from karyogram.segment.levels import Levels
from karyogram.segment.objects import fill_holes, largest_component
from karyogram.shape.size import mean_area
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
#: Two candidates whose masks are this much alike (IoU), or one of which holds this share of the other, are one chromosome.
SAME, HELD = 0.5, 0.85
#: How sure a candidate is: log-odds = weights * (log of the sum and of the highest of its class probabilities, log-odds of the
#: judge, IoU of its mask's box and its reach, log of its area in mean chromosomes, 1); fitted on validation pictures.
QUALITY = (0.61, 0.72, 0.83, 0.27, 1.45, 0.92)
#: A broken mask's parts count from this share of the largest part's area on.
PART = 0.12
#: Candidates less sure than this are not worth a thought.
DOUBT = 0.03


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
    """``instances``, N of them; the detector's opinion on their classes, float (N, 24), not normalised; and ``fit`` (N,).

    The fit is the IoU of the box of the mask and of the box that the reach tells.
    """

    instances: list[Instance]
    classes: np.ndarray
    fit: np.ndarray


def segment_learned(flat: np.ndarray, model: Model, judge: Judge, levels: Levels, scale: float) -> Detections:
    """Return candidates for chromosomes of a flattened picture, uint8 (H, W), some of them rivals for one chromosome.

    Masks may overlap; scores are how sure each is a chromosome. ``scale`` brings the cell to the reference size, ``judge``
    says what looks like one whole chromosome.
    """
    factor = scale * model.metadata["scale"]
    candidates = find_candidates(predict_maps(model, flat, factor), levels.masks[0], factor)
    return rate(candidates, quality(candidates, judge(candidates.instances), mean_area(scale)))


def predict_maps(model: Model, flat: np.ndarray, scale: float) -> Maps:
    """Ask the detector about a flattened picture, uint8 (H, W); ``scale`` brings the cell to the detector's size."""
    height, width = (max(1, round(side * scale)) for side in flat.shape)
    small = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, 0, -height % GRID, 0, -width % GRID, cv2.BORDER_CONSTANT, value=255)
    centres, reach, filters, features = (out[0] for out in model.session.run(None, {"picture": small[None]}))
    return Maps(expit(centres), reach, filters, features)


def find_candidates(maps: Maps, stain: np.ndarray, scale: float) -> Detections:
    """Draw what the detector sees at each peak of its maps: every chromosome, some of them twice, and things that are none.

    ``stain`` is bool (H, W), what is stained at a lenient threshold: masks end where it ends. ``scale`` brings the picture to
    the maps' size.
    """
    rows, columns = _peaks(maps.centres)
    drawn = _draw(maps, rows, columns) if len(rows) else []
    boxes = _boxes(maps.reach[:, rows, columns].T, rows, columns)
    found = [_place(*each, stain, scale) for each in zip(drawn, rows, columns, boxes, strict=True)]
    kept = [number for number, item in enumerate(found) if item is not None]
    instances = [item for item in found if item is not None]
    fit = [_iou(np.array(item.bbox) * scale, boxes[number]) for item, number in zip(instances, kept, strict=True)]
    return Detections(instances, maps.centres[:, rows[kept], columns[kept]].T.astype(np.float64), np.array(fit))


def quality(found: Detections, whole: np.ndarray, mean: float) -> np.ndarray:
    """Return how sure each candidate is one chromosome, float (N,), 0..1.

    ``whole`` (N,) is the judge's opinion, ``mean`` the area of a mean chromosome in pixels.
    """
    area = np.array([item.area for item in found.instances]) / mean
    cues = (np.log(np.minimum(found.classes.sum(1), 1.5) + 0.01), np.log(found.classes.max(1, initial=0) + 0.01))
    cues += (logit(np.clip(whole, 1e-4, 1 - 1e-4)), found.fit, np.log(area), np.ones(len(area)))
    return np.asarray(expit(np.tensordot(QUALITY, cues, 1)))


def rate(found: Detections, sure: np.ndarray) -> Detections:
    """Return the candidates, the surest first, without very doubtful ones; ``sure`` float (N,) becomes their scores."""
    kept = [number for number in np.argsort(-sure, kind="stable").tolist() if sure[number] >= DOUBT]
    instances = [replace(found.instances[number], score=float(sure[number])) for number in kept]
    return Detections(instances, found.classes[kept], found.fit[kept])


def find_rivals(instances: Sequence[Instance]) -> list[tuple[int, int]]:
    """Return the pairs, as numbers, whose masks show the same chromosome: only one of each pair can be right."""
    return [(a, b) for b in range(len(instances)) for a in range(b) if _alike(instances[a], instances[b])]


def _peaks(centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, columns) of the cells that are the highest around in the map of one class or more, best first."""
    highest = np.stack([cv2.dilate(each, np.ones((3, 3), np.uint8)) for each in centres])
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


def _boxes(reach: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return boxes (n, 4) in input pixels: left, top, right, bottom."""
    centres = (np.stack([columns, rows], 1) + 0.5) * CENTRE_STEP
    return np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], 1)


def _place(logits: np.ndarray, row: int, column: int, box: np.ndarray, stain: np.ndarray, scale: float) -> Instance | None:
    """Return a drawn mask in the picture's pixels, inside its box and the stain; None if nothing is left."""
    height, width = stain.shape
    slack = 0.08 * (box[2:] - box[:2]) + 3
    left, top = np.maximum(np.floor((box[:2] - slack) / scale), 0).astype(int)
    right, bottom = np.minimum(np.ceil((box[2:] + slack) / scale), (width, height)).astype(int)
    if right <= left or bottom <= top:
        return None
    step = scale / MASK_STEP
    first = (np.array([column, row]) * CENTRE_STEP + CENTRE_STEP / 2) / MASK_STEP - WINDOW // 2
    matrix = np.array([[step, 0, (left + 0.5) * step - 0.5 - first[0]], [0, step, (top + 0.5) * step - 0.5 - first[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(logits, matrix, (right - left, bottom - top), flags=flags, borderValue=-10)
    mask = _whole((large > 0) & stain[top:bottom, left:right], box / scale - np.array([left, top, left, top]))
    if not mask.any():
        return None
    xmin, ymin, xmax, ymax = Instance(mask, 0, 0).bbox
    return Instance(mask[ymin:ymax, xmin:xmax], int(left) + xmin, int(top) + ymin)


def _whole(mask: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return a drawn mask, bool (h, w), as one piece: the largest, or all large ones bridged if these fill the box better.

    A mask may break where another chromosome lies across.
    """
    largest = fill_holes(largest_component(mask))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA] * (np.arange(len(stats)) > 0)
    parts = np.flatnonzero(areas >= PART * max(areas.max(), 1))
    if len(parts) < 2:
        return largest
    together = fill_holes(_bridge(labels, parts[np.argsort(-areas[parts])].tolist()))
    fits = [_iou(np.array(Instance(each, 0, 0).bbox), box) for each in (largest, together)]
    return together if fits[1] > fits[0] else largest


def _bridge(labels: np.ndarray, parts: list[int]) -> np.ndarray:
    """Join parts of a label image (h, w), the largest first: each straight to what it faces, as wide as they are."""
    joined = (labels == parts[0]).astype(np.uint8)
    width = max(1, round(1.6 * float(cv2.distanceTransform(np.pad(joined, 1), cv2.DIST_L2, 5).max())))
    for part in parts[1:]:
        distance, nearest = cv2.distanceTransformWithLabels(1 - joined, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        facing = (labels == part) & (distance <= distance[labels == part].min() + 2)
        faced = np.isin(nearest, nearest[facing]) & (joined > 0)
        ends = [tuple(np.argwhere(each).mean(0).round().astype(int)[::-1].tolist()) for each in (facing, faced)]
        cv2.line(joined, *ends, 1, width)
        joined[labels == part] = 1
    return joined > 0


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    """Return the intersection over union of two boxes (left, top, right, bottom)."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    return common / float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - common)


def _alike(one: Instance, other: Instance) -> bool:
    """Tell whether two masks show the same chromosome."""
    common = one.common(other)
    a, b = one.area, other.area
    return common > SAME * (a + b - common) or common > HELD * min(a, b)

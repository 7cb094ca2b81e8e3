"""Masks parted, joined and drawn by hand: lines and masks in, masks out. Coordinates are pixels of the picture."""

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np

from karyogram.errors import EditError
from karyogram.records import Instance
from karyogram.segment.cuts import crop
from karyogram.segment.drawing import bridge
from karyogram.segment.objects import fill_holes

#: A mask of fewer pixels is no chromosome; what a cut leaves of that size goes to the part beside it.
LEAST = 30
#: A line that ends so many pixels short of the edge still cuts.
REACH = 4.0
#: Parts further from each other than so many of their widths are not joined.
GAP = 3.0

#: Two masks that share so much (IoU) are one.
ALIKE = 0.8

Line = Sequence[Sequence[float]]


def cut(item: Instance, line: Line) -> list[Instance]:
    """Return the two or more parts into which a line cuts a mask, the largest first; the line's pixels go to the nearest part.

    Raises EditError if the line does not part the mask.
    """
    canvas = np.pad(item.mask, 1).astype(np.uint8)
    origin = (item.x - 1, item.y - 1)
    _draw(canvas, _prolong(np.array(line, float)), origin, 0, 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(canvas, connectivity=4)
    large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= LEAST]
    if len(large) < 2:
        raise EditError("the line does not part the chromosome: draw it from edge to edge, with a chromosome on either side")
    nearest = np.argmin([_distance(labels == i) for i in large], axis=0)
    parts = [crop((nearest == k) & (np.pad(item.mask, 1)), *origin) for k in range(len(large))]
    return sorted(parts, key=lambda part: -part.area)


def join(items: Sequence[Instance]) -> Instance:
    """Return the union of masks as one piece; gaps between its parts are bridged straight, as wide as they are.

    Raises EditError if a part lies more than ``GAP`` widths from all others.
    """
    mask, x, y = _union(items)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    parts = sorted(range(1, count), key=lambda i: -stats[i, cv2.CC_STAT_AREA])
    joined = labels == parts[0]
    reach = GAP * 2 * float(_depth(joined).max())
    order, rest = [parts[0]], parts[1:]
    while rest:
        away = _distance(np.isin(labels, order))
        gaps = {part: float(away[labels == part].min()) for part in rest}
        near = min(rest, key=lambda part: gaps[part])
        if gaps[near] > reach:
            raise EditError(f"too far apart to be one chromosome: {gaps[near]:.0f} pixels")
        order.append(near)
        rest.remove(near)
    return crop(fill_holes(bridge(labels, order)), x, y)


def enclose(polygon: Line, size: tuple[int, int]) -> Instance:
    """Return what a closed outline encloses of a picture of ``size`` (H, W). Raises EditError if that is no chromosome."""
    points = np.rint(np.clip(np.array(polygon, float), -1, (size[1], size[0]))).astype(np.int32)
    canvas = np.zeros(size, np.uint8)
    cv2.fillPoly(canvas, [points], (1,))
    if canvas.sum() < LEAST:
        raise EditError(f"the outline encloses fewer than {LEAST} pixels of the picture")
    return crop(canvas > 0, 0, 0)


def part(items: Sequence[Instance], strokes: Sequence[Line]) -> list[Instance]:
    """Return the chromosomes of a cluster, one for each stroke drawn along one: every pixel goes to the nearest stroke.

    Where strokes cross the chromosomes lie across each other: there each has the pixels as near to its stroke as its edge is
    where it lies free. Raises EditError if a stroke is left with fewer than ``LEAST`` pixels, or with
    what another has.
    """
    mask, x, y = _union(items)
    ways = [_draw(np.zeros(mask.shape, np.uint8), np.array(stroke, float), (x, y), 1, 1) > 0 for stroke in strokes]
    if not all((way & mask).any() for way in ways):
        raise EditError("a stroke does not touch the chromosomes it should part")
    away = np.array([_distance(way) for way in ways])
    nearest, depth = away.argmin(0), _depth(mask)
    bands = [_band(way & mask, distance, depth) & mask for way, distance in zip(ways, away, strict=True)]
    found = []
    for number, band in enumerate(bands):
        own = mask & (nearest == number)
        for other, crossed in enumerate(bands):
            if other != number:
                own |= _touching(band & crossed, _thick(ways[number]) & ways[other])
        if own.sum() < LEAST:
            raise EditError(f"too little is left for stroke {number + 1}: draw it along the whole chromosome")
        found.append(crop(own, x, y))
    if any(_alike(one, other) for one, other in combinations(found, 2)):
        raise EditError("two strokes run along the same chromosome")
    return found


def _alike(one: Instance, other: Instance) -> bool:
    common = one.common(other)
    return common > ALIKE * (one.area + other.area - common)


def _band(way: np.ndarray, away: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Return what lies as near to a stroke as the edge does at most of its pixels, bool (h, w)."""
    return np.asarray(away <= np.median(depth[way]) + 0.5)


def _touching(region: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return the 8-connected parts of a region, bool (h, w), that hold a seed."""
    _, labels = cv2.connectedComponents(region.astype(np.uint8), connectivity=8)
    return np.isin(labels, np.setdiff1d(labels[seeds], 0))


def _union(items: Sequence[Instance]) -> tuple[np.ndarray, int, int]:
    """Return the union of masks, bool (h, w) with a pixel of ground around it, and where in the picture its corner lies."""
    windows = [item.window() for item in items]
    top, left = (min(window[axis].start for window in windows) - 1 for axis in (0, 1))
    bottom, right = (max(window[axis].stop for window in windows) + 1 for axis in (0, 1))
    mask = np.zeros((bottom - top, right - left), bool)
    for item, (rows, columns) in zip(items, windows, strict=True):
        mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] |= item.mask
    return mask, left, top


def _draw(canvas: np.ndarray, points: np.ndarray, origin: tuple[int, int], value: int, thickness: int) -> np.ndarray:
    """Draw a line of points (N, 2) x, y of the picture on a canvas whose corner is ``origin``, and return the canvas."""
    cv2.polylines(canvas, [np.rint(points - origin).astype(np.int32)], False, value, thickness)
    return canvas


def _prolong(points: np.ndarray) -> np.ndarray:
    """Return a line with both ends moved on by ``REACH``."""
    ends = [points[0] - points[min(1, len(points) - 1)], points[-1] - points[max(len(points) - 2, 0)]]
    steps = [REACH * end / max(float(np.hypot(*end)), 1e-6) for end in ends]
    return np.concatenate([[points[0] + steps[0]], points, [points[-1] + steps[1]]])


def _thick(way: np.ndarray) -> np.ndarray:
    return cv2.dilate(way.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _distance(mask: np.ndarray) -> np.ndarray:
    """Return how far each pixel lies from a mask, float (h, w)."""
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5))


def _depth(mask: np.ndarray) -> np.ndarray:
    """Return how far each pixel of a mask lies from its edge, float (h, w)."""
    return np.asarray(cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1])

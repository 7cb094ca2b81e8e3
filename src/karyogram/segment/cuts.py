"""Straight cuts through an object that could be two chromosomes touching."""

import cv2
import numpy as np

from karyogram.records import Instance
from karyogram.segment.objects import fill_holes, largest_component


def propose_cuts(item: Instance, width: float, most: int = 8) -> list[tuple[Instance, Instance]]:
    """Return up to ``most`` ways to cut an object in two, the most promising first.

    Where two chromosomes touch the outline has a notch. Each cut starts at a notch (a convexity defect of the
    outline deeper than
    a tenth of ``width``, the chromosomes' width in pixels) and ends at another notch or straight across; it is no longer than
    1.6 widths, and both parts are at least 0.6 widths square. Short cuts between deep notches come first.
    """
    contours, _ = cv2.findContours(item.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = max(contours, key=len)
    if len(line) < 20:
        return []
    notches = _notches(line, 0.1 * width)
    points = line[:, 0].astype(np.float32)
    ranked = sorted(_ends(points, notches, width), key=lambda cut: cut[0])
    found: list[tuple[Instance, Instance]] = []
    used: list[tuple[np.ndarray, np.ndarray]] = []
    for _, start, end in ranked:
        if len(found) == most:
            break
        if any(min(_apart(start, end, a, b), _apart(end, start, a, b)) < 0.3 * width for a, b in used):
            continue
        parts = _cut(item, start, end, 0.36 * width**2)
        if parts is not None:
            found.append(parts)
            used.append((start, end))
    return found


def _notches(line: np.ndarray, least: float) -> list[tuple[int, float]]:
    """Return (index on the outline, depth in pixels) of its notches."""
    hull = cv2.convexHull(line, returnPoints=False)
    try:
        defects = cv2.convexityDefects(line, hull)
    except cv2.error:  # an outline that crosses itself has no defects to speak of
        return []
    large = [] if defects is None else [(int(i), d / 256) for _, _, i, d in defects.reshape(-1, 4) if d / 256 >= least]
    return large + _bends(line, [i for i, _ in large])


def _bends(line: np.ndarray, known: list[int]) -> list[tuple[int, float]]:
    """Return sharp inward corners of the outline that no convexity defect ends in, with depth over a short span."""
    points = line[:, 0].astype(np.float32)
    span = 6
    middle = (np.roll(points, span, 0) + np.roll(points, -span, 0)) / 2
    side = np.roll(points, -span, 0) - np.roll(points, span, 0)
    offset = points - middle
    depth = (side[:, 0] * offset[:, 1] - side[:, 1] * offset[:, 0]) / (np.linalg.norm(side, axis=1) + 1e-3)
    sign = np.sign(cv2.contourArea(line, oriented=True)) or 1.0
    depth = depth * sign
    found: list[tuple[int, float]] = []
    for index in np.argsort(-depth):
        if depth[index] < 1.5:
            break
        near = [i for i, _ in found] + known
        if all(min(abs(index - i), len(points) - abs(index - i)) > span for i in near):
            found.append((int(index), float(depth[index])))
    return found


def _ends(points: np.ndarray, notches: list[tuple[int, float]], width: float) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Return (price, start, end) of the cuts from each notch: to each other notch, and to the nearest point across."""
    cuts = []
    n = len(points)
    for number, (i, depth) in enumerate(notches):
        for j, other in notches[number + 1 :]:
            length = float(np.linalg.norm(points[i] - points[j]))
            if length <= 1.6 * width:
                cuts.append((length / width - 0.3 * min(depth, other, width) / width, points[i], points[j]))
        steps = np.abs(np.arange(n) - i)
        far = np.minimum(steps, n - steps) > 1.5 * width
        if far.any():
            gaps = np.where(far, np.linalg.norm(points - points[i], axis=1), np.inf)
            j = int(gaps.argmin())
            if gaps[j] <= 1.6 * width:
                cuts.append((float(gaps[j]) / width + 0.2, points[i], points[j]))
    return cuts


def _apart(start: np.ndarray, end: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return float(max(np.linalg.norm(start - a), np.linalg.norm(end - b)))


def _cut(item: Instance, start: np.ndarray, end: np.ndarray, least: float) -> tuple[Instance, Instance] | None:
    """Cut along a line two pixels wide; its pixels go to the nearer part. None unless two parts of ``least`` pixels remain."""
    canvas = item.mask.astype(np.uint8)
    cv2.line(canvas, tuple(int(v) for v in start), tuple(int(v) for v in end), 0, 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(canvas, connectivity=4)
    large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= least]
    if len(large) != 2:
        return None
    distances = [cv2.distanceTransform((labels != i).astype(np.uint8), cv2.DIST_L2, 3) for i in large]
    first = item.mask & (distances[0] <= distances[1])
    return crop(first, item.x, item.y), crop(item.mask & ~first, item.x, item.y)


def crop(mask: np.ndarray, x: int, y: int) -> Instance:
    """Return the largest part of a bool (h, w) mask whose pixel [0, 0] is the picture's [y, x], cropped tight."""
    mask = fill_holes(largest_component(mask))
    xmin, ymin, xmax, ymax = Instance(mask, 0, 0).bbox
    return Instance(mask[ymin:ymax, xmin:xmax], x + xmin, y + ymin)

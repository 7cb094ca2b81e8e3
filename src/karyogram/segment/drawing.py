"""The detector's masks to masks of the picture: brought to its scale, and made one piece."""

import cv2
import numpy as np

from karyogram.records import Instance
from karyogram.segment.objects import fill_holes, largest_component
from karyogram.segment.peaks import CENTRE_STEP, MASK_STEP, WINDOW

#: Masks are learned from the second of every two pixels: so much of a feature to the right and below its middle.
SHIFT = 0.25
#: A broken mask's parts count from this share of the largest part's area on.
PART = 0.12


def place_mask(logits: np.ndarray, row: int, column: int, box: np.ndarray, stain: np.ndarray, scale: float) -> Instance | None:
    """Return a drawn mask in the picture's pixels, inside its box and the stain; None if nothing is left."""
    height, width = stain.shape
    slack = 0.08 * (box[2:] - box[:2]) + 3
    left, top = np.maximum(np.floor((box[:2] - slack) / scale), 0).astype(int)
    right, bottom = np.minimum(np.ceil((box[2:] + slack) / scale), (width, height)).astype(int)
    if right <= left or bottom <= top:
        return None
    step = scale / MASK_STEP
    first = (np.array([column, row]) * CENTRE_STEP + CENTRE_STEP / 2) / MASK_STEP - WINDOW // 2
    middle = 0.5 + SHIFT
    matrix = np.array([[step, 0, (left + 0.5) * step - middle - first[0]], [0, step, (top + 0.5) * step - middle - first[1]]])
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
    together = fill_holes(bridge(labels, parts[np.argsort(-areas[parts])].tolist()))
    fits = [box_iou(np.array(Instance(each, 0, 0).bbox), box) for each in (largest, together)]
    return together if fits[1] > fits[0] else largest


def bridge(labels: np.ndarray, parts: list[int]) -> np.ndarray:
    """Join ``parts`` of a label image (h, w), the largest first: each straight to what it faces, as wide as they are."""
    joined = (labels == parts[0]).astype(np.uint8)
    width = max(1, round(1.6 * float(cv2.distanceTransform(np.pad(joined, 1), cv2.DIST_L2, 5).max())))
    for part in parts[1:]:
        distance, nearest = cv2.distanceTransformWithLabels(1 - joined, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        facing = (labels == part) & (distance <= distance[labels == part].min() + 2)
        faced = np.isin(nearest, nearest[facing]) & (joined > 0)
        here, there = (np.argwhere(each).mean(0).round().astype(int)[::-1].tolist() for each in (facing, faced))
        cv2.line(joined, here, there, 1, width)
        joined[labels == part] = 1
    return joined > 0


def box_iou(one: np.ndarray, other: np.ndarray) -> float:
    """Return the intersection over union of two boxes (left, top, right, bottom)."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    return common / float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - common)

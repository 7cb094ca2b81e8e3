"""Masks that meet others, drawn once more pixel by pixel, now that it is known which chromosomes there are.

The detector draws a mask before anything is chosen, at less than half of the picture's resolution. Once the cell is chosen, a
small network looks at each chromosome that meets another: at the picture, at its own mask, and at those of all others.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from karyogram.metrics.masks import depth_map
from karyogram.records import Instance
from karyogram.segment.objects import fill_holes, largest_component
from karyogram.weights.record import Model

#: A view is a square of so many pixels of the reference size; a longer chromosome keeps its mask beyond.
SIDE = 128
#: So many views at a time: a crowded picture must not fill the memory.
BATCH = 16
#: Masks meet that come nearer to each other than this many pixels of the picture.
NEAR = 3
#: The level of thresholding at which redrawn masks end: there boxes fitted validation pictures best.
EDGE = 1
#: A mask that falls to pieces, the largest of which is no more than this share of it, is not believed.
WHOLE = 0.7


def redraw(flat: np.ndarray, instances: Sequence[Instance], stain: np.ndarray, scale: float, model: Model) -> list[Instance]:
    """Return the chromosomes of a flattened picture, uint8 (H, W), with better masks where they meet others.

    What is drawn ends where ``stain``, bool (H, W), ends. ``scale`` brings the cell to the reference size; ``model`` is of the
    kind "outliner".
    """
    depth, found = depth_map(instances, flat.shape), list(instances)
    meeting = [number for number, item in enumerate(instances) if meets(item, depth)]
    for start in range(0, len(meeting), BATCH):
        batch = meeting[start : start + BATCH]
        views = np.stack([show(flat, instances[number], depth, scale) for number in batch])
        for number, logits in zip(batch, model.session.run(None, {"views": views})[0], strict=True):
            found[number] = place(logits, instances[number], stain, scale)
    return found


def meets(item: Instance, depth: np.ndarray) -> bool:
    """Tell whether an instance comes near to another; ``depth``, uint8 (H, W), counts the masks on each pixel."""
    height, width = item.mask.shape
    top, left = max(item.y - NEAR, 0), max(item.x - NEAR, 0)
    around = depth[top : item.y + height + NEAR, left : item.x + width + NEAR]
    own = np.zeros(around.shape, np.uint8)
    own[item.y - top : item.y - top + height, item.x - left : item.x - left + width] = item.mask
    reach = cv2.dilate(own, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NEAR + 1,) * 2))
    return bool(((around > own) & (reach > 0)).any())


def show(flat: np.ndarray, item: Instance, depth: np.ndarray, scale: float) -> np.ndarray:
    """Return what the network looks at, uint8 (3, SIDE, SIDE), 255 for full: stain, the instance's own mask, all others."""
    own = np.zeros(depth.shape, np.uint8)
    own[item.window()] = item.mask
    return np.stack([crop(layer, item, scale) for layer in (255 - flat, 255 * own, 255 * (depth > own).astype(np.uint8))])


def crop(layer: np.ndarray, item: Instance, scale: float) -> np.ndarray:
    """Return the square of a picture's layer, uint8 (H, W), around an instance, at the reference size: (SIDE, SIDE)."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(layer, _to_picture(item, scale), (SIDE, SIDE), flags=flags))


def place(logits: np.ndarray, item: Instance, stain: np.ndarray, scale: float) -> Instance:
    """Return an instance with the mask that the network drew, float (SIDE, SIDE), within ``stain``, or else as it was."""
    matrix, rim = _to_picture(item, scale), round(SIDE / 2 / scale)  # a view ends no farther from the mask than that
    (height, width), left, top = item.mask.shape, max(item.x - rim, 0), max(item.y - rim, 0)
    below = stain[top : item.y + height + rim, left : item.x + width + rim]
    own = np.zeros(below.shape, bool)
    own[item.y - top : item.y - top + height, item.x - left : item.x - left + width] = item.mask
    matrix[:, 2] -= left, top
    drawn = cv2.warpAffine(logits, matrix, below.shape[::-1], flags=cv2.INTER_LINEAR, borderValue=-np.inf)
    mask = np.where(np.isfinite(drawn), (drawn > 0) & below, own)
    if not mask.any():
        return item
    parts = _crop(Instance(mask, left, top))
    whole = largest_component(parts.mask)
    if whole.sum() <= WHOLE * parts.area:
        return item
    found = _crop(replace(parts, mask=fill_holes(whole)))
    return replace(item, mask=found.mask, x=found.x, y=found.y)


def _crop(item: Instance) -> Instance:
    """Return an instance without empty rows and columns around its mask."""
    left, top, right, bottom = item.bbox
    return replace(item, mask=item.mask[top - item.y : bottom - item.y, left - item.x : right - item.x], x=left, y=top)


def _to_picture(item: Instance, scale: float) -> np.ndarray:
    """Return the affine map (2, 3) from pixels of the view around an instance to those of the picture."""
    left, top, right, bottom = item.bbox
    middle, half = np.array([(left + right - 1) / 2, (top + bottom - 1) / 2]), (SIDE - 1) / 2 / scale
    return np.array([[1 / scale, 0, middle[0] - half], [0, 1 / scale, middle[1] - half]])

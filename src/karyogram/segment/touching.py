"""Part chromosomes that touch, by the shape of their common outline."""

import cv2
import numpy as np
from skimage.segmentation import watershed

#: The least area of a core, in squared chromosome widths, that stands for a chromosome.
LEAST_CORE = 0.35
#: The widest neck that is cut, in chromosome widths: wider than a touch, narrower than most centromeres.
WIDEST_NECK = 0.6


def erode_apart(mask: np.ndarray, width: float) -> list[np.ndarray]:
    """Return the cores, each bool (h, w), into which erosion parts a bool (h, w) mask; one core if it stays whole.

    The mask is eroded by discs that grow by half a pixel, until it falls into two or more parts of at least
    ``LEAST_CORE * width**2`` pixels; each part is then eroded further in the same way. ``width`` is the chromosomes'
    width in pixels. Maxima of the distance transform, the usual markers, would cut one long chromosome into many
    pieces; a core that had to part from the rest does not. Erosion ends at necks of ``WIDEST_NECK`` widths. An empty
    mask has no core.
    """
    if not mask.any():
        return []
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return _cores(depth, mask, 0.5, WIDEST_NECK * width / 2, LEAST_CORE * width**2)


def _cores(depth: np.ndarray, part: np.ndarray, start: float, end: float, least: float) -> list[np.ndarray]:
    """Erode ``part`` step by step from ``start``; where it falls apart go on with each piece."""
    for radius in np.arange(start, end + 1e-6, 0.5):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((part & (depth > radius)).astype(np.uint8), connectivity=4)
        large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= least]
        if not large:
            break
        if len(large) > 1:
            return [core for i in large for core in _cores(depth, labels == i, radius + 0.5, end, least)]
    return [part]


def watershed_split(mask: np.ndarray, width: float) -> list[np.ndarray]:
    """Return the parts of a bool (h, w) mask that touch at a neck, each bool (h, w), together the whole mask.

    The cores of :func:`erode_apart` are flooded back over the distance transform (watershed after Vincent and Soille,
    IEEE Trans. PAMI 13:583, 1991, doi 10.1109/34.87344), so that the cut runs across the neck. A mask without a neck
    comes back alone, an empty one gives no part. ``width`` is the chromosomes' width in pixels.
    """
    cores = erode_apart(mask, width)
    if len(cores) < 2:
        return [mask] * len(cores)
    markers = np.zeros(mask.shape, np.int32)
    for number, core in enumerate(cores, start=1):
        markers[core] = number
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    labels = watershed(-depth, markers, mask=mask, connectivity=2)
    return [labels == number for number in range(1, len(cores) + 1)]

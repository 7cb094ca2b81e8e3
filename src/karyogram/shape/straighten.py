"""A bent chromosome to a straight upright strip."""

import cv2
import numpy as np
from scipy.spatial import cKDTree

from karyogram.shape.axis import medial_axis, normals, sample
from karyogram.shape.cutout import FEATHER


def straighten(
    image: np.ndarray, mask: np.ndarray, axis: np.ndarray | None = None, width: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the chromosome straight and upright on white: its strip, uint8 (N, W), and the strip's mask, bool (N, W).

    ``image`` is uint8 (H, W), dark on white, ``mask`` bool (H, W). ``axis`` float (n, 2) x, y, 1 px apart, n >= 2, is by
    default :func:`karyogram.shape.axis.medial_axis` of the mask. Each row holds the pixels on the normal through one point
    of the axis, in steps of 1 px, so the scale stays and bands that cross the axis become level. The first and the last row
    are the outermost that show the mask: chromatids that stand beyond the axis' ends are on the strip. ``width`` is W, the
    axis in the middle; by default what the mask needs plus two pixels a side. Where a normal reaches another arm of a folded
    chromosome the strip is white. The strip's mask is one piece and not empty. Raises ValueError for an empty mask, an image
    of another size, or an axis or width that leaves nothing of the mask.

    Resampling along the normals of a curve: Kocsis et al., J. Struct. Biol. 107:6 (1991), doi 10.1016/1047-8477(91)90025-R; for
    chromosomes: Groen, ten Kate, Smeulders and Young, Pattern Recogn. Lett. 9:211 (1989).
    """
    if image.shape != mask.shape:
        raise ValueError(f"the image is {image.shape}, its mask {mask.shape}")
    if not mask.any():
        raise ValueError("the mask is empty")
    axis = medial_axis(mask) if axis is None else np.asarray(axis, np.float32)
    breadth = round(mask.sum() / len(axis))
    axis = _prolong(axis, breadth // 2 + 1)
    nearest = cKDTree(axis)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    reach = int(np.ceil(nearest.query(np.argwhere(mask > inner)[:, ::-1])[0].max())) + 3
    across = np.arange(-reach, reach + 1) if width is None else np.arange(width) - (width - 1) / 2
    points = (axis[:, None] + across[None, :, None] * normals(axis)[:, None]).astype(np.float32)

    solid = mask.astype(np.float32)
    strip_mask = sample(solid, points) >= 0.5
    row, _ = np.nonzero(strip_mask)
    strip_mask[strip_mask] = np.abs(nearest.query(points[strip_mask])[1] - row) <= breadth
    strip_mask = _main_part(strip_mask)
    alpha = sample(cv2.GaussianBlur(solid, (0, 0), FEATHER), points)
    alpha[~cv2.dilate(strip_mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)] = 0
    stain = sample(255 - image.astype(np.float32), points, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
    strip = np.rint(255 - alpha * np.clip(stain, 0, 255)).astype(np.uint8)
    rows, columns = np.nonzero(strip_mask)
    if not len(rows):
        raise ValueError("no pixel of the mask lies beside the axis")
    spare = max(0, min(columns.min(), len(across) - 1 - columns.max()) - 2) if width is None else 0
    window = slice(rows.min(), rows.max() + 1), slice(spare, len(across) - spare)
    return strip[window], strip_mask[window]


def _prolong(axis: np.ndarray, by: int) -> np.ndarray:
    """Return the axis with ``by`` points more at each end, straight on."""
    ahead = np.arange(by, 0, -1)[:, None] * (axis[0] - axis[1])
    behind = np.arange(1, by + 1)[:, None] * (axis[-1] - axis[-2])
    return np.concatenate([axis[0] + ahead, axis, axis[-1] + behind])


def _main_part(mask: np.ndarray) -> np.ndarray:
    """Return the largest 8-connected part of a bool mask."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else mask

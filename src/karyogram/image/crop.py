"""Cut a picture to what it shows, and put it on a square canvas."""

import cv2
import numpy as np


def stain_window(stained: np.ndarray, margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and columns of the tight box around a bool (H, W) mask, wider by ``margin`` where there is room.

    An empty mask gives the whole picture.
    """
    rows, columns = np.nonzero(stained.any(1))[0], np.nonzero(stained.any(0))[0]
    if not rows.size:
        return slice(0, stained.shape[0]), slice(0, stained.shape[1])
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    return slice(top, int(rows[-1]) + 1 + margin), slice(left, int(columns[-1]) + 1 + margin)


def crop_to_stain(picture: np.ndarray, stained: np.ndarray, margin: int = 0) -> np.ndarray:
    """Return the part of an (H, W) picture in the tight box of the bool (H, W) mask, plus ``margin`` pixels."""
    return picture[stain_window(stained, margin)]


def fit_square(picture: np.ndarray, mask: np.ndarray, size: int) -> np.ndarray:
    """Return what the mask covers of a picture on a black square, uint8 (size, size), as large as fits, aspect kept.

    ``picture`` is grey uint8 (H, W), ``mask`` bool (H, W). Picture and mask are enlarged or reduced apart, so that the
    ground does not mix into the edge. Where the mask is set the result is at least 1.
    """
    window = stain_window(mask)
    cut, share = picture[window], mask[window].astype(np.float32)
    height, width = cut.shape
    scale = size / max(height, width)
    new = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inside = cv2.resize(share, new, interpolation=how) >= 0.5
    resized = np.maximum(cv2.resize(cut, new, interpolation=how), 1)
    canvas = np.zeros((size, size), np.uint8)
    top, left = (size - new[1]) // 2, (size - new[0]) // 2
    canvas[top : top + new[1], left : left + new[0]] = np.where(inside, resized, 0)
    return canvas

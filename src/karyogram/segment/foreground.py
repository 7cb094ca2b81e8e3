"""Which pixels are stained: a threshold on the flattened picture."""

import cv2
import numpy as np

#: Less contrast than this between ground and stain (grey levels of 255) is noise, not a metaphase.
LEAST_CONTRAST = 30


def threshold_foreground(flat: np.ndarray) -> np.ndarray:
    """Return the stained pixels of a flattened picture, bool (H, W).

    ``flat`` is uint8 (H, W), ground near 255 (:func:`karyogram.image.background.flatten`). The threshold is Otsu's,
    moved a third of the way to the ground's own level because chromosome tips and pale bands are lighter than the
    average of stain and ground. Nothing is foreground where the contrast is below ``LEAST_CONTRAST``.
    """
    smooth = cv2.GaussianBlur(flat, (0, 0), 1.0)
    otsu, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = smooth <= otsu
    if not dark.any() or dark.all():
        return np.zeros(flat.shape, bool)
    ground, stain = float(np.median(smooth[~dark])), float(np.median(smooth[dark]))
    if ground - stain < LEAST_CONTRAST:
        return np.zeros(flat.shape, bool)
    return smooth < otsu + (ground - otsu) / 3

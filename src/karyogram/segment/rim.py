"""Rims: a chromosome's is as sharp as those of the rest of its cell; dirt's is sharper, and what lies out of focus softer.

Own method; what was tried beside it is told in docs/decisions/segmentation.md.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.special import expit, logit

from karyogram.records import Instance

#: A rim is so many pixels of the reference size wide, fine detail what a blur of the second number takes away.
RIM, FINE = 2.5, 1.5
#: What a rim counts that differs from the cell's by a factor of e, in log-odds; read off training and validation pictures.
WEIGHT = 1.5
#: The cell's usual rim is the median of at least this many candidates surer than the second number.
ENOUGH, LIKELY = 20, 0.5


def sharpness(flat: np.ndarray, instances: Sequence[Instance], scale: float) -> np.ndarray:
    """Return how much fine detail the rim of each instance holds, float (N,), the logarithm of grey levels.

    ``flat`` is the flattened picture, uint8 (H, W); ``scale`` brings the cell to the reference size.
    """
    picture = flat.astype(np.float32)
    fine = np.abs(picture - cv2.GaussianBlur(picture, (0, 0), FINE / scale))
    side = 2 * max(round(RIM / scale), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    levels = []
    for item in instances:
        inner = cv2.erode(item.mask.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
        levels.append(float(fine[item.window()][item.mask & ~inner].mean()))
    return np.log1p(levels)


def heed_rims(sure: np.ndarray, sharp: np.ndarray) -> np.ndarray:
    """Return how ``sure`` each candidate is, float (N,), 0..1, once its rim, ``sharp`` (N,), is held against the likely ones'.

    A rim as far from the usual one as theirs are in the mean changes nothing; few likely ones tell nothing.
    """
    likely = sure >= LIKELY
    if likely.sum() < ENOUGH:
        return sure
    away = np.abs(sharp - np.median(sharp[likely]))
    return np.asarray(expit(logit(np.clip(sure, 1e-6, 1 - 1e-6)) + WEIGHT * (away[likely].mean() - away)))

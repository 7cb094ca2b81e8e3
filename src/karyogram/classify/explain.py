"""Where a classifier looked: what its answer loses when a part of the chromosome is smeared.

Occlusion: Zeiler and Fergus, ECCV 2014, doi 10.1007/978-3-319-10590-1_53; it asks the model and nothing else, so no gradient is
needed. What is covered is blurred instead of blanked, so that the bands go and the outline stays: Fong and Vedaldi, ICCV 2017,
doi 10.1109/ICCV.2017.371.
"""

import cv2
import numpy as np

from karyogram.classify.predict import predict_canvases
from karyogram.weights.record import Model

#: Standard deviation of the soft window that covers a place, and of the blur beneath it, in pixels of the canvas.
WINDOW, BLUR = 3.0, 8.0
#: Distance of the windows on the canvas, and along its rows, in pixels.
STEP, ROW_STEP = 4, 2


def sensitivity_map(model: Model, canvas: np.ndarray, label: int) -> np.ndarray:
    """Return how much each place of a canvas, uint8 (h, w), speaks for the class ``label``, 0..23: float64 (h, w).

    The unit is nats: by how much the logarithm of the odds of the class falls when the bands around the place are smeared.
    Negative places speak against the class. Each pixel holds the mean of the windows over it, weighted as they cover it;
    outside the chromosome it is 0. An empty canvas gives 0 everywhere.
    """
    h, w = canvas.shape
    near = cv2.dilate(canvas, np.ones((2 * STEP + 1, 2 * STEP + 1), np.uint8))[STEP // 2 :: STEP, STEP // 2 :: STEP]
    places = np.argwhere(near > 0) * STEP + STEP // 2
    rows, columns = (_bells(n, places[:, axis]) for axis, n in enumerate((h, w)))
    windows = rows[:, :, None] * columns[:, None, :]
    losses = _losses(model, canvas, windows, label)
    mean = np.tensordot(losses, windows, 1) / np.maximum(windows.sum(0), 1e-9)
    return np.where(canvas > 0, mean, 0.0)


def sensitivity_profile(model: Model, canvas: np.ndarray, label: int) -> np.ndarray:
    """Return how much each row of a canvas, uint8 (h, w), speaks for the class ``label``: float64 (h,), in nats.

    As :func:`sensitivity_map`, but the whole breadth of the chromosome is smeared at once, so that no sister chromatid shows
    what is hidden on the other. Chromosomes stand upright on their canvas: a row is a place along the axis.
    """
    h, w = canvas.shape
    stained = np.flatnonzero(canvas.any(1))
    if not len(stained):
        return np.zeros(h)
    places = np.arange(stained[0], stained[-1] + 1, ROW_STEP)
    windows = np.repeat(_bells(h, places)[:, :, None], w, axis=2)
    losses = _losses(model, canvas, windows, label)
    return np.where(canvas.any(1), np.interp(np.arange(h), places, losses), 0.0)


def _bells(length: int, places: np.ndarray) -> np.ndarray:
    """Return a bell of height 1 at each of N places: float64 (N, length)."""
    return np.exp(-(((np.arange(length) - places[:, None]) / WINDOW) ** 2) / 2)


def _losses(model: Model, canvas: np.ndarray, windows: np.ndarray, label: int) -> np.ndarray:
    """Return the fall of the log odds of a class, (N,), under each of the windows, 0..1, (N, h, w)."""
    plain = canvas.astype(np.float64)
    solid = (canvas > 0).astype(np.float64)
    share = cv2.GaussianBlur(solid, (0, 0), BLUR)
    smeared = cv2.GaussianBlur(plain, (0, 0), BLUR) / np.maximum(share, 1e-9)
    covered = np.rint(plain + windows * (solid * smeared - plain)).astype(np.uint8)
    found = predict_canvases(model, [canvas, *covered]).probabilities.astype(np.float64)
    others = np.delete(found, label, axis=1).sum(1)
    odds = np.log(np.maximum(found[:, label], 1e-30)) - np.log(np.maximum(others, 1e-30))
    return np.asarray(odds[0] - odds[1:])

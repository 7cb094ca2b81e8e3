"""One chromosome out of its picture: turned upright, white around it."""

from collections.abc import Sequence

import cv2
import numpy as np

from karyogram.shape.pose import upright_window

#: Standard deviation, in pixels of the picture, of the Gaussian that softens the cut.
FEATHER = 0.6


def upright_extent(polygon: np.ndarray | Sequence[Sequence[float]], angle: float) -> tuple[float, float]:
    """Return (height, width), in pixels of the picture, of an outline (N, 2) x, y turned by ``angle`` degrees."""
    points = np.asarray(polygon, np.float64)
    turned = points @ cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)[:, :2].T
    width, height = np.ptp(turned, axis=0) + 1
    return float(height), float(width)


def cut_out(
    picture: np.ndarray,
    polygon: np.ndarray | Sequence[Sequence[float]],
    angle: float,
    flipped: bool,
    scale: float = 1.0,
    margin: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    """Return one chromosome upright on white: its image, uint8 (h, w), and its mask, bool (h, w).

    ``picture`` is uint8 (H, W), dark on white; ``polygon`` (N, 2), N >= 1, is the outline as x, y in its pixels, where
    (0, 0) is the middle of the first pixel and the outline itself belongs to the chromosome. It is turned by ``angle``
    degrees counter-clockwise, by 180 more if ``flipped``, and enlarged ``scale`` times, all in one bicubic warp. The
    image is cropped to the outline plus ``margin`` pixels. The cut fades over about a pixel of the picture; what the
    outline encloses beyond the picture's border is white.
    """
    points = np.asarray(polygon, np.float64)
    turn = angle + 180.0 * flipped
    # A turned right angle is a hair longer than a whole pixel: rounding keeps it from costing a row.
    height, width = (int(np.ceil(np.round(side * scale, 3))) + 2 * margin for side in upright_extent(points, turn))
    left, top = (int(v) for v in np.floor(points.min(0)) - 3)
    right, bottom = (int(v) for v in np.ceil(points.max(0)) + 4)

    matrix = upright_window(points, turn, scale, (height, width))
    matrix[:, 2] += matrix[:, :2] @ (left, top)
    pixels: np.ndarray = _window(picture, left, top, right, bottom).astype(np.float32)
    inside = np.zeros(pixels.shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(points - (left, top)).astype(np.int32)], (1,))
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), FEATHER)
    if scale < 1:
        pixels = cv2.GaussianBlur(pixels, (0, 0), 0.5 / scale)

    size = (width, height)
    alpha = cv2.warpAffine(soft, matrix, size, flags=cv2.INTER_LINEAR)
    stain = cv2.warpAffine(255 - pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    image = 255 - alpha * np.clip(stain, 0, 255)
    return np.rint(image).astype(np.uint8), alpha >= 0.5


def _window(picture: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Return the picture's pixels from (left, top) to before (right, bottom), white where there are none."""
    height, width = picture.shape
    window = np.full((bottom - top, right - left), 255, np.uint8)
    rows, columns = slice(max(top, 0), max(min(bottom, height), 0)), slice(max(left, 0), max(min(right, width), 0))
    part = picture[rows, columns]
    if part.size:
        y, x = rows.start - top, columns.start - left
        window[y : y + part.shape[0], x : x + part.shape[1]] = part
    return window

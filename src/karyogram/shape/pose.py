"""How a chromosome lies: its outline, its angle and its length."""

import cv2
import numpy as np

from karyogram.records import Instance


def outline(instance: Instance) -> np.ndarray:
    """Return the outer outline of the instance's largest part, float32 (N, 2) x, y in pixels of the picture."""
    contours, _ = cv2.findContours(instance.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    longest = max(contours, key=cv2.contourArea)
    return longest.reshape(-1, 2).astype(np.float32) + np.array([instance.x, instance.y], np.float32)


def upright_angle(points: np.ndarray) -> tuple[float, float]:
    """Return (angle, length) of an outline, float (N, 2) x, y.

    ``angle`` is in degrees counter-clockwise as seen on the screen, -90 < angle <= 90: turning the picture by it sets the
    long side of the smallest enclosing rectangle upright. ``length`` is that side in pixels.
    """
    (_, _), (width, height), turn = cv2.minAreaRect(points.astype(np.float32))
    if width > height:
        width, height, turn = height, width, turn + 90
    angle = (turn + 90) % 180 - 90
    return (90.0 if angle == -90 else float(angle)), float(height + 1)


def upright_window(points: np.ndarray, angle: float, scale: float, size: tuple[int, int]) -> np.ndarray:
    """Return the 2 x 3 matrix that carries picture coordinates onto an upright canvas of ``size`` (height, width).

    The outline ``points`` (N, 2) is turned by ``angle`` (degrees counter-clockwise), multiplied by ``scale``, and the middle of
    its upright box is put in the middle of the canvas.
    """
    matrix = cv2.getRotationMatrix2D((0.0, 0.0), angle, scale)
    turned = points @ matrix[:, :2].T
    middle = (turned.min(0) + turned.max(0)) / 2
    height, width = size
    matrix[:, 2] = ((width - 1) / 2 - middle[0], (height - 1) / 2 - middle[1])
    return matrix

"""Take the uneven light off a picture."""

import cv2
import numpy as np

#: Nothing wider than this many pixels is taken for background: larger than an interphase nucleus.
WIDEST_OBJECT = 240


def flatten(picture: np.ndarray) -> np.ndarray:
    """Divide a dark-on-white picture by its background.

    Grey uint8 (H, W) in, uint8 (H, W) out, background at 255. The background is a grey closing (which fills whatever
    is darker than its surroundings and narrower than ``WIDEST_OBJECT``) of the picture at an eighth of its size, then
    blurred; dividing by it turns transmitted light into transmittance.
    """
    height, width = picture.shape
    small = cv2.resize(picture, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 3) if min(small.shape) >= 3 else small
    size = WIDEST_OBJECT // 8 + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    closed = cv2.GaussianBlur(closed.astype(np.float32), (0, 0), 4)
    background = cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR)
    flat = picture * (255.0 / np.maximum(background, 1.0))
    return np.clip(flat + 0.5, 0, 255).astype(np.uint8)

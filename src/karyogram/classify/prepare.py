"""One chromosome to one canvas: what the networks see, in training and in use."""

import cv2
import numpy as np

from karyogram.records import Instance
from karyogram.shape.pose import outline, upright_angle, upright_window
from karyogram.weights.record import Preparation


def prepare(flat: np.ndarray, instance: Instance, how: Preparation, scale: float = 1.0) -> np.ndarray:
    """Return the chromosome upright on a black canvas, uint8 (how.height, how.width).

    ``flat`` is the flattened dark-on-white picture, uint8 (H, W). Stain is bright: absorbance (255 - flat) inside the mask,
    divided by its own 98th percentile, at least 1; outside is 0. The real size is kept: native pixels times ``how.scale`` times
    ``scale`` (see :func:`karyogram.shape.size.cell_scale`); only a chromosome that would not fit is shrunk until it does.
    """
    points = outline(instance)
    angle, _ = upright_angle(points)
    matrix = upright_window(points, angle, 1.0, (how.height, how.width))
    extent = np.ptp(points @ matrix[:, :2].T, axis=0) + 1
    factor = min(how.scale * scale, how.height / extent[1], how.width / extent[0])
    matrix = upright_window(points, angle, factor, (how.height, how.width))

    rows, columns = instance.window()
    matrix[:, 2] += matrix[:, :2] @ (instance.x, instance.y)
    own = flat[rows, columns] if instance.pixels is None else instance.pixels
    stain = (255 - own).astype(np.float32)
    peak = float(np.percentile(stain[instance.mask], 98)) if instance.mask.any() else 1.0
    stain = np.clip(stain * (255.0 / max(peak, 1.0)), 1, 255)
    size = (how.width, how.height)
    turned = cv2.warpAffine(stain, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(instance.mask.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    return np.where(mask >= 0.5, np.clip(turned + 0.5, 1, 255), 0).astype(np.uint8)

"""How long a chromosome is along its axis, and where its centromere lies."""

import cv2
import numpy as np

from karyogram.shape.axis import medial_axis
from karyogram.shape.centromere import ALIKE, find_centromere
from karyogram.shape.straighten import straighten


def measure(image: np.ndarray, mask: np.ndarray, angle: float, flipped: bool) -> tuple[float, float | None]:
    """Return (length, centromere) of one chromosome: uint8 (H, W), dark on white, and its mask, bool (H, W).

    ``length`` is that of the axis, in whole pixels. ``centromere`` is 0 (end of the short arm) to 1 (end of the long arm), as
    :func:`karyogram.shape.centromere.find_centromere` finds it along the axis; None where that makes the short arm the longer
    one by more than ``ALIKE``, since then the waist or the orientation is wrong. ``angle``, degrees counter-clockwise, turns
    the chromosome upright, ``flipped`` says that a further 180 put the short arm up. Raises ValueError for an empty mask.
    """
    axis = medial_axis(mask)
    place = find_centromere(*straighten(image, mask, axis))
    _, down = cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)[:, :2] @ (axis[-1] - axis[0])
    if (down < 0) != flipped:
        place = 1 - place
    return float(len(axis)), place if place <= 0.5 + ALIKE else None

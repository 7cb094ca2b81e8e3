"""How long a chromosome is along its axis, where its centromere lies, and how dark it is from end to end."""

from typing import NamedTuple

import cv2
import numpy as np

from karyogram.shape.axis import medial_axis
from karyogram.shape.centromere import ALIKE, band_profile, find_centromere
from karyogram.shape.straighten import straighten

#: Points of a profile.
POINTS = 64


class Measures(NamedTuple):
    """``length`` in whole pixels, ``centromere`` 0 (end of the short arm) to 1 or None, ``profile`` float (``POINTS``,)."""

    length: float
    centromere: float | None
    profile: np.ndarray


def measure(image: np.ndarray, mask: np.ndarray, angle: float, flipped: bool) -> Measures:
    """Measure one chromosome: uint8 (H, W), dark on white, and its mask, bool (H, W).

    ``length`` is that of the axis. ``centromere`` is where :func:`karyogram.shape.centromere.find_centromere` finds it along
    the axis; None where that makes the short arm the longer one by more than ``ALIKE``, since then the waist or the orientation
    is wrong. ``profile`` is the stain along the axis from the end of the short arm, mean 0 and standard deviation 1, dark above
    0. ``angle``, degrees counter-clockwise, turns the chromosome upright, ``flipped`` says that a further 180 put the short arm
    up. Raises ValueError for an empty mask.
    """
    axis = medial_axis(mask)
    strip, strip_mask = straighten(image, mask, axis)
    place, stain = find_centromere(strip, strip_mask), 255 - band_profile(strip, strip_mask)
    _, down = cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)[:, :2] @ (axis[-1] - axis[0])
    if (down < 0) != flipped:
        place, stain = 1 - place, stain[::-1]
    profile = np.interp((np.arange(POINTS) + 0.5) / POINTS, (np.arange(len(stain)) + 0.5) / len(stain), stain)
    profile = (profile - profile.mean()) / max(float(profile.std()), 1.0)
    return Measures(float(len(axis)), place if place <= 0.5 + ALIKE else None, profile)

"""One picture, one chromosome: find it."""

import cv2
import numpy as np

from karyogram.errors import PictureError
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.records import Instance
from karyogram.segment.objects import fill_holes, largest_component


def find_single(picture: np.ndarray) -> tuple[np.ndarray, Instance]:
    """Return (dark-on-white picture uint8 (H, W), the chromosome) of a picture that shows one chromosome.

    White surroundings without a single grey pixel are taken at their word: the picture is a cut-out, and its mask is all
    that is not white. Otherwise Otsu's threshold, moved towards the ground, finds the stain. The chromosome is the largest
    connected part. Raises PictureError if nothing stands out.
    """
    plain = to_dark_on_white(picture, find_ground(picture))
    frame = np.concatenate([plain[0], plain[-1], plain[:, 0], plain[:, -1]])
    if np.mean(frame >= 250) > 0.5 and np.mean(plain >= 254) > 0.1:
        stained = plain < 250
    else:
        otsu, _ = cv2.threshold(plain, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        ground = float(np.median(plain[plain > otsu])) if (plain > otsu).any() else otsu
        plain = np.clip(plain * (255.0 / max(ground, 1.0)), 0, 255).astype(np.uint8)
        stained = plain < 255.0 / max(ground, 1.0) * (otsu + (ground - otsu) * 0.33)
    mask = fill_holes(largest_component(stained))
    if mask.sum() < 20 or mask.all():
        raise PictureError("no chromosome stands out from the ground")
    ys, xs = np.nonzero(mask)
    top, left = int(ys.min()), int(xs.min())
    return plain, Instance(mask[top : ys.max() + 1, left : xs.max() + 1], left, top)

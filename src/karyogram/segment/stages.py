"""One chromosome's crop, cleaned step by step as the founding study did."""

import cv2
import numpy as np

from karyogram.errors import PictureError
from karyogram.image.contrast import stretch_contrast
from karyogram.image.crop import crop_to_stain
from karyogram.image.denoise import denoise
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.segment.foreground import threshold_foreground
from karyogram.segment.objects import fill_holes, largest_component, stroke_width
from karyogram.segment.touching import erode_apart, watershed_split

#: How many pixels of ground the crop keeps around the stain.
MARGIN = 4
#: Where the threshold lies between Otsu's and a second one taken of the lighter side.
SECOND = 0.8


def clean_crop(picture: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return (stages, mask) of a crop that shows one chromosome, and perhaps pieces of its neighbours at its edges.

    ``picture`` is grey uint8 (H, W) on any ground (:func:`karyogram.image.polarity.find_ground`). ``stages`` maps the
    name of each step, in order, to its picture, grey uint8: the original (H, W), then all cropped to the same (h, w),
    dark-banded, from "largest component" on upon black. ``mask`` is bool (h, w), the chromosome in "mask result".
    Raises PictureError if nothing stands out from the ground.
    """
    plain = to_dark_on_white(picture, find_ground(picture))
    if not threshold_foreground(plain).any():
        raise PictureError("no chromosome stands out from the ground")
    cropped = crop_to_stain(plain, threshold_stain(plain), MARGIN)
    calm = denoise(cropped)
    clear = stretch_contrast(calm)
    component = fill_holes(largest_component(threshold_stain(clear)))
    width = stroke_width(component)
    if not width:
        raise PictureError("no chromosome stands out from the ground")
    reach = round(width)
    beyond = np.pad(component, reach, mode="edge")  # a neighbour that the crop's edge cuts goes on behind it
    cores, parts = ([_trim(part, reach) for part in step(beyond, width)] for step in (erode_apart, watershed_split))
    mask = most_central(parts)
    stages = {
        "original": picture,
        "cropped": cropped,
        "denoised": calm,
        "contrast": clear,
        "largest component": _on_black(clear, component),
        "eroded": _on_black(clear, np.any(cores, axis=0)),
        "watershed": _on_black(clear, component & ~_seams(parts)),
        "mask result": _on_black(clear, mask),
    }
    return stages, mask


def threshold_stain(picture: np.ndarray) -> np.ndarray:
    """Return the stained pixels, bool (H, W), of a dark-on-white crop, uint8 (H, W), pale ends included.

    In a crop that one pale chromosome with a dark band fills, Otsu's threshold (IEEE Trans. SMC 9:62, 1979, doi
    10.1109/TSMC.1979.4310076) parts band from chromosome. So it is taken twice: once as it is, once with everything
    darker raised to the first threshold. The result is ``SECOND`` of the way from the first to the second.
    """
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
    first, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    second, _ = cv2.threshold(np.maximum(smooth, np.uint8(first)), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return smooth < first + (second - first) * SECOND


def most_central(parts: list[np.ndarray]) -> np.ndarray:
    """Return that of the bool (h, w) masks, at least one, that is large and near the middle of the picture.

    Pixels count by a Gaussian around the middle whose standard deviation is a third of the picture's side.
    """
    height, width = parts[0].shape
    y = (np.arange(height) - (height - 1) / 2) * 3 / height
    x = (np.arange(width) - (width - 1) / 2) * 3 / width
    weight = np.exp(-0.5 * (y[:, None] ** 2 + x[None, :] ** 2))
    return max(parts, key=lambda part: float(weight[part].sum()))


def _trim(mask: np.ndarray, border: int) -> np.ndarray:
    return mask[border : mask.shape[0] - border, border : mask.shape[1] - border]


def _on_black(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, picture, 0).astype(np.uint8)


def _seams(parts: list[np.ndarray]) -> np.ndarray:
    """Return the pixels, bool (h, w), at which a part borders on an earlier one."""
    square = np.ones((3, 3), np.uint8)
    seams = np.zeros(parts[0].shape, bool)
    for number, part in enumerate(parts[1:], start=1):
        earlier = np.any(parts[:number], axis=0).astype(np.uint8)
        seams |= part & cv2.dilate(earlier, square).astype(bool)
    return seams

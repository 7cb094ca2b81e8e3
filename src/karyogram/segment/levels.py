"""The picture cut at several thresholds: each object of a strict level lies inside one of a lenient level."""

from dataclasses import dataclass

import cv2
import numpy as np

from karyogram.records import Instance
from karyogram.segment.foreground import LEAST_CONTRAST
from karyogram.segment.objects import (
    connected_components,
    drop_debris,
    fill_holes,
    largest_component,
    remove_nuclei,
    stroke_width,
)

#: Where the levels lie: 0 is Otsu's threshold, 1 the ground's own level. Lenient first.
LEVELS = (0.33, 0.15, 0.0, -0.2, -0.4)
OTSU = LEVELS.index(0.0)
#: Chromosomes so many times as wide at the most lenient level as at Otsu's fall apart into bands there; commonly 1.1 times
#: (docs/decisions/segmentation.md).
APART = 1.2


@dataclass(frozen=True, eq=False)
class Levels:
    """Foreground masks, bool (H, W), lenient first, and the chromosomes' width in pixels.

    ``stain`` is all that is stained, ``masks`` the same without nuclei, and without what of chromosomes leans on them.
    """

    masks: tuple[np.ndarray, ...]
    stain: tuple[np.ndarray, ...]
    width: float

    @property
    def area(self) -> int:
        """Stained pixels at Otsu's own threshold."""
        return int(self.masks[OTSU].sum())


def threshold_levels(flat: np.ndarray) -> Levels | None:
    """Cut the flattened picture, uint8 (H, W), at each of ``LEVELS``; None if it has no contrast.

    Pale tips need a lenient threshold, touching chromosomes part only at a strict one, so neither serves alone. Otsu's
    threshold (IEEE Trans. SMC 9:62, 1979, doi 10.1109/TSMC.1979.4310076) is the middle of the scale, or, where a dark nucleus
    pulls it so far down that chromosomes fall apart into bands, the most lenient level of what it would have been.
    """
    otsu, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ground_pixels, stain_pixels = flat[flat > otsu], flat[flat <= otsu]
    if not ground_pixels.size or not stain_pixels.size:
        return None
    ground = float(np.median(ground_pixels))
    if ground - float(np.median(stain_pixels)) < LEAST_CONTRAST:
        return None
    lenient = otsu + (ground - otsu) * LEVELS[0]
    width, wide = stroke_width(flat <= otsu), stroke_width(flat <= lenient)
    if wide > APART * width:
        otsu, width = lenient, wide
    cuts = [flat <= otsu + (ground - otsu) * level for level in LEVELS]
    return Levels(tuple(remove_nuclei(cut, width) for cut in cuts), tuple(cuts), width) if width else None


def objects_of_level(flat: np.ndarray, levels: Levels, number: int) -> list[Instance]:
    """Return the objects of one level that could be chromosomes, each grown back to its pale edge.

    A strict threshold eats the edge of what it parts. Pixels of the most lenient level within a quarter width of an
    object of this level go to the nearest such object.
    """
    objects = drop_debris(connected_components(levels.masks[number], 30), flat, levels.width)
    if number == 0 or not objects:
        return objects
    seeds = np.zeros(flat.shape, np.int32)
    for index, item in enumerate(objects, start=1):
        seeds[item.window()][item.mask] = index
    distance, nearest = cv2.distanceTransformWithLabels(
        (seeds == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner_of = np.zeros(int(nearest.max()) + 1, np.int32)
    owner_of[nearest[seeds > 0]] = seeds[seeds > 0]
    grown = np.where((distance <= levels.width / 4) & levels.masks[0], owner_of[nearest], 0)
    grown[seeds > 0] = seeds[seeds > 0]
    return [_crop(grown, index, item, int(levels.width)) for index, item in enumerate(objects, start=1)]


def _crop(labels: np.ndarray, index: int, item: Instance, reach: int) -> Instance:
    """Cut object ``index`` out of a label image, looking no further than ``reach`` around its seed."""
    xmin, ymin, xmax, ymax = item.bbox
    top, left = max(0, ymin - reach), max(0, xmin - reach)
    mask = labels[top : ymax + reach, left : xmax + reach] == index
    mask = fill_holes(largest_component(mask))
    whole = Instance(mask, left, top)
    xmin, ymin, xmax, ymax = whole.bbox
    return Instance(mask[ymin - top : ymax - top, xmin - left : xmax - left], xmin, ymin)

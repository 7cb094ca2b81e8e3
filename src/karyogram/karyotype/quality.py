"""How well a cell can be read, by what a cytogeneticist looks at first: spread, overlaps, band resolution."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from karyogram.labels import LABELS
from karyogram.records import Karyotype

#: A cell that covers so many times the area of its chromosomes is spread well enough.
WELL_SPREAD = 6.0
#: The band level at which all bands that matter in a routine karyotype are seen.
WELL_BANDED = 550


def spread_of(karyotype: Karyotype) -> float:
    """Return how many times the area of its chromosomes the convex hull of a cell covers, 0 without chromosomes."""
    outlines = [np.array(c.polygon, np.float32) for c in karyotype.chromosomes]
    own = sum(cv2.contourArea(points) for points in outlines)
    return float(cv2.contourArea(cv2.convexHull(np.concatenate(outlines))) / own) if own else 0.0


def overlaps_of(karyotype: Karyotype) -> float:
    """Return the share of chromosomes that lie across others."""
    found = karyotype.chromosomes
    return sum(bool(c.overlaps) for c in found) / len(found) if found else 0.0


def band_level(seen: Sequence[tuple[str, int]], expected: Mapping[str, int]) -> int | None:
    """Return the bands of a haploid set, estimated from (class, bands seen) of single chromosomes; None without any.

    ``expected`` is how many bands each class has at some level: it tells which share of all bands the classes seen hold.
    """
    if not seen:
        return None
    number = sum(bands for _, bands in seen)
    return round(number * sum(expected[label] for label in LABELS) / sum(expected[label] for label, _ in seen))


def rank(belief: float, spread: float, overlaps: float, bands: int | None) -> float:
    """Return one number, 0..1, to rank cells by; ``belief`` is how sure the classes are (0..1).

    The geometric mean of four shares: what is sure, how near the spread and the band level come to a good cell's, what lies
    free.
    """
    parts = [belief, min(1.0, spread / WELL_SPREAD), 1 - overlaps, min(1.0, (bands or 0) / WELL_BANDED)]
    return round(float(np.prod(np.clip(parts, 0.01, 1.0)) ** 0.25), 4)

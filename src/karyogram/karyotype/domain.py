"""Whether a cell looks like those that the models learned from: G-banded human metaphases. If not, a person is told so.

A network answers whatever it is shown (Nguyen, Yosinski and Clune, CVPR 2015, doi 10.1109/CVPR.2015.7298640). What gives a
foreign picture away is how sure its chromosomes are (Hendrycks and Gimpel, ICLR 2017, arXiv 1610.02136), how large they are,
and whether their sizes are those of their classes. The limits of certainty and misfit stand just outside of what validation
cells have, those of size where enlarged or reduced validation cells begin to be read worse (benchmarks/domain.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import cv2
import numpy as np

from karyogram.bands import length
from karyogram.labels import LABELS
from karyogram.records import Chromosome, Karyotype

#: A picture whose objects are believed less than this, on average with so many more that are none, shows no metaphase, unless
#: it looks like one: then it is a poor one down to the second limit.
LEAST_BELIEF, POOR_BELIEF, NONE = 0.42, 0.2, 3
#: Fewer chromosomes than this say nothing about a cell.
ENOUGH = 5


def belief(karyotype: Karyotype) -> float:
    """Return the mean probability that an object is one whole chromosome of its class, ``NONE`` that are none counted in."""
    number = len(karyotype.chromosomes)
    return karyotype.quality * number / (number + NONE)


def is_metaphase(karyotype: Karyotype, looks_like_one: bool = False) -> bool:
    """Tell whether a picture shows chromosomes, going by how far what was found in it is believed, and by its looks."""
    return belief(karyotype) >= (POOR_BELIEF if looks_like_one else LEAST_BELIEF)


def certainty(karyotype: Karyotype) -> float:
    """Return the median, over the chromosomes, of the likeliest class's probability: what lies in clusters does not count."""
    return float(np.median([max(c.probabilities) for c in karyotype.chromosomes]))


def size(karyotype: Karyotype) -> float:
    """Return the side, in pixels, of a square as large as a mean chromosome."""
    return float(np.sqrt(np.mean([_area(c) for c in karyotype.chromosomes])))


def misfit(karyotype: Karyotype) -> float:
    """Return how far the sizes of chromosomes are from those of their classes.

    The median, over the placed chromosomes, of how far the logarithm of area / length in base pairs is from its own median.
    """
    placed = [(_area(c), length(c.label, "bp")) for c in karyotype.chromosomes if c.label]
    if not placed:
        return 0.0
    ratio = np.log([area / expected for area, expected in placed])
    return float(np.median(np.abs(ratio - np.median(ratio))))


def _area(chromosome: Chromosome) -> float:
    return max(1.0, cv2.contourArea(np.array(chromosome.polygon, np.float32)))


#: What is measured of a cell -> the least and the most that is no surprise, and what a surprise may mean.
LIMITS: Mapping[Callable[[Karyotype], float], tuple[float, float, str]] = MappingProxyType(
    {
        certainty: (0.98, 1.0, "foreign bands: classes are told with {:.2f} only; another stain or species?"),
        size: (12.5, 85.0, "foreign scale: chromosomes of {0:.0f} x {0:.0f} pixels on average, not about 35 x 35"),
        misfit: (0.0, 0.125, "foreign sizes: chromosomes are off the sizes of their classes by {:.0%}; another species?"),
    }
)


def judge_domain(karyotype: Karyotype, warnings: Sequence[str] = (), looks_like_one: bool = False) -> Karyotype:
    """Return the karyotype with a warning for each way in which it looks foreign, or if it is poor.

    Where bands or sizes do, or the cell is poor, nothing that is made of the classes is claimed: no finding, no ISCN text. Of
    what is no metaphase nothing is left but a warning, after ``warnings``, what was known of the picture before anything was
    found in it. ``looks_like_one`` says that the picture, whatever was found in it, is made like a metaphase.
    """
    number = len(karyotype.chromosomes)
    if number and not is_metaphase(karyotype, looks_like_one):
        doubt = f"no metaphase: {number} objects, too few that are surely chromosomes"
        told = (*warnings, doubt, "no chromosomes found")
        own = karyotype.image, karyotype.width, karyotype.height
        return Karyotype(*own, counts=dict.fromkeys(LABELS, 0), warnings=told, model=karyotype.model)
    if number < ENOUGH:
        return karyotype
    if not is_metaphase(karyotype):
        doubt = f"poor metaphase: {number} objects, few that are surely chromosomes; nothing is claimed of it"
        karyotype = replace(karyotype, findings=(), iscn="", warnings=(*karyotype.warnings, doubt))
    found = {measure: measure(karyotype) for measure in LIMITS}
    odd = {measure: value for measure, value in found.items() if not LIMITS[measure][0] <= value <= LIMITS[measure][1]}
    warned = replace(karyotype, warnings=(*karyotype.warnings, *(LIMITS[m][2].format(value) for m, value in odd.items())))
    return replace(warned, findings=(), iscn="") if {certainty, misfit} & set(odd) else warned

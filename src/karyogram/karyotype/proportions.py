"""How long a chromosome is beside the others of its cell, and how its arms compare; and what ISCN draws."""

from dataclasses import dataclass

import numpy as np

from karyogram.bands import centromere, length
from karyogram.labels import AUTOSOMES
from karyogram.records import Karyotype
from karyogram.shape.centromere import arm_ratio


@dataclass(frozen=True)
class Proportion:
    """``length`` in percent of the haploid set of autosomes, ``ratio`` long arm over short arm; None for what is not known."""

    length: float | None
    ratio: float | None


def proportions(karyotype: Karyotype) -> dict[int, Proportion]:
    """Return {id: proportion} of a cell's chromosomes.

    The haploid set is the sum of the mean lengths of the 22 autosomes, as at the Paris Conference (1971); a cell that lacks
    both copies of one has no relative lengths.
    """
    lengths: dict[str | None, list[float]] = {}
    for chromosome in karyotype.chromosomes:
        lengths.setdefault(chromosome.label, []).append(chromosome.length_px)
    complete = all(label in lengths for label in AUTOSOMES)
    whole = sum(float(np.mean(lengths[label])) for label in AUTOSOMES) if complete else 0.0
    return {c.id: Proportion(100 * c.length_px / whole if whole else None, _ratio(c.centromere)) for c in karyotype.chromosomes}


def usual(label: str) -> Proportion:
    """Return the proportion of a class as ISCN draws it. Raises ValueError for an unknown class."""
    whole = sum(length(other) for other in AUTOSOMES)
    return Proportion(100 * length(label) / whole, _ratio(centromere(label)))


def _ratio(place: float | None) -> float | None:
    return None if place is None or not 0 < place < 1 else arm_ratio(place)

"""The chromosomes of a cell one by one: in the order of the classes, and as pictures of their own."""

import re
from collections.abc import Iterator
from string import ascii_lowercase

import numpy as np

from karyogram.labels import LABELS
from karyogram.records import Chromosome, Karyotype
from karyogram.shape.cutout import cut_out

#: What files of :func:`chromosome_cutouts` are called, and no others.
CUTOUT = re.compile(r"(\d\d|X|Y|unplaced)_([a-z])\2*_id-?\d+\.png")


def by_class(karyotype: Karyotype) -> dict[str | None, list[Chromosome]]:
    """Return the chromosomes of each of the 24 classes, then those of none (None); copies keep their order."""
    classes: dict[str | None, list[Chromosome]] = {label: [] for label in (*LABELS, None)}
    for chromosome in karyotype.chromosomes:
        classes[chromosome.label].append(chromosome)
    return classes


def chromosome_cutouts(picture: np.ndarray, karyotype: Karyotype) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (file name, image) of each chromosome, upright on white, at the scale of the picture.

    ``picture`` is uint8 (H, W), dark on white; each image uint8 (h, w). A name holds the class (``unplaced`` for
    none), a letter for the copy (a..z, then aa, bb, ...) and the id: ``07_a_id12.png``, ``X_b_id3.png``,
    ``unplaced_a_id40.png``.
    """
    for label, copies in by_class(karyotype).items():
        name = "unplaced" if label is None else label.zfill(2) if label.isdigit() else label
        for number, chromosome in enumerate(copies):
            letter = ascii_lowercase[number % 26] * (1 + number // 26)
            image, _ = cut_out(picture, chromosome.polygon, chromosome.angle, chromosome.flipped)
            yield f"{name}_{letter}_id{chromosome.id}.png", image

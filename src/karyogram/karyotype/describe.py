"""Masks, opinions and places to the record a person reads."""

from collections.abc import Mapping, Sequence

import numpy as np

from karyogram.files import Picture
from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.iscn_text import iscn_text, possible_robertsonian
from karyogram.karyotype.review import review_reasons
from karyogram.labels import LABELS
from karyogram.records import Chromosome, Instance, Karyotype
from karyogram.shape.pose import outline, upright_angle

#: A cell whose chromosomes are fewer or more than these is no diploid cell that was found whole.
PLAUSIBLE = range(40, 55)


def describe(
    name: str,
    picture: Picture,
    instances: Sequence[Instance],
    probabilities: np.ndarray,
    up: np.ndarray,
    classes: np.ndarray,
    model: Mapping[str, str],
) -> Karyotype:
    """Build the karyotype of one picture.

    For N instances: ``probabilities`` (N, 24), ``up`` (N,) P(short arm up), ``classes`` (N,) the place given, -1 for
    none. Chromosomes
    are numbered from 1 in karyogram order, the unplaced last. Number findings and ISCN text are given only where
    every object has a place and their number is one a human cell can have; otherwise a warning says why not.
    """
    height, width = picture.pixels.shape
    whole = np.array([item.score for item in instances])
    belief = np.array([p[c] if c >= 0 else 0.0 for p, c in zip(probabilities, classes, strict=True)]) * whole
    counts = count_classes(classes)
    order = sorted(range(len(instances)), key=lambda i: (classes[i] % 25 if classes[i] >= 0 else 99, -instances[i].area))
    chromosomes = tuple(
        _chromosome(number, instances[i], probabilities[i], float(up[i]), int(classes[i]), counts, (height, width))
        for number, i in enumerate(order, start=1)
    )
    total, unplaced = sum(counts.values()), int((classes < 0).sum())
    complete = total in PLAUSIBLE and not unplaced
    warnings = [*picture.warnings]
    if not len(instances):
        warnings.append("no chromosomes found")
    elif not complete:
        warnings.append(f"no number finding: {total} chromosomes placed, {unplaced} objects not")
    elif missing := possible_robertsonian(counts):
        warnings.append(f"possible Robertsonian translocation: 45 chromosomes, one {missing} short")
    return Karyotype(
        image=name,
        width=width,
        height=height,
        chromosomes=chromosomes,
        counts=counts,
        findings=find_changes(counts, classes, belief) if complete else (),
        iscn=iscn_text(counts) if complete else "",
        quality=round(float(belief.mean()), 4) if len(belief) else 0.0,
        warnings=tuple(warnings),
        model=dict(model),
    )


def _chromosome(
    number: int,
    item: Instance,
    probabilities: np.ndarray,
    up: float,
    placed: int,
    counts: Mapping[str, int],
    size: tuple[int, int],
) -> Chromosome:
    points = outline(item)
    angle, length = upright_angle(points)
    xmin, ymin, xmax, ymax = item.bbox
    at_border = xmin <= 1 or ymin <= 1 or xmax >= size[1] - 1 or ymax >= size[0] - 1
    label = LABELS[placed] if placed >= 0 else None
    return Chromosome(
        id=number,
        label=label,
        probability=round(float(probabilities[placed]), 4) if label else 0.0,
        probabilities=tuple(round(float(p), 4) for p in probabilities),
        score=round(item.score, 4),
        bbox=item.bbox,
        polygon=tuple((float(x), float(y)) for x, y in points),
        angle=round(angle, 2),
        flipped=up < 0.5,
        length_px=round(length, 1),
        review=review_reasons(placed, probabilities, item.score, up, counts.get(label or "", 0), at_border),
    )

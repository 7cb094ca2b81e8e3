"""Masks, opinions and places to the record a person reads."""

from collections.abc import Mapping, Sequence

import numpy as np

from karyogram.files import Picture
from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.iscn_text import iscn_text, possible_robertsonian
from karyogram.karyotype.review import review_reasons
from karyogram.labels import LABELS
from karyogram.records import Chromosome, Instance, Karyotype
from karyogram.shape.measure import measure
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

    For N instances: ``probabilities`` (N, 24), ``up`` (N,) P(short arm up), ``classes`` (N,) the place given, -1 for none.
    Chromosomes are numbered from 1 in karyogram order, the unplaced last. Number findings and ISCN text are given only where
    every object has a place and their number is one a human cell can have; otherwise a warning says why not. A
    possible Robertsonian translocation is a warning and no finding.
    """
    order = sorted(range(len(instances)), key=lambda i: (classes[i] if classes[i] >= 0 else len(LABELS), -instances[i].area))
    instances, probabilities, up, classes = [instances[i] for i in order], probabilities[order], up[order], classes[order]
    whole = np.array([item.score for item in instances])
    belief = np.where(classes >= 0, probabilities[np.arange(len(order)), classes], 0.0) * whole
    counts = count_classes(classes)
    findings = find_changes(counts, classes, belief)
    extra = {finding.label for finding in findings if finding.change > 0}
    chromosomes = tuple(
        _chromosome(
            number, instances, probabilities[number - 1], float(up[number - 1]), int(classes[number - 1]), extra, picture
        )
        for number in range(1, len(order) + 1)
    )
    total, unplaced, fused = sum(counts.values()), int((classes < 0).sum()), possible_robertsonian(counts)
    complete = total in PLAUSIBLE and not unplaced
    doubts = {
        "no chromosomes found": not order,
        f"no number finding: {total} chromosomes placed, {unplaced} objects not": bool(order) and not complete,
        f"possible Robertsonian translocation: 45 chromosomes, short of {' and '.join(fused)}": complete and bool(fused),
    }
    return Karyotype(
        image=name,
        width=picture.pixels.shape[1],
        height=picture.pixels.shape[0],
        chromosomes=chromosomes,
        counts=counts,
        findings=findings if complete and not fused else (),
        iscn=iscn_text(counts) if complete else "",
        quality=round(float(belief.mean()), 4) if order else 0.0,
        warnings=(*picture.warnings, *(text for text, applies in doubts.items() if applies)),
        model=dict(model),
    )


def _chromosome(
    number: int,
    instances: Sequence[Instance],
    probabilities: np.ndarray,
    up: float,
    placed: int,
    extra: set[str],
    picture: Picture,
) -> Chromosome:
    """Build the record of instance ``number`` (from 1)."""
    item = instances[number - 1]
    points = outline(item)
    angle, _ = upright_angle(points)
    own = picture.pixels[item.window()] if item.pixels is None else item.pixels
    length, centromere = measure(own, item.mask, angle, up < 0.5)
    height, width = picture.pixels.shape
    xmin, ymin, xmax, ymax = item.bbox
    at_border = xmin <= 1 or ymin <= 1 or xmax >= width - 1 or ymax >= height - 1
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
        length_px=length,
        centromere=None if centromere is None else round(centromere, 3),
        overlaps=tuple(n for n, other in enumerate(instances, start=1) if n != number and item.common(other)),
        review=review_reasons(placed, probabilities, item.score, up, label in extra, at_border),
    )

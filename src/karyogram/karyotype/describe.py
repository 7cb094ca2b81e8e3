"""Masks, opinions and places to the record a person reads."""

from collections.abc import Mapping, Sequence

import numpy as np

from karyogram.files import Picture
from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.iscn_text import iscn_text, possible_robertsonian
from karyogram.karyotype.review import is_clear, review_reasons
from karyogram.karyotype.structure import flag_differences
from karyogram.labels import AUTOSOMES, LABELS
from karyogram.records import Chromosome, Instance, Karyotype
from karyogram.shape.measure import Measures, measure
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
    Chromosomes are numbered from 1 in karyogram order, the unplaced last. Number findings are given where the number of placed
    chromosomes is one that a human cell can have, an ISCN text only if besides every object has a place; otherwise a warning
    says why not. A possible Robertsonian translocation is a warning and no finding; the loss of an autosome is a finding and a
    warning, since a person has to confirm it.
    """
    order = sorted(range(len(instances)), key=lambda i: (classes[i] if classes[i] >= 0 else len(LABELS), -instances[i].area))
    instances, probabilities, up, classes = [instances[i] for i in order], probabilities[order], up[order], classes[order]
    whole = np.array([item.score for item in instances])
    sure = np.where(classes >= 0, probabilities[np.arange(len(order)), classes], 0.0)
    belief = sure * whole
    counts = count_classes(classes)
    findings = find_changes(counts, classes, belief)
    extra = {finding.label for finding in findings if finding.change > 0}
    labels = [LABELS[index] if index >= 0 else None for index in classes.tolist()]
    angles = [upright_angle(outline(item))[0] for item in instances]
    measured = [_measure(item, picture, angle, side < 0.5) for item, angle, side in zip(instances, angles, up, strict=True)]
    across = [
        tuple(n for n, other in enumerate(instances, 1) if other is not item and item.common(other)) for item in instances
    ]
    clear = [is_clear(p, item.score, over) for p, item, over in zip(sure, instances, across, strict=True)]
    unusual = flag_differences(labels, measured, clear)
    chromosomes = []
    for i, item in enumerate(instances):
        opinion = probabilities[i], float(up[i]), int(classes[i])
        reasons = review_reasons(opinion[2], opinion[0], item.score, opinion[1], labels[i] in extra, _at_border(item, picture))
        record = _chromosome(i + 1, item, opinion, angles[i], measured[i], across[i], reasons + unusual[i])
        chromosomes.append(record)
    total, unplaced, fused = sum(counts.values()), int((classes < 0).sum()), possible_robertsonian(counts)
    complete = total in PLAUSIBLE and not unplaced
    lost = [finding.label for finding in findings if finding.change < 0 and finding.label in AUTOSOMES]
    doubts = {
        "no chromosomes found": not order,
        "no X chromosome, which no cell can lack": complete and not counts["X"],
        f"no karyotype: {total} chromosomes placed, {unplaced} objects not": bool(order) and not complete,
        f"possible rob: 45 chromosomes, short of {' and '.join(fused)}, lost or fused (Robertsonian translocation)": complete
        and bool(fused),
        f"loss of {' and '.join(lost)}: to be confirmed by a person": complete and bool(lost) and not fused,
    }
    return Karyotype(
        image=name,
        width=picture.pixels.shape[1],
        height=picture.pixels.shape[0],
        chromosomes=tuple(chromosomes),
        counts=counts,
        findings=findings if total in PLAUSIBLE and not fused else (),
        iscn=iscn_text(counts) if complete else "",
        quality=round(float(belief.mean()), 4) if order else 0.0,
        warnings=(*picture.warnings, *(text for text, applies in doubts.items() if applies)),
        model=dict(model),
    )


def _measure(item: Instance, picture: Picture, angle: float, flipped: bool) -> Measures:
    own = picture.pixels[item.window()] if item.pixels is None else item.pixels
    return measure(own, item.mask, angle, flipped)


def _chromosome(
    number: int,
    item: Instance,
    opinion: tuple[np.ndarray, float, int],
    angle: float,
    measured: Measures,
    overlaps: tuple[int, ...],
    review: tuple[str, ...],
) -> Chromosome:
    """Build the record of one instance; ``opinion`` is its probabilities (24,), P(short arm up) and place."""
    probabilities, up, placed = opinion
    label = LABELS[placed] if placed >= 0 else None
    return Chromosome(
        id=number,
        label=label,
        probability=round(float(probabilities[placed]), 4) if label else 0.0,
        probabilities=tuple(round(float(p), 4) for p in probabilities),
        score=round(item.score, 4),
        bbox=item.bbox,
        polygon=tuple((float(x), float(y)) for x, y in outline(item)),
        angle=round(angle, 2),
        flipped=up < 0.5,
        length_px=measured.length,
        centromere=None if measured.centromere is None else round(measured.centromere, 3),
        overlaps=overlaps,
        review=review,
    )


def _at_border(item: Instance, picture: Picture) -> bool:
    height, width = picture.pixels.shape
    xmin, ymin, xmax, ymax = item.bbox
    return xmin <= 1 or ymin <= 1 or xmax >= width - 1 or ymax >= height - 1

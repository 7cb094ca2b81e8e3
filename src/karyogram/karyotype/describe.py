"""Masks, opinions and places to the record a person reads."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from karyogram.files import Picture
from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.review import is_clear, review_reasons
from karyogram.karyotype.structure import flag_differences
from karyogram.karyotype.summary import summarize
from karyogram.labels import LABELS
from karyogram.records import Candidate, Chromosome, Instance, Karyotype
from karyogram.shape.measure import Measures, measure
from karyogram.shape.pose import outline, upright_angle

#: Pixels by which the outline of what was not taken may be off.
ROUNDED = 0.75


class Opinion(NamedTuple):
    """What is thought of one object: ``probabilities`` (24,), P(short arm up), the class index it is placed at, -1 for none."""

    probabilities: np.ndarray
    up: float
    placed: int


class Posed(NamedTuple):
    """How one object lies: ``angle`` in degrees counter-clockwise turns it upright, ``measures`` are taken along its axis."""

    angle: float
    measures: Measures


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
    Chromosomes are numbered from 1 in karyogram order, the unplaced last. What they add up to is told by
    :func:`karyogram.karyotype.summary.summarize`.
    """
    order = sorted(range(len(instances)), key=lambda i: (classes[i] if classes[i] >= 0 else len(LABELS), -instances[i].area))
    instances, classes = [instances[i] for i in order], classes[order]
    opinions = [Opinion(probabilities[i], float(up[i]), int(place)) for i, place in zip(order, classes, strict=True)]
    sure = np.array([o.probabilities[o.placed] if o.placed >= 0 else 0.0 for o in opinions])
    belief = sure * np.array([item.score for item in instances])
    gained = {finding.label for finding in find_changes(count_classes(classes), classes, belief) if finding.change > 0}
    labels = [LABELS[index] if index >= 0 else None for index in classes.tolist()]
    posed = [pose(item, picture.pixels, opinion.up) for item, opinion in zip(instances, opinions, strict=True)]
    across = [
        tuple(n for n, other in enumerate(instances, 1) if other is not item and item.common(other)) for item in instances
    ]
    clear = [is_clear(p, item.score, over) for p, item, over in zip(sure, instances, across, strict=True)]
    unusual = flag_differences(labels, [each.measures for each in posed], clear)
    chromosomes = []
    for i, item in enumerate(instances):
        reasons = reasons_to_look(item, opinions[i], labels[i] in gained, picture.pixels.shape) + unusual[i]
        chromosomes.append(make_record(i + 1, item, opinions[i], posed[i], across[i], reasons))
    summary = summarize(classes, belief)
    return Karyotype(
        image=name,
        width=picture.pixels.shape[1],
        height=picture.pixels.shape[0],
        chromosomes=tuple(chromosomes),
        counts=summary.counts,
        findings=summary.findings,
        iscn=summary.iscn,
        quality=summary.quality,
        warnings=(*picture.warnings, *summary.warnings),
        model=dict(model),
    )


def pose(item: Instance, pixels: np.ndarray, up: float) -> Posed:
    """Return how an object lies in its picture, uint8 (H, W), dark on white; ``up`` is P(short arm up) once it is upright."""
    angle = upright_angle(outline(item))[0]
    own = pixels[item.window()] if item.pixels is None else item.pixels
    return Posed(angle, measure(own, item.mask, angle, up < 0.5))


def reasons_to_look(item: Instance, opinion: Opinion, extra: bool, size: tuple[int, ...]) -> tuple[str, ...]:
    """Return why to look at an object of a picture of ``size`` (H, W); ``extra`` tells that its class has too many copies."""
    return review_reasons(opinion.placed, opinion.probabilities, item.score, opinion.up, extra, _at_border(item, size))


def make_record(
    number: int, item: Instance, opinion: Opinion, posed: Posed, overlaps: tuple[int, ...], review: tuple[str, ...]
) -> Chromosome:
    """Build the record of one object."""
    label = LABELS[opinion.placed] if opinion.placed >= 0 else None
    place = posed.measures.centromere
    return Chromosome(
        id=number,
        label=label,
        probability=round(float(opinion.probabilities[opinion.placed]), 4) if label else 0.0,
        probabilities=tuple(round(float(p), 4) for p in opinion.probabilities),
        score=round(item.score, 4),
        bbox=item.bbox,
        polygon=tuple((float(x), float(y)) for x, y in outline(item)),
        angle=round(posed.angle, 2),
        flipped=opinion.up < 0.5,
        length_px=posed.measures.length,
        centromere=None if place is None else round(place, 3),
        overlaps=overlaps,
        review=review,
    )


def make_candidate(item: Instance, probabilities: np.ndarray, score: float) -> Candidate:
    """Return the record of an object that was not taken, its outline rounded off; ``probabilities`` (24,) are its classes'."""
    best, points = int(probabilities.argmax()), cv2.approxPolyDP(outline(item), ROUNDED, True).reshape(-1, 2)
    if len(points) < 3:  # a line has no outline that can be rounded: its box has
        xmin, ymin, xmax, ymax = item.bbox
        points = np.array([[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax]])
    return Candidate(
        label=LABELS[best],
        probability=round(float(probabilities[best]), 4),
        score=score,
        bbox=item.bbox,
        polygon=tuple((float(x), float(y)) for x, y in points),
    )


def _at_border(item: Instance, size: tuple[int, ...]) -> bool:
    xmin, ymin, xmax, ymax = item.bbox
    return xmin <= 1 or ymin <= 1 or xmax >= size[1] - 1 or ymax >= size[0] - 1

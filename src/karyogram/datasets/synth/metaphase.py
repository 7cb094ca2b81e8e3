"""A whole drawn metaphase and its true karyotype."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from karyogram.bands import centromere
from karyogram.datasets.synth.layout import MARGIN, Laid, lay_out
from karyogram.datasets.synth.photograph import draw_dirt, draw_nuclei, photograph
from karyogram.errors import DataError
from karyogram.karyotype.findings import find_changes
from karyogram.karyotype.iscn import parse_counts
from karyogram.labels import INDEX, LABELS
from karyogram.records import Chromosome, Karyotype
from karyogram.shape.pose import outline, upright_angle

#: Pixels that the shorter side of a picture has at least.
LEAST_SIDE = 100


def synth_metaphase(
    seed: int, karyotype: str = "46,XX", size: tuple[int, int] = (690, 700), touching: float = 0.0, crossings: int = 0
) -> tuple[np.ndarray, Karyotype]:
    """Draw a G-banded metaphase: the picture, uint8 (H, W) dark on white, and its truth.

    ``karyotype`` is what :func:`karyogram.karyotype.iscn.parse_counts` reads, ``size`` is (H, W). For ``touching`` and
    ``crossings`` see :func:`karyogram.datasets.synth.layout.lay_out`; where chromosomes cross, their optical densities
    add, as light passes through both. The same arguments give the same picture, bit by bit. Raises AnnotationError for
    a karyotype that is none, DataError if the chromosomes do not fit.
    """
    counts = parse_counts(karyotype)
    if min(size) < LEAST_SIDE:
        raise DataError(f"a picture of {size[1]} x {size[0]} pixels is too small: {LEAST_SIDE} pixels a side at least")
    rng = np.random.default_rng(seed)
    nuclei = draw_nuclei(size, rng)
    laid = lay_out(
        [label for label, copies in counts.items() for _ in range(copies)], _closed(nuclei), rng, touching, crossings
    )
    density = nuclei + draw_dirt(size, rng)
    for item in laid:
        density[item.instance.window()] += item.rod.density
    return photograph(density, rng), _truth(laid, counts, karyotype, size, seed)


def _closed(nuclei: np.ndarray) -> np.ndarray:
    """Return where no chromosome may lie, bool (H, W): close to a nucleus or to the picture's edge."""
    closed = cv2.dilate((nuclei > 0).astype(np.uint8), np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)) > 0
    edge = np.ones_like(closed)
    edge[MARGIN:-MARGIN, MARGIN:-MARGIN] = False
    return closed | edge


def _truth(laid: Sequence[Laid], counts: dict[str, int], karyotype: str, size: tuple[int, int], seed: int) -> Karyotype:
    """Return the karyotype, chromosomes numbered from 1 in karyogram order, the larger of a class first."""
    ordered = sorted(laid, key=lambda item: (INDEX[item.label], -item.instance.area))
    classes = np.array([INDEX[item.label] for item in ordered])
    return Karyotype(
        image="",
        width=size[1],
        height=size[0],
        chromosomes=tuple(_chromosome(number, item, ordered) for number, item in enumerate(ordered, start=1)),
        counts=counts,
        findings=tuple(replace(f, probability=1.0) for f in find_changes(counts, classes, np.ones(len(classes)))),
        iscn=karyotype,
        quality=1.0,
        model={"name": "synth", "seed": str(seed)},
    )


def _chromosome(number: int, item: Laid, ordered: Sequence[Laid]) -> Chromosome:
    points = outline(item.instance)
    angle, _ = upright_angle(points)
    length = float(np.hypot(*np.diff(item.rod.axis, axis=0).T).sum())
    turned = item.rod.axis @ cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)[1, :2]
    along = np.arange(len(turned)) - (len(turned) - 1) / 2
    overlaps = (
        other_number
        for other_number, other in enumerate(ordered, start=1)
        if other is not item and item.instance.common(other.instance)
    )
    return Chromosome(
        id=number,
        label=item.label,
        probability=1.0,
        probabilities=tuple(float(label == item.label) for label in LABELS),
        score=1.0,
        bbox=item.instance.bbox,
        polygon=tuple((float(x), float(y)) for x, y in points),
        angle=round(angle, 2),
        flipped=bool(along @ turned < 0),
        length_px=round(length, 1),
        centromere=round(centromere(item.label), 4),
        overlaps=tuple(overlaps),
    )

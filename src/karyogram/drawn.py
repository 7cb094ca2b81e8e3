"""Masks that a person drew in a metaphase, read as the pipeline reads its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from karyogram.classify.predict import predict
from karyogram.exchange.outlines import fill
from karyogram.image.background import flatten
from karyogram.karyotype.arrange import arrange
from karyogram.karyotype.describe import Opinion, make_record, pose, reasons_to_look
from karyogram.labels import INDEX
from karyogram.pipeline import measure_scale
from karyogram.records import Chromosome, Instance
from karyogram.segment.cuts import crop
from karyogram.segment.levels import threshold_levels
from karyogram.segment.reconstruct import separate
from karyogram.weights.record import Model

#: An outline may be drawn by so many pixels too narrow before stain beside it is lost.
SLACK = 1


@dataclass(frozen=True, eq=False)
class Ground:
    """What masks are drawn on: ``picture`` and ``flat``, uint8 (H, W), as it is (dark on white) and flattened.

    ``stain`` is bool (H, W), what is stained at the most lenient threshold, ``stained`` how many pixels are at Otsu's, and
    ``width`` that of a chromosome in pixels; False and 0 for a picture without contrast.
    """

    picture: np.ndarray
    flat: np.ndarray
    stain: np.ndarray
    stained: int
    width: float


def prepare_ground(picture: np.ndarray) -> Ground:
    """Flatten a dark-on-white metaphase, uint8 (H, W), and find its stain."""
    flat = flatten(picture)
    levels = threshold_levels(flat)
    if levels is None:
        return Ground(picture, flat, np.zeros(flat.shape, bool), 0, 0.0)
    return Ground(picture, flat, levels.masks[0], levels.area, levels.width)


def tighten(mask: Instance, ground: Ground) -> Instance | None:
    """Return a mask drawn loosely around a chromosome cut to what is stained, its largest part; None if nothing is."""
    drawn = np.pad(mask.mask, SLACK).astype(np.uint8)
    drawn = cv2.dilate(drawn, np.ones((2 * SLACK + 1, 2 * SLACK + 1), np.uint8)).astype(bool)
    wide = within(Instance(drawn, mask.x - SLACK, mask.y - SLACK), ground.flat.shape)
    stained = wide.mask & ground.stain[wide.window()]
    return crop(stained, wide.x, wide.y) if stained.any() else None


def within(item: Instance, size: tuple[int, ...]) -> Instance:
    """Return the part of a mask that lies in a picture of ``size`` (H, W)."""
    top, left = max(-item.y, 0), max(-item.x, 0)
    mask = item.mask[top : max(size[0] - item.y, 0), left : max(size[1] - item.x, 0)]
    return Instance(mask, item.x + left, item.y + top)


def read_drawn(
    ground: Ground, masks: Sequence[Instance], beside: Sequence[Chromosome], first: int, classifier: Model
) -> list[Chromosome]:
    """Return the records of N masks, numbered from ``first``, among the chromosomes ``beside`` of their cell.

    Each is measured and classified as the pipeline does it; where they share pixels with others their densities are parted.
    The cell's other chromosomes keep their places, and the new ones get the likeliest left: a mask that a person drew is
    taken for a chromosome, so that only one that fits nowhere stays without a class. What depends on the rest of the cell is
    left to the caller: ``overlaps`` are empty, and none is called an extra copy.
    """
    size = ground.flat.shape
    others = [fill(chromosome, size) for chromosome in beside]
    near = [other for other in others if any(other.common(mask) for mask in masks)]
    items = separate(ground.flat, [*masks, *near])[: len(masks)]
    said = predict(classifier, ground.flat, items, measure_scale(ground.stained, [*masks, *others]))
    classes = _places(said.probabilities, beside)
    records = []
    for number, item in enumerate(items):
        item = replace(item, score=float(said.whole[number]))
        opinion = Opinion(said.probabilities[number], float(said.up[number]), int(classes[number]))
        reasons = reasons_to_look(item, opinion, False, size)
        records.append(make_record(first + number, item, opinion, pose(item, ground.picture, opinion.up), (), reasons))
    return records


def _places(probabilities: np.ndarray, beside: Sequence[Chromosome]) -> np.ndarray:
    """Return the class indices, -1 for none, of N new chromosomes, ``probabilities`` (N, 24), with those ``beside`` held."""
    held = np.eye(len(INDEX))[[INDEX[c.label] for c in beside if c.label]]
    together = np.concatenate([probabilities, held])
    return arrange(together, np.ones(len(together))).classes[: len(probabilities)]

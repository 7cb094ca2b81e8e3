"""Boxed metaphases to exactly masked, labelled chromosomes: what the classifier learns from.

An object found by thresholding that fills one box, and only one, is a whole chromosome with that box's class. Objects that fill
several boxes (clusters) or a part of one (fragments) teach the network what a whole chromosome is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation
from karyogram.image.background import flatten
from karyogram.labels import INDEX
from karyogram.records import Instance
from karyogram.segment.levels import LEVELS, objects_of_level, threshold_levels
from karyogram.shape.size import cell_scale

#: The share of whole chromosomes of which a cut-off piece becomes a counterexample.
PIECES = 0.12


@dataclass(frozen=True, eq=False)
class Sample:
    """One canvas, uint8 (h, w), with its class (-1: not one whole chromosome) and the box it fills (-1: none)."""

    canvas: np.ndarray
    label: int
    box: int


@dataclass(frozen=True, eq=False)
class Found:
    """What thresholding finds in one boxed picture: ``whole`` {box: object}, and objects that are clusters or fragments.

    ``flat`` is the flattened picture, uint8 (H, W); ``scale`` brings the cell to the reference size.
    """

    flat: np.ndarray
    scale: float
    whole: dict[int, Instance]
    clusters: list[Instance]
    fragments: list[Instance]


def find_isolated(picture: np.ndarray, truth: Annotation, numbers: Sequence[int] = range(len(LEVELS))) -> Found | None:
    """Match the objects of a picture, uint8 (H, W) dark on white, with its boxes; None where there is nothing to match.

    ``numbers`` are the threshold levels that may yield objects; the level 0.0 alone is what a plain Otsu threshold isolates.
    """
    flat = flatten(picture)
    levels = threshold_levels(flat)
    if levels is None or not truth.boxes:
        return None
    boxes = np.array([box.bbox for box in truth.boxes])
    objects = [item for number in numbers for item in objects_of_level(flat, levels, number)]
    if not objects:
        return None
    grown = np.array([item.bbox for item in objects]) + np.array([-MARGIN[0], -MARGIN[1], MARGIN[2], MARGIN[3]])
    iou, covered, inside = _compare(boxes, grown)
    return Found(
        flat,
        cell_scale(levels.area),
        {box: objects[index] for box, index in _best_whole(iou, covered).items()},
        [o for i, o in enumerate(objects) if (covered[:, i] > 0.8).sum() >= 2 and iou[:, i].max() < 0.6],
        [o for i, o in enumerate(objects) if inside[:, i].max() > 0.9 and iou[:, i].max() < 0.35],
    )


def extract_samples(picture: np.ndarray, truth: Annotation, how: Preparation, rng: np.random.Generator) -> Iterator[Sample]:
    """Yield the whole chromosomes of one picture, uint8 (H, W) dark on white, then clusters and fragments."""
    found = find_isolated(picture, truth)
    if found is None:
        return
    for box, item in found.whole.items():
        label = truth.boxes[box].label
        if label is not None:
            yield Sample(prepare(found.flat, item, how, found.scale), INDEX[label], box)

    pieces = [cut_across(item, rng) for item in found.whole.values() if rng.random() < PIECES]
    clusters = [found.clusters[i] for i in rng.permutation(len(found.clusters))[:6]]
    fragments = [found.fragments[i] for i in rng.permutation(len(found.fragments))[:3]]
    for item in clusters + fragments + pieces:
        yield Sample(prepare(found.flat, item, how, found.scale), -1, -1)


def cut_across(item: Instance, rng: np.random.Generator) -> Instance:
    """Return one piece of a chromosome, a quarter to four fifths of it, cut across its longer direction at a random place."""
    ys, xs = np.nonzero(item.mask)
    points = np.stack([xs, ys], 1) - [xs.mean(), ys.mean()]
    along = points @ np.linalg.svd(points, full_matrices=False)[2][0]
    piece = np.zeros_like(item.mask)
    keep = along > np.quantile(along, rng.uniform(0.2, 0.75))
    piece[ys[keep], xs[keep]] = True
    return Instance(piece, item.x, item.y)


def _compare(boxes: np.ndarray, objects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return IoU, share of the box covered and share of the object inside, each (boxes, objects)."""
    low = np.maximum(boxes[:, None, :2], objects[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], objects[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    area_box = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)[:, None]
    area_object = np.prod(objects[:, 2:] - objects[:, :2], axis=1)[None]
    return common / (area_box + area_object - common), common / area_box, common / area_object


def _best_whole(iou: np.ndarray, covered: np.ndarray) -> dict[int, int]:
    """Return {box: object} for the objects that fill one box and cover no other."""
    best = {}
    for box in range(iou.shape[0]):
        index = int(iou[box].argmax())
        others = np.delete(covered[:, index], box)
        if iou[box, index] > 0.72 and (others.size == 0 or others.max() < 0.6):
            best[box] = index
    return best

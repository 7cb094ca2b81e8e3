"""Chromosomes by a detector: peaks of its centre maps, a mask drawn by the filter found at each, and how sure each is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.special import expit, logit

from karyogram.records import Instance
from karyogram.segment.classical import Judge
from karyogram.segment.drawing import box_iou, draw_masks, place_mask
from karyogram.segment.levels import Levels
from karyogram.segment.maps import CENTRE_STEP, Maps, predict_maps
from karyogram.shape.size import mean_area
from karyogram.weights.record import Model

#: A centre is looked at from this probability of any one class on, and at most so many of them.
LEAST, MOST = 0.08, 160
#: Two candidates whose masks are this much alike (IoU), or one of which holds this share of the other, are one chromosome.
SAME, HELD = 0.5, 0.85
#: How sure a candidate is: log-odds = weights * (log of the sum and of the highest of its class probabilities, log-odds of the
#: judge, IoU of its mask's box and its reach, log of its area in mean chromosomes, 1); fitted on validation pictures.
QUALITY = (0.60, 2.01, 0.51, 2.38, 0.57, 1.03)
#: Candidates less sure than this are not worth a thought.
DOUBT = 0.03


@dataclass(frozen=True, eq=False)
class Detections:
    """``instances``, N of them; the detector's opinion on their classes, float (N, 24), not normalised; and ``fit`` (N,).

    The fit is the IoU of the box of the mask and of the box that the reach tells.
    """

    instances: list[Instance]
    classes: np.ndarray
    fit: np.ndarray


def segment_learned(flat: np.ndarray, model: Model, judge: Judge, levels: Levels, scale: float) -> Detections:
    """Return candidates for chromosomes of a flattened picture, uint8 (H, W), some of them rivals for one chromosome.

    Masks may overlap; scores are how sure each is a chromosome. ``scale`` brings the cell to the reference size, ``judge``
    says what looks like one whole chromosome.
    """
    factor = scale * model.metadata["scale"]
    candidates = find_candidates(predict_maps(model, flat, factor), levels.masks[0], factor)
    return rate(candidates, quality(candidates, judge(candidates.instances), mean_area(scale)))


def find_candidates(maps: Maps, stain: np.ndarray, scale: float) -> Detections:
    """Draw what the detector sees at each peak of its maps: every chromosome, some of them twice, and things that are none.

    ``stain`` is bool (H, W), what is stained at a lenient threshold: masks end where it ends. ``scale`` brings the picture to
    the maps' size.
    """
    rows, columns = _peaks(maps.centres)
    drawn = draw_masks(maps, rows, columns)
    boxes = _boxes(maps.reach[:, rows, columns].T, rows, columns)
    found = [place_mask(*each, stain, scale) for each in zip(drawn, rows, columns, boxes, strict=True)]
    kept = [number for number, item in enumerate(found) if item is not None]
    instances = [item for item in found if item is not None]
    fit = [box_iou(np.array(item.bbox) * scale, boxes[number]) for item, number in zip(instances, kept, strict=True)]
    return Detections(instances, maps.centres[:, rows[kept], columns[kept]].T.astype(np.float64), np.array(fit))


def quality(found: Detections, whole: np.ndarray, mean: float) -> np.ndarray:
    """Return how sure each candidate is one chromosome, float (N,), 0..1; arguments as for :func:`weigh`."""
    return np.asarray(expit(np.tensordot(QUALITY, weigh(found, whole, mean), 1)))


def weigh(found: Detections, whole: np.ndarray, mean: float) -> np.ndarray:
    """Return the cues for and against each candidate, float (6, N), in the order of ``QUALITY``.

    ``whole`` (N,) is the judge's opinion, ``mean`` the area of a mean chromosome in pixels.
    """
    area = np.array([item.area for item in found.instances]) / mean
    cues = (
        np.log(np.minimum(found.classes.sum(1), 1.5) + 0.01),
        np.log(found.classes.max(1, initial=0) + 0.01),
        logit(np.clip(whole, 1e-4, 1 - 1e-4)),
        found.fit,
        np.log(area),
        np.ones(len(area)),
    )
    return np.stack(cues)


def rate(found: Detections, sure: np.ndarray) -> Detections:
    """Return the candidates, the surest first, without very doubtful ones; ``sure`` float (N,) becomes their scores."""
    kept = [number for number in np.argsort(-sure, kind="stable").tolist() if sure[number] >= DOUBT]
    instances = [replace(found.instances[number], score=float(sure[number])) for number in kept]
    return Detections(instances, found.classes[kept], found.fit[kept])


def find_rivals(instances: Sequence[Instance]) -> list[tuple[int, int]]:
    """Return the pairs, as numbers, whose masks show the same chromosome: only one of each pair can be right."""
    if not instances:
        return []
    boxes, areas = np.array([item.bbox for item in instances]), [item.area for item in instances]
    meet = (boxes[:, None, :2] < boxes[None, :, 2:]).all(2)
    pairs = np.argwhere(np.triu(meet & meet.T, 1)).tolist()
    return [(a, b) for a, b in pairs if _alike(instances[a].common(instances[b]), areas[a], areas[b])]


def _peaks(centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, columns) of the cells that are the highest around in the map of one class or more, best first."""
    highest = np.stack([cv2.dilate(each, np.ones((3, 3), np.uint8)) for each in centres])
    peak = np.where((centres >= highest) & (centres >= LEAST), centres, 0).max(0)
    rows, columns = np.nonzero(peak)
    order = np.argsort(-peak[rows, columns])[:MOST]
    return rows[order], columns[order]


def _boxes(reach: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return boxes (n, 4) in input pixels: left, top, right, bottom."""
    centres = (np.stack([columns, rows], 1) + 0.5) * CENTRE_STEP
    return np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], 1)


def _alike(common: int, one: int, other: int) -> bool:
    """Tell whether two masks of so many pixels, with so many in common, show the same chromosome."""
    return common > SAME * (one + other - common) or common > HELD * min(one, other)

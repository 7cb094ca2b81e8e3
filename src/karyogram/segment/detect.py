"""Chromosomes by a detector: what it sees, brought to the picture, and how sure each is."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from karyogram.metrics.detection import iou_matrix
from karyogram.records import Instance
from karyogram.segment.arms import Skeleton, owned_arms, trace_skeleton, trace_ways
from karyogram.segment.drawing import box_iou, place_mask
from karyogram.segment.levels import OTSU, Levels
from karyogram.segment.peaks import Peaks, ask_detector
from karyogram.segment.rim import heed_rims, sharpness
from karyogram.shape.size import mean_area
from karyogram.weights.record import Model

#: Two candidates whose masks are this much alike (IoU), or one of which holds this share of the other, are one chromosome.
SAME, HELD = 0.5, 0.85
#: Of two that are no rivals it is told how much of the smaller they share, from this on: crossings are smaller.
MUCH = 0.2
#: How sure a candidate is: log-odds = weights * (log of the sum and of the highest of its class probabilities, the
#: classifier's log-odds that it is whole, IoU of its mask's box and the box seen, log of its area in mean chromosomes, log of
#: how far detector and classifier agree on its class, 1); fitted on validation pictures.
QUALITY = (0.38, 0.94, 0.43, 1.73, 0.56, 1.02, 2.10)
#: Looks at instances: their class probabilities, float (N, 24), and that each is one whole chromosome, float (N,).
Look = Callable[[Sequence[Instance]], tuple[np.ndarray, np.ndarray]]
#: A way through a cluster is a candidate for what the detector sees in a box that it fills this well (IoU).
FILLS = 0.65
#: What the detector's sureness counts against it where a way fills several boxes.
OPINION = 0.3
#: Proposals less sure than this are not worth a thought.
DOUBT = 0.03


@dataclass(frozen=True, eq=False)
class Detections:
    """``instances``, N of them; the detector's opinion on their classes, float (N, 24), not normalised; and ``fit`` (N,).

    The fit is the IoU of the box of the mask and of the box that the detector sees.
    """

    instances: list[Instance]
    classes: np.ndarray
    fit: np.ndarray


@dataclass(frozen=True, eq=False)
class Proposals:
    """``instances``, N of them, the surest first, whose scores say how sure each is one chromosome; some may be rivals.

    ``classes`` float (N, 24): the segmenter's opinion on their classes, not normalised. ``probabilities`` float (N, 24): the
    classifier's. ``arms`` bool (N, A): which of the arms of clusters each holds; every arm is one chromosome's.
    """

    instances: list[Instance]
    classes: np.ndarray
    probabilities: np.ndarray
    arms: np.ndarray


def segment_learned(flat: np.ndarray, model: Model, look: Look, levels: Levels, scale: float) -> Proposals:
    """Return candidates for chromosomes of a flattened picture, uint8 (H, W), some of them rivals for one chromosome.

    Masks may overlap. ``scale`` brings the cell to the reference size, ``look`` is the classifier.
    """
    found, skeleton = detect(flat, model, levels, scale)
    probabilities, whole = look(found.instances)
    sure = quality(found, probabilities, whole, mean_area(scale))
    sure = heed_rims(sure, sharpness(flat, found.instances, scale))
    kept = [number for number in np.argsort(-sure, kind="stable").tolist() if sure[number] >= DOUBT]
    instances = [replace(found.instances[number], score=float(sure[number])) for number in kept]
    return Proposals(instances, found.classes[kept], probabilities[kept], owned_arms(skeleton, instances))


def detect(flat: np.ndarray, model: Model, levels: Levels, scale: float) -> tuple[Detections, Skeleton]:
    """Return all that may be a chromosome of a flattened picture, uint8 (H, W), drawn or a way through a cluster.

    With them comes the skeleton of the clusters. ``scale`` brings the cell to the reference size.
    """
    factor = scale * model.metadata["scale"]
    with ThreadPoolExecutor(1) as pool:  # the clusters are traced while the detector looks
        asked = pool.submit(ask_detector, model, flat, factor)
        skeleton = trace_skeleton(levels.masks[OTSU], levels.width)
        ways = trace_ways(skeleton, levels.masks[0])
        peaks = asked.result()
    return join_ways(find_candidates(peaks, levels.stain[0], factor), peaks, ways, factor), skeleton


def find_candidates(peaks: Peaks, stain: np.ndarray, scale: float) -> Detections:
    """Bring what the detector sees to the picture: every chromosome, some of them twice, and things that are none.

    ``stain`` is bool (H, W), what is stained at a lenient threshold: masks end where it ends. ``scale`` brings the picture to
    the detector's size.
    """
    each = zip(peaks.masks, peaks.places.tolist(), peaks.boxes, strict=True)
    found = [place_mask(mask, row, column, box, stain, scale) for mask, (row, column), box in each]
    kept = [number for number, item in enumerate(found) if item is not None]
    instances = [item for item in found if item is not None]
    fit = [box_iou(np.array(item.bbox) * scale, peaks.boxes[number]) for item, number in zip(instances, kept, strict=True)]
    return Detections(instances, peaks.classes[kept].astype(np.float64), np.array(fit))


def join_ways(drawn: Detections, peaks: Peaks, ways: Sequence[Instance], scale: float) -> Detections:
    """Return the candidates drawn and those ways through clusters that fill a box the detector sees; the best box, if several.

    A way says the same as its box on what class it is; of two masks of one box, whatever cell is likelier decides.
    """
    if not ways or not len(peaks.boxes):
        return drawn
    fits = iou_matrix(np.array([item.bbox for item in ways]) * scale, peaks.boxes)
    best = (fits + OPINION * peaks.classes.max(1) * (fits >= FILLS)).argmax(1)
    fit = fits[np.arange(len(ways)), best]
    kept = np.flatnonzero(fit >= FILLS).tolist()
    return Detections(
        [*drawn.instances, *(ways[number] for number in kept)],
        np.concatenate([drawn.classes, peaks.classes[best[kept]].astype(np.float64)]),
        np.concatenate([drawn.fit, fit[kept]]),
    )


def quality(found: Detections, probabilities: np.ndarray, whole: np.ndarray, mean: float) -> np.ndarray:
    """Return how sure each candidate is one chromosome, float (N,), 0..1; arguments as for :func:`weigh`."""
    return np.asarray(expit(np.tensordot(QUALITY, weigh(found, probabilities, whole, mean), 1)))


def weigh(found: Detections, probabilities: np.ndarray, whole: np.ndarray, mean: float) -> np.ndarray:
    """Return the cues for and against each candidate, float (7, N), in the order of ``QUALITY``.

    ``probabilities`` (N, 24) and ``whole`` (N,) are the classifier's opinion, ``mean`` the area of a mean chromosome in pixels.
    """
    area = np.array([item.area for item in found.instances]) / mean
    cues = (
        np.log(np.minimum(found.classes.sum(1), 1.5) + 0.01),
        np.log(found.classes.max(1, initial=0) + 0.01),
        logit(np.clip(whole, 1e-4, 1 - 1e-4)),
        found.fit,
        np.log(area),
        np.log((probabilities * found.classes).sum(1) + 1e-3),
        np.ones(len(area)),
    )
    return np.stack(cues)


def find_rivals(instances: Sequence[Instance]) -> tuple[list[tuple[int, int]], list[tuple[int, int, float]]]:
    """Return the pairs, as numbers, whose masks show the same chromosome: only one of each pair can be right.

    Besides, (one, other, share of the smaller) of those that may both be right and share ``MUCH``.
    """
    rivals: list[tuple[int, int]] = []
    sharing: list[tuple[int, int, float]] = []
    if not instances:
        return rivals, sharing
    boxes, areas = np.array([item.bbox for item in instances]), [item.area for item in instances]
    meet = (boxes[:, None, :2] < boxes[None, :, 2:]).all(2)
    for a, b in np.argwhere(np.triu(meet & meet.T, 1)).tolist():
        common = instances[a].common(instances[b])
        share = common / min(areas[a], areas[b])
        if _alike(common, areas[a], areas[b]):
            rivals.append((a, b))
        elif share >= MUCH:
            sharing.append((a, b, share))
    return rivals, sharing


def _alike(common: int, one: int, other: int) -> bool:
    """Tell whether two masks of so many pixels, with so many in common, show the same chromosome."""
    return common > SAME * (one + other - common) or common > HELD * min(one, other)

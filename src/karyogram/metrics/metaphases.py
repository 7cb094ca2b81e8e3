"""Scores of whole metaphases: what was found, what was named right, and what was made up."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from karyogram.labels import LABELS
from karyogram.metrics.classification import wilson_interval
from karyogram.metrics.detection import COCO_THRESHOLDS, assign_pairs, average_precision, greedy_match, iou_matrix


@dataclass(frozen=True, eq=False)
class Pair:
    """Truth and prediction of one picture.

    Boxes are float (N, 4) and (M, 4), xmin, ymin, xmax, ymax in pixels. Classes are int (N,) and (M,), an index into
    ``LABELS`` or -1: a truth box of unknown class can be found but not called right or wrong, a prediction without
    class can find a box but not be right. ``score`` (M,) is how sure the mask is, ``probability`` (M,) how sure the
    class. The last ``spare`` predictions are candidates that were scored and not taken.
    """

    boxes: np.ndarray
    labels: np.ndarray
    predicted_boxes: np.ndarray
    predicted_labels: np.ndarray
    score: np.ndarray
    probability: np.ndarray
    spare: int = 0

    def taken(self) -> "Pair":
        """Return truth and what was taken, without candidates."""
        own = slice(len(self.predicted_boxes) - self.spare)
        boxes, labels = self.predicted_boxes[own], self.predicted_labels[own]
        return Pair(self.boxes, self.labels, boxes, labels, self.score[own], self.probability[own])


@dataclass(frozen=True)
class Share:
    """``hits`` out of ``total``, with a 95 % interval; share and interval are NaN if the total is 0."""

    hits: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share itself, 0..1."""
        return self.hits / self.total if self.total else float("nan")


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class: ``found`` and ``right`` are shares of its truth ``boxes``; NaN for a class without any."""

    label: str
    boxes: int
    ap50: float
    found: float
    right: float


@dataclass(frozen=True)
class Scores:
    """Scores of a set of pictures; see :func:`score_pairs`."""

    pictures: int
    boxes: int
    predicted: int
    spurious: int
    found: Share
    found_and_right: Share
    pictures_wholly_right: Share
    pictures_count_right: Share
    pictures_class_counts_right: Share
    ap50: float
    ap50_by_class: float
    map_50_95: float
    map_50_95_by_class: float
    ap50_of_all: float
    ap50_of_all_by_class: float
    classes: tuple[ClassScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers; NaN, which JSON lacks, becomes None, and shares state their share."""
        numbers: dict[str, Any] = _plain(self)
        return numbers


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        extra = ["share"] if isinstance(value, Share) else []
        return {name: _plain(getattr(value, name)) for name in [*extra, *(f.name for f in fields(value))]}
    return None if value != value else value


def score_pairs(pairs: Sequence[Pair], threshold: float = 0.5) -> Scores:
    """Score pictures, at least one.

    * ``found``: share of truth boxes paired with a prediction, one to one, at IoU >= ``threshold``;
      ``found_and_right``: share of the boxes of known class paired with a prediction of that class. Intervals from a
      bootstrap over pictures.
    * ``predicted``: number of predictions; ``spurious``: those without a partner.
    * ``pictures_wholly_right``: every box found, every known class right, nothing spurious; ``pictures_count_right``:
      as many predictions as boxes; ``pictures_class_counts_right``: each of the 24 classes as often as in truth
      (pictures with a box of unknown class are left out). Wilson intervals.
    * ``ap50`` and ``map_50_95``: COCO's average precision at IoU 0.5, whatever ``threshold`` is, and its mean over
      0.5:0.05:0.95, ranked by ``score``, without regard to classes; ``..._by_class``: the mean over the classes that
      occur, ranked by ``score * probability``; there, a prediction on a box of unknown class is left out.
    * ``ap50_of_all`` and ``ap50_of_all_by_class``: the same at IoU 0.5 of all that was scored, candidates that were not taken
      counted in, as detectors are scored; everything else is of what was taken.
    * ``classes``: a row for each of ``LABELS``.
    """
    scored, pairs = pairs, [pair.taken() for pair in pairs]
    partners = [assign_pairs(iou_matrix(p.boxes, p.predicted_boxes), threshold) for p in pairs]
    found = [partner >= 0 for partner in partners]
    right = [f & (p.labels >= 0) for p, f in zip(pairs, found, strict=True)]
    for pair, partner, mask in zip(pairs, partners, right, strict=True):
        mask[mask] = pair.predicted_labels[partner[mask]] == pair.labels[mask]
    boxes = np.array([len(p.boxes) for p in pairs])
    known = np.array([(p.labels >= 0).sum() for p in pairs])
    predicted = np.array([len(p.predicted_boxes) for p in pairs])
    hits, rights = np.array([f.sum() for f in found]), np.array([r.sum() for r in right])
    census = [(_census(p.labels), _census(p.predicted_labels)) for p in pairs]
    same_census = np.array([np.array_equal(*both) for both in census])

    agnostic, by_class = _precisions(pairs)
    of_all, of_all_by_class = _precisions(scored)
    labels, was_found, was_right = (np.concatenate(parts) for parts in ([p.labels for p in pairs], found, right))
    classes = []
    for index, label in enumerate(LABELS):
        of_class = labels == index
        shares = [float(a[of_class].mean()) if of_class.any() else float("nan") for a in (was_found, was_right)]
        classes.append(ClassScores(label, int(of_class.sum()), float(by_class[index, 0]), *shares))
    occurring = by_class[~np.isnan(by_class[:, 0])]
    of_all_by_class = of_all_by_class[~np.isnan(of_all_by_class[:, 0]), 0]
    return Scores(
        pictures=len(pairs),
        boxes=int(boxes.sum()),
        predicted=int(predicted.sum()),
        spurious=int(predicted.sum() - hits.sum()),
        found=_box_share(hits, boxes),
        found_and_right=_box_share(rights, known),
        pictures_wholly_right=_picture_share((hits == boxes) & (rights == known) & (predicted == boxes)),
        pictures_count_right=_picture_share(predicted == boxes),
        pictures_class_counts_right=_picture_share(same_census[known == boxes]),
        ap50=float(agnostic[0]),
        ap50_by_class=float(occurring[:, 0].mean()) if len(occurring) else float("nan"),
        map_50_95=float(agnostic.mean()),
        map_50_95_by_class=float(occurring.mean()) if len(occurring) else float("nan"),
        ap50_of_all=float(of_all[0]),
        ap50_of_all_by_class=float(of_all_by_class.mean()) if len(of_all_by_class) else float("nan"),
        classes=tuple(classes),
    )


def bootstrap_share(hits: np.ndarray, totals: np.ndarray, rounds: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval (low, high) of ``hits.sum() / totals.sum()`` over P pictures, int (P,) each.

    Chromosomes of one picture succeed and fail together, so whole pictures are drawn, with replacement (percentile
    bootstrap, Efron, Ann. Statist. 7:1, 1979, doi 10.1214/aos/1176344552). NaN if there is nothing to share.
    """
    if totals.sum() == 0:
        return float("nan"), float("nan")
    times = np.random.default_rng(seed).multinomial(len(hits), np.full(len(hits), 1 / len(hits)), size=rounds)
    drawn = times @ totals
    low, high = np.quantile((times @ hits)[drawn > 0] / drawn[drawn > 0], [0.025, 0.975])
    return float(low), float(high)


def _precisions(pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """Return average precision without classes, (T,), and by class, (24, T), at the COCO thresholds."""
    taken, taken_in_class, judged = [], [], []
    for pair in pairs:
        iou = iou_matrix(pair.boxes, pair.predicted_boxes)
        taken.append(greedy_match(iou, pair.score, COCO_THRESHOLDS) >= 0)
        same = pair.labels[:, None] == pair.predicted_labels
        hit = greedy_match(np.where(same, iou, 0.0), pair.score * pair.probability, COCO_THRESHOLDS) >= 0
        on_unknown = iou[pair.labels < 0].max(axis=0, initial=0.0) >= COCO_THRESHOLDS[:, None]
        taken_in_class.append(hit)
        judged.append(hit | ~on_unknown)
    score, probability, called = (
        np.concatenate([getattr(p, name) for p in pairs]) for name in ("score", "probability", "predicted_labels")
    )
    correct, correct_in_class, counts = (np.concatenate(parts, axis=1) for parts in (taken, taken_in_class, judged))
    labels = np.concatenate([p.labels for p in pairs])
    rank = score * probability
    agnostic = np.array([average_precision(row, score, len(labels)) for row in correct])
    by_class = np.empty((len(LABELS), len(COCO_THRESHOLDS)))
    for index in range(len(LABELS)):
        truths = int((labels == index).sum())
        for step, row in enumerate(correct_in_class):
            chosen = (called == index) & counts[step]
            by_class[index, step] = average_precision(row[chosen], rank[chosen], truths)
    return agnostic, by_class


def _census(labels: np.ndarray) -> np.ndarray:
    return np.bincount(labels[labels >= 0], minlength=len(LABELS))


def _box_share(hits: np.ndarray, totals: np.ndarray) -> Share:
    return Share(int(hits.sum()), int(totals.sum()), *bootstrap_share(hits, totals))


def _picture_share(right: np.ndarray) -> Share:
    return Share(int(right.sum()), len(right), *wilson_interval(int(right.sum()), len(right)))

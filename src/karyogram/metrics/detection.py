"""Boxes against boxes: overlap, matching and average precision.

Boxes are float (N, 4), xmin, ymin, xmax, ymax in pixels; the maxima lie one past the last pixel, so a width is a plain
difference. Matrices have truth in the rows and predictions in the columns.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

#: The thresholds over which COCO averages: 0.5, 0.55 .. 0.95.
COCO_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)


def grow_boxes(boxes: np.ndarray, margin: tuple[float, float, float, float], width: float, height: float) -> np.ndarray:
    """Move the sides of boxes (N, 4) outwards by ``margin`` (left, top, right, bottom) pixels, not past the picture."""
    left, top, right, bottom = margin
    grown = boxes + np.array([-left, -top, right, bottom])
    return np.clip(grown, 0, np.array([width, height, width, height]))


def iou_matrix(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the intersection over union of every pair of boxes (N, 4) and (M, 4): float (N, M), 0..1.

    >>> iou_matrix(np.array([[0, 0, 2, 2.0]]), np.array([[1, 0, 3, 2.0], [5, 5, 6, 6]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    low = np.maximum(truth[:, None, :2], predicted[None, :, :2])
    high = np.minimum(truth[:, None, 2:], predicted[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    area_truth = np.prod(truth[:, 2:] - truth[:, :2], axis=1)[:, None]
    area_predicted = np.prod(predicted[:, 2:] - predicted[:, :2], axis=1)[None]
    union = area_truth + area_predicted - common
    return np.divide(common, union, out=np.zeros(union.shape), where=union > 0)


def assign_pairs(iou: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Pair truth and predictions one to one; return int (N,): the prediction of each truth box, or -1.

    Only pairs with IoU >= ``threshold`` count. Of all assignments that make the most pairs, the one with the largest
    sum of IoU is taken (Kuhn, Naval Res. Logist. 2:83, 1955, doi 10.1002/nav.3800020109). Scores and classes play no
    part.
    """
    partner = np.full(iou.shape[0], -1)
    allowed = iou >= threshold
    # One more pair outweighs any gain in IoU, which is below the number of pairs.
    rows, columns = linear_sum_assignment(np.where(allowed, min(iou.shape) + iou, 0.0), maximize=True)
    kept = allowed[rows, columns]
    partner[rows[kept]] = columns[kept]
    return partner


def greedy_match(iou: np.ndarray, scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Match predictions to truth as COCO does, at each of T thresholds.

    Returns int (T, M): the truth box of each prediction, or -1. Predictions choose in order of falling ``scores`` (M,),
    equal ones in the order given. Each takes the box with the highest IoU among those still free, if that IoU reaches
    the threshold. Lin et al., ECCV 2014, doi 10.1007/978-3-319-10602-1_48.
    """
    matched = np.full((len(thresholds), iou.shape[1]), -1)
    if iou.shape[0] == 0:
        return matched
    free = np.ones((len(thresholds), iou.shape[0]), bool)
    for column in np.argsort(-scores, kind="stable"):
        overlap = np.where(free, iou[:, column], -1.0)
        best = overlap.argmax(axis=1)
        hit = np.flatnonzero(overlap.max(axis=1) >= thresholds)
        matched[hit, column] = best[hit]
        free[hit, best[hit]] = False
    return matched


def average_precision(correct: np.ndarray, scores: np.ndarray, truths: int) -> float:
    """Return the area under the precision-recall curve, sampled at 101 recalls as COCO does; NaN without truth.

    ``correct``, bool (D,), says which of the predictions of all pictures took a truth box (see :func:`greedy_match`),
    ``scores`` (D,) ranks them, ``truths`` is the number of boxes to be found. The precision at a recall is the
    best at that recall or beyond.
    """
    if truths == 0:
        return float("nan")
    hits = np.cumsum(correct[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(hits / truths, _RECALLS, side="left")
    return float(np.append(envelope, 0.0)[place].mean())

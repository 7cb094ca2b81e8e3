"""Classes against classes: accuracy, F1, confusion, calibration, and how sure a share is.

Classes are int (N,), 0..classes - 1. Functions raise ValueError for arrays of unequal length and for other classes.
"""

from typing import Any

import numpy as np
from scipy.stats import rankdata

from karyogram.labels import LABELS


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of predictions that are right; NaN if there are none."""
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} truths, {len(predicted)} predictions")
    return float(np.mean(truth == predicted)) if len(truth) else float("nan")


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int = 24) -> np.ndarray:
    """Return int (classes, classes): how often class ``row`` was called class ``column``.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} truths, {len(predicted)} predictions")
    named = np.concatenate([truth, predicted])
    if len(named) and not 0 <= named.min() <= named.max() < classes:
        raise ValueError(f"classes must lie between 0 and {classes - 1}")
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def macro_f1(truth: np.ndarray, predicted: np.ndarray, classes: int = 24) -> float:
    """Return the mean F1 of the classes that occur, in truth or among the predictions; NaN if none does."""
    matrix = confusion_matrix(truth, predicted, classes)
    named = matrix.sum(0) + matrix.sum(1)
    occurs = named > 0
    return float(np.mean(2 * matrix.diagonal()[occurs] / named[occurs])) if occurs.any() else float("nan")


def macro_auc(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean area under the ROC curve, class against rest, of classes that occur and are not alone; NaN if none does.

    ``probabilities`` is (N, classes). The area is the chance that a member is given a higher probability than another, ties
    counting half (Hanley and McNeil, Radiology 143:29, 1982, doi 10.1148/radiology.143.1.7063747).

    >>> macro_auc(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]))
    1.0
    """
    areas = []
    for label in range(probabilities.shape[1]):
        members = truth == label
        inside, outside = int(members.sum()), int((~members).sum())
        if inside and outside:
            ranks = rankdata(probabilities[:, label])
            areas.append((ranks[members].sum() - inside * (inside + 1) / 2) / (inside * outside))
    return float(np.mean(areas)) if areas else float("nan")


def expected_calibration_error(correct: np.ndarray, probability: np.ndarray, bins: int = 15) -> float:
    """Return how far stated probabilities lie from the share that is right, 0..1; NaN without predictions.

    ``correct`` is bool (N,), ``probability`` (N,) what was claimed for the predicted class. Predictions fall into
    ``bins`` bins of equal width, open below and closed above; the gap between mean claim and share right is weighted by
    the bins' sizes. Guo et al., ICML 2017, arXiv:1706.04599.
    """
    count, right, claimed, _ = reliability(correct, probability, bins).T
    return float(np.abs(claimed - right).sum() / count.sum()) if len(correct) else float("nan")


def reliability(correct: np.ndarray, probability: np.ndarray, bins: int = 15) -> np.ndarray:
    """Return what is stated and what is true, bin by bin, float (bins, 4), to be added up over sets of predictions.

    Columns: predictions, how many of them are right, the sum of their probabilities, and the variance that the number of right
    ones has if these are true. Bins as in :func:`expected_calibration_error`.
    """
    if len(correct) != len(probability):
        raise ValueError(f"{len(correct)} outcomes, {len(probability)} probabilities")
    place = np.clip(np.ceil(probability * bins).astype(int) - 1, 0, bins - 1)
    sums = (np.ones(len(place)), correct.astype(float), probability, probability * (1 - probability))
    return np.stack([np.bincount(place, each, minlength=bins) for each in sums], axis=1)


def score_answers(truth: np.ndarray, said: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    """Return the scores of one answer a picture: accuracy with its interval, macro F1, calibration error, counts by class.

    ``truth`` is int (N,), ``said`` int (N,), -1 for no answer, ``probability`` float (N,) what was claimed. ``classes`` holds
    label -> (right, pictures).
    """
    right, answered = said == truth, said >= 0
    low, high = wilson_interval(int(right.sum()), len(truth))
    matrix = confusion_matrix(truth[answered], said[answered])
    hits, asked = matrix.diagonal(), np.bincount(truth, minlength=len(LABELS))
    named = matrix.sum(0) + asked
    return {
        "pictures": len(truth),
        "accuracy": accuracy(truth, said),
        "low": low,
        "high": high,
        "macro_f1": float(np.mean(2 * hits[named > 0] / named[named > 0])),
        "ece": expected_calibration_error(right, probability),
        "classes": {LABELS[k]: (int(hits[k]), int(asked[k])) for k in np.flatnonzero(asked).tolist()},
    }


def caught_errors(correct: np.ndarray, sure: np.ndarray, threshold: float) -> tuple[float, float]:
    """Return (share of the wrong ones flagged, share of all flagged) when what is surer than ``threshold`` is let pass.

    ``correct`` is bool (N,), ``sure`` (N,) any number that grows with certainty. The first is NaN without errors, both are
    without predictions.

    >>> caught_errors(np.array([True, True, False, False]), np.array([0.9, 0.5, 0.4, 0.8]), 0.5)
    (0.5, 0.5)
    """
    if len(correct) != len(sure):
        raise ValueError(f"{len(correct)} outcomes, {len(sure)} certainties")
    flagged = sure <= threshold
    caught = float(flagged[~correct].mean()) if (~correct).any() else float("nan")
    return caught, float(flagged.mean()) if len(sure) else float("nan")


def review_threshold(correct: np.ndarray, sure: np.ndarray, catch: float = 0.9) -> float:
    """Return the least threshold at which :func:`caught_errors` catches the share ``catch`` of future errors.

    The errors are taken for a sample of those to come, one more than there are (split conformal prediction: Papadopoulos et
    al., ECML 2002, doi 10.1007/3-540-36755-1_29): the threshold is their certainty of rank ceil((n + 1) catch). Infinite
    where there are too few errors to tell.

    >>> review_threshold(np.array([True] + [False] * 9), np.array([1.0, *np.arange(1, 10) / 10]))
    0.9
    """
    wrong = np.sort(sure[~correct])
    rank = int(np.ceil((len(wrong) + 1) * catch - 1e-9))
    return float(wrong[rank - 1]) if 0 < rank <= len(wrong) else float("inf")


def wilson_interval(hits: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the interval (low, high) for a share of ``hits`` in ``total`` independent trials; NaN without trials.

    ``z`` is the normal quantile; the default gives 95 %. Wilson, J. Am. Stat. Assoc. 22:209, 1927,
    doi 10.1080/01621459.1927.10502953.

    >>> [round(bound, 3) for bound in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    if total == 0:
        return float("nan"), float("nan")
    share, spread = hits / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / total + spread / total / 4)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))

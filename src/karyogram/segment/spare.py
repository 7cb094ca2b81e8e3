"""Masks that were not taken, ranked: what a person may find a missing chromosome among."""

from collections.abc import Sequence

import numpy as np

from karyogram.metrics.detection import iou_matrix

#: A mask that the whole cell did without is worth this much of its score, and below the second number nothing.
WORTH, LEAST = 0.1, 0.02


def rank_spare(boxes: np.ndarray, score: np.ndarray, taken: Sequence[int]) -> dict[int, float]:
    """Return {number: score} of the masks that were not ``taken``, best first.

    ``boxes`` int (N, 4) are xmin, ymin, xmax, ymax, ``score`` (N,) how sure each mask is. The score fades with the IoU of its
    box with the nearest one that is taken or surer (soft suppression; Bodla et al., ICCV 2017, doi 10.1109/ICCV.2017.593).

    >>> rank_spare(np.array([[0, 0, 9, 9], [0, 0, 9, 9], [20, 0, 29, 9]]), np.array([0.9, 0.8, 0.5]), [0])
    {2: 0.05}
    """
    own = set(taken)
    order = [*taken, *(number for number in np.argsort(-score, kind="stable").tolist() if number not in own)]
    overlap = np.tril(iou_matrix(boxes[order], boxes[order]), -1).max(1, initial=0.0)
    worth = WORTH * score[order] * (1 - overlap)
    ranked = sorted(range(len(taken), len(order)), key=lambda place: -worth[place])
    return {order[place]: round(float(worth[place]), 4) for place in ranked if worth[place] >= LEAST}

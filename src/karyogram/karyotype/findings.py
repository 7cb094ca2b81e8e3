"""What a cell's counts say, and how far to believe them."""

from collections.abc import Mapping

import numpy as np

from karyogram.karyotype.iscn_text import changes
from karyogram.labels import INDEX, LABELS
from karyogram.records import Finding


def count_classes(classes: np.ndarray) -> dict[str, int]:
    """Return {label: number} for all 24 classes from class indices (N,), -1 being unplaced."""
    return {label: int((classes == index).sum()) for index, label in enumerate(LABELS)}


def find_changes(counts: Mapping[str, int], classes: np.ndarray, belief: np.ndarray) -> tuple[Finding, ...]:
    """Return gains and losses with a probability each.

    ``classes`` (N,) are the placed class indices, ``belief`` (N,) the probability that each object is one whole
    chromosome of that
    class. A gain is as sure as the product of the beliefs of all copies. A loss is as sure as that no unplaced object, and
    no doubtful one placed elsewhere, is the missing chromosome. Sex chromosomes deviate when they are not XX or XY.
    """
    odd = changes(counts)
    x, y = counts.get("X", 0), counts.get("Y", 0)
    if (x, y) not in ((2, 0), (1, 1)):
        odd |= {"X": x - (1 if y else 2)} if x != (1 if y else 2) else {}
        odd |= {"Y": y - 1} if y > 1 else {}
    doubtful = 1 - np.where(classes >= 0, belief, 0.0)
    return tuple(
        Finding(label, change, round(_probability(INDEX[label], change, classes, belief, doubtful), 4))
        for label, change in odd.items()
    )


def _probability(index: int, change: int, classes: np.ndarray, belief: np.ndarray, doubtful: np.ndarray) -> float:
    if change > 0:
        return float(np.prod(belief[classes == index]))
    hidden = doubtful[classes != index] / len(LABELS)
    hidden[classes[classes != index] < 0] = 0.5
    return float(np.prod(1 - hidden))

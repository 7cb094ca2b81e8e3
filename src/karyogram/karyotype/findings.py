"""What a cell's counts say, and how far to believe them."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from scipy.special import expit, logit

from karyogram.karyotype.iscn_text import changes
from karyogram.labels import AUTOSOMES, INDEX, LABELS
from karyogram.records import Finding

#: For each kind of finding the weights of the constant 1 and of :func:`evidence`, whose sum is the logarithm of the odds.
#: Fitted by benchmarks/simulated.py: a chromosome is far more often overlooked than lost, so that the loss of an autosome in
#: one cell is never believed.
BELIEF: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "gain": (-3.72, 1.34, -0.43, -0.59),
        "loss": (-4.39, 0.6, -0.32, -0.96),
        "sex gain": (-1.03, 1.34, -0.43, -0.59),
        "sex loss": (-0.61, 0.6, -0.32, -0.96),
    }
)
#: Trisomies that a child can be born with are most of those that are met (Hassold and Hunt 2001, doi 10.1038/35066065): how
#: much further they are believed, as a logarithm of odds, as if each were seven times as frequent as that of another autosome.
LIVED, OFTENER = frozenset({"13", "18", "21"}), 2.0
#: Beliefs are taken for at most this far from 0 and 1.
FLOOR = 1e-3


def count_classes(classes: np.ndarray) -> dict[str, int]:
    """Return {label: number} for all 24 classes from class indices (N,), -1 being unplaced."""
    return {label: int((classes == index).sum()) for index, label in enumerate(LABELS)}


def find_changes(counts: Mapping[str, int], classes: np.ndarray, belief: np.ndarray) -> tuple[Finding, ...]:
    """Return gains and losses with a probability each.

    ``classes`` (N,) are the placed class indices, ``belief`` (N,) the probability that each object is one whole
    chromosome of that class. Sex chromosomes deviate when they are not XX or XY. A probability says how often such a finding,
    on such evidence, is a change of the cell and no mistake of the program.
    """
    odd = changes(counts)
    x, y = counts.get("X", 0), counts.get("Y", 0)
    if (x, y) not in ((2, 0), (1, 1)):
        odd |= {"X": x - (1 if y else 2)} if x != (1 if y else 2) else {}
        odd |= {"Y": y - 1} if y > 1 else {}
    return tuple(
        Finding(label, change, round(_probability(label, change, classes, belief), 4)) for label, change in odd.items()
    )


def kind_of(label: str, change: int) -> str:
    """Return which key of ``BELIEF`` tells of a change."""
    return f"{'sex ' if label in ('X', 'Y') else ''}{'gain' if change > 0 else 'loss'}"


def evidence(label: str, change: int, classes: np.ndarray, belief: np.ndarray) -> np.ndarray:
    """Return what speaks for a change, float (3,): of the chromosomes that make it, of the cell, and of changes the other way.

    First, a logarithm of odds: of a gain, that all copies are whole chromosomes of the class; of a loss, that no unplaced
    object, and no doubtful one placed elsewhere, is the missing chromosome. Second, the sum over the cell of what each object
    lacks of certainty, the unplaced as 1: where much is doubtful, something is overlooked, or counted twice. Third, how many
    autosomes are missing where one is gained, or in excess where one is lost: as a rule one was taken for the other.
    """
    index, doubt = INDEX[label], 1 - np.where(classes >= 0, belief, 0.0)
    if change > 0:
        own = float(np.prod(belief[classes == index]))
    else:
        hidden = doubt[classes != index] / len(LABELS)
        hidden[classes[classes != index] < 0] = 0.5
        own = float(np.prod(1 - hidden))
    copies = np.bincount(classes[classes >= 0], minlength=len(LABELS))[: len(AUTOSOMES)]
    other = float(np.clip(-np.sign(change) * (copies - 2), 0, None).sum())
    return np.array([float(logit(np.clip(own, FLOOR, 1 - FLOOR))), float(doubt.sum()), other])


def _probability(label: str, change: int, classes: np.ndarray, belief: np.ndarray) -> float:
    constant, *weights = BELIEF[kind_of(label, change)]
    oftener = OFTENER if change > 0 and label in LIVED else 0.0
    return float(expit(constant + oftener + evidence(label, change, classes, belief) @ weights))

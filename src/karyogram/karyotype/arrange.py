"""All chromosomes of a cell decided together: which belongs into which slot of the karyogram."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from karyogram.labels import AUTOSOMES, INDEX, LABELS

#: The price, in nats, of a copy beyond the normal number. Evidence of about a hundred to one buys a third copy.
EXTRA = 4.6
#: The price, in nats, of leaving an object out of the karyogram, on top of the doubt that it is a whole chromosome.
LEAVE = 2.0
#: How many copies beyond the normal number a class may get.
MOST_EXTRA = 4
#: The normal sex chromosomes. The cheaper of the two decides which copies of X and Y are extra.
SEXES = (("X", "X"), ("X", "Y"))
FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class Arrangement:
    """``classes`` (N,) is the class index of each object, -1 for one that is left unplaced; ``cost`` in nats."""

    classes: np.ndarray
    cost: float


def arrange(probabilities: np.ndarray, whole: np.ndarray) -> Arrangement:
    """Place N objects by their class probabilities (N, 24) and the probability (N,) that each is one whole chromosome.

    Minimum-cost assignment: an object in a slot of its class costs -log(whole * p), in an extra slot ``EXTRA`` more, unplaced
    ``LEAVE`` - log(1 - whole). Two copies are a preference: a trisomy wins when no other class explains the third
    copy better, and an
    object that is hardly a whole chromosome makes no trisomy, it stays unplaced.
    """
    if not len(probabilities):
        return Arrangement(np.zeros(0, int), 0.0)
    whole = np.clip(whole, 1e-3, 1 - 1e-3)
    cost = -np.log(np.maximum(probabilities, FLOOR)) - np.log(whole)[:, None]
    unplaced = np.repeat((LEAVE - np.log(1 - whole))[:, None], len(whole), axis=1)
    return min((_assign(cost, unplaced, sex) for sex in SEXES), key=lambda a: a.cost)


def _assign(cost: np.ndarray, unplaced: np.ndarray, sex: tuple[str, str]) -> Arrangement:
    normal = [*AUTOSOMES, *AUTOSOMES, *sex]
    slots = np.array([INDEX[label] for label in normal] + list(range(len(LABELS))) * MOST_EXTRA)
    price = np.repeat([0.0, EXTRA], [len(normal), len(LABELS) * MOST_EXTRA])
    table = np.concatenate([cost[:, slots] + price, unplaced], axis=1)
    rows, columns = linear_sum_assignment(table)
    classes = np.append(slots, np.full(len(cost), -1))[columns]
    return Arrangement(classes, float(table[rows, columns].sum()))

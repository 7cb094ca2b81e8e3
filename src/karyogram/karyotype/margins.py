"""How much better the objects of a cell fit a changed number of chromosomes than a normal one, whatever was decided of it.

Placing objects that are no rivals is an assignment problem (Kuhn 1955, doi 10.1002/nav.3800020109), solved exactly and fast,
with the prices of :mod:`karyogram.karyotype.arrange`. A change is measured against the best arrangement without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from karyogram.karyotype.arrange import EXTRA, FLOOR, LEAVE
from karyogram.labels import AUTOSOMES, INDEX, LABELS
from karyogram.records import Karyotype

#: Sex chromosomes that a cell may have, copies of X and of Y; the first two are normal.
SEXES: Mapping[str, tuple[int, int]] = {"XX": (2, 0), "XY": (1, 1), "X": (1, 0), "XXX": (3, 0), "XXY": (2, 1), "XYY": (1, 2)}
#: How many copies beyond the slots a class may get, at a price; and what filling a slot that has to be filled is worth.
COPIES, MUST = 2, 1e4


@dataclass(frozen=True)
class Margins:
    """``autosomes``: "+21" and "-7" -> how many nats cheaper a cell is with that change than without; an extra copy is free.

    ``sexes``: each of ``SEXES`` -> the cost of a cell that has these, in nats.
    """

    autosomes: Mapping[str, float]
    sexes: Mapping[str, float]

    def of_sex(self, sex: str) -> float:
        """Return how many nats cheaper a cell is with these sex chromosomes than with normal ones."""
        return min(self.sexes["XX"], self.sexes["XY"]) - self.sexes[sex]


def margins_of(karyotype: Karyotype) -> Margins:
    """Return the margins of a karyotype's chromosomes; a class that a person set is believed."""
    found = karyotype.chromosomes
    probabilities = np.array([c.probabilities for c in found], float).reshape(-1, len(LABELS))
    for row, c in enumerate(found):
        if c.label and c.probability > probabilities[row, INDEX[c.label]]:
            probabilities[row] = np.eye(len(LABELS))[INDEX[c.label]]
    return weigh_changes(probabilities, np.array([c.score for c in found], float))


def weigh_changes(probabilities: np.ndarray, whole: np.ndarray) -> Margins:
    """Return the margins of N objects, arguments as for :func:`karyogram.karyotype.arrange.arrange`: (N, 24) and (N,)."""
    whole = np.clip(whole, 1e-3, 1 - 1e-3)[:, None]
    gain = -np.log(np.maximum(probabilities, FLOOR)) - np.log(whole) - (LEAVE - np.log(1 - whole))
    every = range(len(AUTOSOMES))
    slots = {sex: np.array([2] * len(AUTOSOMES) + list(pair)) for sex, pair in SEXES.items()}
    must = [INDEX["X"], INDEX["Y"]]
    sexes = {sex: _place(gain, most, must, every)[0] for sex, most in slots.items()}
    normal = slots["XX" if sexes["XX"] <= sexes["XY"] else "XY"]
    cost, copies = _place(gain, normal, [], every)

    def with_copies(index: int, number: int, filled: bool) -> float:
        most = normal.copy()
        most[index] = number
        return _place(gain, most, [index] if filled else [], [other for other in every if other != index])[0]

    changes = {}
    for index, label in enumerate(AUTOSOMES):
        kept = cost if copies[index] <= 2 else with_copies(index, 2, False)
        full = cost if copies[index] == 2 else with_copies(index, 2, True)
        changes[f"+{label}"] = kept - with_copies(index, 3, True)
        changes[f"-{label}"] = full - with_copies(index, 1, False)
    return Margins(changes, sexes)


def _place(gain: np.ndarray, most: np.ndarray, must: Sequence[int], open_to: Sequence[int]) -> tuple[float, np.ndarray]:
    """Return the least cost (N, 24) relative to leaving all objects out, and the copies placed of each class, int (24,).

    ``most`` (24,) slots are free, those of the classes in ``must`` have to be filled (``MUST`` for each that cannot be); the
    classes ``open_to`` more copies get ``COPIES`` of them for ``EXTRA`` each.
    """
    slots, extra = np.repeat(np.arange(len(LABELS)), most), np.repeat(np.array(open_to, int), COPIES)
    due = np.isin(slots, must)
    cost = np.hstack([gain[:, slots] - MUST * due, gain[:, extra] + EXTRA, np.zeros((len(gain), len(gain)))])
    rows, columns = linear_sum_assignment(cost)
    classes = np.concatenate([slots, extra, np.full(len(gain), -1)])[columns]
    return float(cost[rows, columns].sum()) + MUST * int(due.sum()), np.bincount(classes[classes >= 0], minlength=len(LABELS))

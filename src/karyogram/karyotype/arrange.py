"""All chromosomes of a cell decided together: which objects are its chromosomes, and which slot of the karyogram is whose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from karyogram.labels import AUTOSOMES, LABELS

#: The price, in nats, of a copy beyond the normal number. Evidence of about two hundred to one buys a third copy.
EXTRA = 5.3
#: The price, in nats, of leaving an object out of the karyogram, on top of the doubt that it is a whole chromosome.
LEAVE = 3.0
#: How many copies beyond the normal number a class may get.
MOST_EXTRA = 4
#: The normal sex chromosomes. The cheaper of the two decides which copies of X and Y are extra.
SEXES = ((2, 0), (1, 1))
#: Probabilities of a class below the first are taken for it; classes less likely than the second are no choice.
FLOOR, UNLIKELY = 1e-6, 1e-5
#: An object without a place is shown all the same if it is this surely a chromosome.
SHOWN = 0.9


@dataclass(frozen=True, eq=False)
class Arrangement:
    """``classes`` (N,) is the class index of each object, -1 for one that is left unplaced; ``cost`` in nats."""

    classes: np.ndarray
    cost: float


def arrange(
    probabilities: np.ndarray,
    whole: np.ndarray,
    rivals: Sequence[tuple[int, int]] = (),
    extra: float = EXTRA,
    leave: float = LEAVE,
) -> Arrangement:
    """Place N objects by their class probabilities (N, 24) and the probability (N,) that each is one whole chromosome.

    Of two ``rivals``, pairs of objects that show the same chromosome, one at most is placed. Minimum cost, found exactly
    (mixed-integer programme, HiGHS): an object in a slot of its class costs -log(whole * p), in an extra slot ``extra`` more,
    unplaced ``leave`` - log(1 - whole). Two copies are a preference: a trisomy wins when no other class explains the third
    copy better, and an object that is hardly a whole chromosome makes no trisomy, it stays unplaced.
    """
    if not len(probabilities):
        return Arrangement(np.zeros(0, int), 0.0)
    whole = np.clip(whole, 1e-3, 1 - 1e-3)
    placed = -np.log(np.maximum(probabilities, FLOOR)) - np.log(whole)[:, None]
    gain = placed - (leave - np.log(1 - whole))[:, None]
    solved = [_solve(gain, probabilities, sex, rivals, extra) for sex in SEXES]
    best = min(solved, key=lambda arrangement: arrangement.cost)
    return Arrangement(best.classes, best.cost + float((leave - np.log(1 - whole)).sum()))


def choose(
    probabilities: np.ndarray,
    whole: np.ndarray,
    rivals: Sequence[tuple[int, int]],
    extra: float = EXTRA,
    leave: float = LEAVE,
) -> list[int]:
    """Return the numbers of the objects that a karyotype should show: those with a place, and sure ones without.

    Arguments as for :func:`arrange`. No two rivals are shown.
    """
    shown = set(np.flatnonzero(arrange(probabilities, whole, rivals, extra, leave).classes >= 0).tolist())
    against: dict[int, set[int]] = {number: set() for number in range(len(whole))}
    for a, b in rivals:
        against[a].add(b)
        against[b].add(a)
    for number in np.argsort(-whole, kind="stable").tolist():
        if whole[number] >= SHOWN and not against[number] & shown:
            shown.add(number)
    return sorted(shown)


def _solve(
    gain: np.ndarray, probabilities: np.ndarray, sex: tuple[int, int], rivals: Sequence[tuple[int, int]], extra: float
) -> Arrangement:
    """Place objects at least cost (N, 24) relative to leaving them; variables are likely (object, class) pairs, then extras."""
    objects, classes = np.nonzero(probabilities >= UNLIKELY)
    pairs, count = len(objects), len(gain)
    normal = np.array([2] * len(AUTOSOMES) + list(sex))
    rows = [(np.arange(pairs), objects, 1.0), (np.arange(pairs), count + classes, 1.0)]
    rows.append((pairs + np.arange(len(LABELS)), count + np.arange(len(LABELS)), -1.0))
    for number, both in enumerate(rivals):
        members = np.flatnonzero(np.isin(objects, both))
        rows.append((members, np.full(len(members), count + len(LABELS) + number), 1.0))
    columns = np.concatenate([column for column, _, _ in rows])
    values = np.concatenate([np.full(len(column), value) for column, _, value in rows])
    shape = (count + len(LABELS) + len(rivals), pairs + len(LABELS))
    uses = csr_array((values, (np.concatenate([row for _, row, _ in rows]), columns)), shape=shape)
    most = np.concatenate([np.ones(count), normal, np.ones(len(rivals))])
    price = np.concatenate([gain[objects, classes], np.full(len(LABELS), extra)])
    upper = np.concatenate([np.ones(pairs), np.full(len(LABELS), float(MOST_EXTRA))])
    result = milp(price, constraints=LinearConstraint(uses, -np.inf, most), integrality=np.ones(len(price)), bounds=(0, upper))
    chosen = np.flatnonzero(result.x[:pairs] > 0.5)
    found = np.full(count, -1)
    found[objects[chosen]] = classes[chosen]
    return Arrangement(found, float(result.fun))

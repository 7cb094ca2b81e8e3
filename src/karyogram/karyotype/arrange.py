"""All chromosomes of a cell decided together: which objects are its chromosomes, and which slot of the karyogram is whose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from karyogram.labels import AUTOSOMES, LABELS
from karyogram.rivals import keep_apart

#: The price, in nats, of a copy beyond the normal number. Evidence of about two hundred to one buys a third copy.
EXTRA = 5.3
#: The price, in nats, of leaving an object out of the karyogram, on top of the doubt that it is a whole chromosome.
LEAVE = 3.0
#: The price, in nats, of an arm of a cluster that nothing placed holds, and of each holder of an arm beyond the first.
MISSED, SHARED = 0.5, 1.0
#: The price, in nats, of two that are placed and share pixels, times the square of the share of the smaller: a crossing is
#: small, and a mask that runs into another's arm shares much.
OVERLAP = 2.0
#: ``EXTRA`` and ``LEAVE`` while masks are chosen: what has no place then may be shown all the same, and find one.
CHOOSE_EXTRA, CHOOSE_LEAVE = 7.0, 4.0
#: How many copies beyond the normal number a class may get.
MOST_EXTRA = 4
#: The normal chromosomes of a man; a woman has one X more and one Y less. The cheaper of the two says which copies are extra.
NORMAL = np.array([2] * len(AUTOSOMES) + [1, 1])
WOMAN = np.array([0] * len(AUTOSOMES) + [1, -1])
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
    arms: np.ndarray | None = None,
    sharing: Sequence[tuple[int, int, float]] = (),
    extra: float = EXTRA,
    leave: float = LEAVE,
) -> Arrangement:
    """Place N objects by their class probabilities (N, 24) and the probability (N,) that each is one whole chromosome.

    Of two ``rivals``, pairs of objects that show the same chromosome, one at most is placed. ``arms`` bool (N, A) tells which
    objects hold which arm of a cluster; every arm should be held by one that is placed. ``sharing`` tells of pairs that share
    pixels, (one, other, share of the smaller). Minimum cost, found to a ten-thousandth of it (mixed-integer programme, HiGHS):
    an object in a slot of its class costs -log(whole * p), in an extra slot ``extra`` more, unplaced ``leave`` -
    log(1 - whole); an arm that none holds costs ``MISSED``, one that several hold ``SHARED`` for each beyond the first; a pair
    that shares pixels ``OVERLAP`` times the square of the share. Two copies are a preference: a trisomy wins when no other
    class explains the third copy better, and an object that is hardly a whole chromosome makes no trisomy, it stays unplaced.
    """
    if not len(probabilities):
        return Arrangement(np.zeros(0, int), 0.0)
    whole = np.clip(whole, 1e-3, 1 - 1e-3)
    placed = -np.log(np.maximum(probabilities, FLOOR)) - np.log(whole)[:, None]
    gain = placed - (leave - np.log(1 - whole))[:, None]
    held = np.zeros((len(whole), 0), bool) if arms is None else arms[:, arms.any(0)]
    solved = _solve(gain, probabilities, rivals, held, sharing, extra)
    return Arrangement(solved.classes, solved.cost + float((leave - np.log(1 - whole)).sum()))


def choose(
    probabilities: np.ndarray,
    whole: np.ndarray,
    rivals: Sequence[tuple[int, int]],
    arms: np.ndarray,
    sharing: Sequence[tuple[int, int, float]] = (),
    extra: float = CHOOSE_EXTRA,
    leave: float = CHOOSE_LEAVE,
) -> list[int]:
    """Return the numbers of the objects that a karyotype should show: those with a place, and sure ones without.

    Arguments as for :func:`arrange`. No two rivals are shown, and no object without a place whose arm another holds.
    """
    placed = np.flatnonzero(arrange(probabilities, whole, rivals, arms, sharing, extra, leave).classes >= 0).tolist()
    order = [number for number in np.argsort(-whole, kind="stable").tolist() if whole[number] >= SHOWN]
    of_one_arm = zip(*np.nonzero(np.triu(arms @ arms.T, 1)), strict=True)
    return sorted(keep_apart(order, [*rivals, *of_one_arm], placed))


def _solve(
    gain: np.ndarray,
    probabilities: np.ndarray,
    rivals: Sequence[tuple[int, int]],
    arms: np.ndarray,
    sharing: Sequence[tuple[int, int, float]],
    extra: float,
) -> Arrangement:
    """Place objects at least cost (N, 24) relative to leaving them.

    Variables are likely (object, class) pairs, those left out that cost more than all their arms could gain, extra copies of
    each class, whether the cell is a woman's, for each arm how often it is held too often or not at all, and which pairs that
    share pixels are placed.
    """
    objects, classes = np.nonzero((probabilities >= UNLIKELY) & (gain <= MISSED * arms.sum(1, keepdims=True)))
    pairs, count, limbs = len(objects), len(gain), arms.shape[1]
    sizes = {"pairs": pairs, "extra": len(LABELS), "woman": 1, "shared": limbs, "missed": limbs, "overlap": len(sharing)}
    own = {"pairs": _ones(classes, len(LABELS), pairs), "extra": -eye_array(len(LABELS)), "woman": -csr_array(WOMAN[:, None])}
    blocks = [
        ({"pairs": _ones(objects, count, pairs)}, np.ones(count)),
        (own, NORMAL),
        ({"pairs": _holders(rivals, count)[:, objects]}, np.ones(len(rivals))),
        ({"pairs": csr_array(arms.T.astype(float))[:, objects], "shared": -eye_array(limbs)}, np.ones(limbs)),
        ({"pairs": -csr_array(arms.T.astype(float))[:, objects], "missed": -eye_array(limbs)}, -np.ones(limbs)),
        (
            {"pairs": _holders([pair[:2] for pair in sharing], count)[:, objects], "overlap": -eye_array(len(sharing))},
            np.ones(len(sharing)),
        ),
    ]
    rows = [
        hstack([block.get(name, csr_array((len(most), size))) for name, size in sizes.items()])
        for block, most in blocks
        if len(most)
    ]
    most = np.concatenate([most for _, most in blocks])
    prices = np.repeat([extra, 0.0, SHARED, MISSED], [len(LABELS), 1, limbs, limbs])
    price = np.concatenate([gain[objects, classes], prices, OVERLAP * np.array([share**2 for *_, share in sharing])])
    rest = np.full(2 * limbs + len(sharing), np.inf)
    upper = np.concatenate([np.ones(pairs), np.full(len(LABELS), float(MOST_EXTRA)), [1.0], rest])
    constraints = LinearConstraint(vstack(rows, format="csr"), -np.inf, most)
    result = milp(price, constraints=constraints, integrality=np.ones(len(price)), bounds=(0, upper))
    chosen = np.flatnonzero(result.x[:pairs] > 0.5)
    found = np.full(count, -1)
    found[objects[chosen]] = classes[chosen]
    return Arrangement(found, float(result.fun))


def _ones(rows: np.ndarray, height: int, width: int) -> csr_array:
    """Return a matrix with a one in each column, at the row given."""
    return csr_array((np.ones(width), (rows, np.arange(width))), shape=(height, width))


def _holders(groups: Sequence[tuple[int, int]], count: int) -> csr_array:
    """Return a matrix with a row a pair of objects and a column an object, ones where it is of the pair."""
    rows = np.repeat(np.arange(len(groups)), 2)
    return csr_array((np.ones(len(rows)), (rows, np.ravel(groups).astype(int))), shape=(len(groups), count))

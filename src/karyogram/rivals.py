"""Objects that may show the same chromosome: pairs of rivals, of which one at most is kept."""

from collections.abc import Iterable


def keep_apart(order: Iterable[int], rivals: Iterable[tuple[int, int]], kept: Iterable[int] = ()) -> list[int]:
    """Return the objects ``kept`` already, and then, in ``order``, each one that is no rival of any before it.

    >>> keep_apart([2, 0, 1], [(0, 2), (1, 3)])
    [2, 1]
    """
    against: dict[int, set[int]] = {}
    for one, other in rivals:
        against.setdefault(one, set()).add(other)
        against.setdefault(other, set()).add(one)
    found = dict.fromkeys(kept)
    for number in order:
        if not against.get(number, set()) & found.keys():
            found[number] = None
    return list(found)

"""Cells of one case to clones, by the usual rule: two cells that share a gain or a rearrangement, three that share a loss.

A term is clonal if so many cells have it. What else a cell has is chance, and is not heeded: the cell stays with the clone that
it belongs to without it. A cell stands apart if it has a gain or a rearrangement of its own and nothing clonal, or clonal terms
in a combination that no other cell has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from karyogram.karyotype.iscn_terms import UNKNOWN, is_loss
from karyogram.karyotype.readings import Reading

#: Cells that make a clone: of one that shares a gain or rearrangement, of one that shares losses only.
GAINED, LOST = 2, 3
#: The constitutional sex chromosomes: copies of X and of Y.
FEMALE, MALE = (2, 0), (1, 1)


@dataclass(frozen=True)
class Group:
    """Cells, by number, that share the same clonal terms; without terms, cells that nothing is changed in."""

    terms: Mapping[str, int]
    cells: tuple[int, ...]


@dataclass(frozen=True)
class Clones:
    """The clones, the largest first, one without changes last; ``apart`` are the cells of none.

    ``clonal`` are the clonal terms of each cell, those of no clone included.
    """

    groups: tuple[Group, ...]
    apart: tuple[int, ...]
    clonal: tuple[Mapping[str, int], ...]


def origin_of(readings: Sequence[Reading]) -> tuple[int, int] | None:
    """Return the constitutional sex chromosomes that most cells speak for, None if none does (all are 45,X, say)."""
    told = Counter(reading.origin for reading in readings if reading.origin in (FEMALE, MALE))
    votes = told or Counter(MALE if reading.sex[1] else FEMALE for reading in readings if sum(reading.sex) > 1)
    return max((MALE, FEMALE), key=lambda pair: votes[pair]) if votes else None


def all_terms(reading: Reading, origin: tuple[int, int]) -> Counter[str]:
    """Return the terms of a cell, gains and losses of X and Y against ``origin`` included.

    A cell with the other normal pair has none: it is misread, or another person's, and neither a gain nor a loss.

    >>> all_terms(Reading((1, 0), {"+8": 1}), MALE) == Counter(["+8", "-Y"])
    True
    >>> all_terms(Reading((2, 0), {}), MALE) == Counter()
    True
    """
    terms = Counter(dict(reading.terms))
    if reading.sex in (FEMALE, MALE):
        return terms
    for label, has, had in zip("XY", reading.sex, origin, strict=True):
        terms += Counter({f"{'+' if has > had else '-'}{label}": abs(has - had)})
    return terms


def find_clones(cells: Sequence[Mapping[str, int]]) -> Clones:
    """Return the clones of cells, each a multiset of terms as :func:`all_terms` gives."""
    times = Counter((term, copy) for cell in cells for term, number in cell.items() for copy in range(1, number + 1))
    shared = {key for key, number in times.items() if number >= _need([key[0]])}
    clonal = [Counter({term: max(_copies(term, cell, shared), default=0) for term in cell}) for cell in cells]
    clonal = [+cell for cell in clonal]
    apart = [number for number, cell in enumerate(cells) if not clonal[number] and not all(map(_lost, cell))]
    groups: dict[frozenset[tuple[str, int]], list[int]] = {}
    for number, cell in enumerate(clonal):
        if number not in apart:
            groups.setdefault(frozenset(cell.items()), []).append(number)
    lone = {key for key, members in groups.items() if key and len(members) < GAINED}
    apart += [groups.pop(key)[0] for key in lone]
    found = [Group(dict(sorted(key)), tuple(sorted(members))) for key, members in groups.items()]
    found.sort(key=lambda group: (not group.terms, -len(group.cells), group.cells))
    return Clones(tuple(found), tuple(sorted(apart)), tuple(clonal))


def by_descent(groups: Sequence[Group]) -> list[Group]:
    """Return clones in the order of acquired ones: families of related clones, the simplest first; unchanged cells last."""
    changed = [group for group in groups if group.terms]
    family = {group.cells: group.cells for group in changed}
    for one in changed:
        for other in changed:
            if Counter(one.terms) <= Counter(other.terms):
                old, new = family[other.cells], family[one.cells]
                family = {cells: new if root == old else root for cells, root in family.items()}
    size = Counter(dict.fromkeys(family.values(), 0))
    for cells, root in family.items():
        size[root] += len(cells)

    def key(group: Group) -> tuple[int, tuple[int, ...], int, int]:
        root = family[group.cells]
        return -size[root], root, sum(group.terms.values()), -len(group.cells)

    return [*sorted(changed, key=key), *(group for group in groups if not group.terms)]


def _need(terms: Iterable[str]) -> int:
    """Return how many cells make these terms clonal."""
    return LOST if all(_lost(term) for term in terms) else GAINED


def _lost(term: str) -> bool:
    return is_loss(term) or term == UNKNOWN


def _copies(term: str, cell: Mapping[str, int], shared: set[tuple[str, int]]) -> list[int]:
    return [copy for copy in range(1, cell[term] + 1) if (term, copy) in shared]

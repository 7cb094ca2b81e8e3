"""Clones to the text of a case (ISCN 2024): mosaics, clones with their cells, composite karyotypes."""

from collections import Counter
from collections.abc import Mapping, Sequence

from karyogram.karyotype.clones import Clones, Group, by_descent
from karyogram.karyotype.iscn_terms import copies, order
from karyogram.karyotype.iscn_text import free_sex, show_term, write_terms

#: What a case asks: what someone was born with, or what some cells became.
KINDS = ("constitutional", "acquired")


def clone_text(terms: Mapping[str, int], origin: tuple[int, int], kind: str, doubt: bool = False) -> str:
    """Return the text of a clone: its terms, X and Y included, against the constitutional sex chromosomes.

    Constitutional sex chromosomes are written as they are, acquired changes of them as gains and losses; ``doubt`` as in
    :func:`karyogram.karyotype.iscn_text.write_terms`.

    >>> [clone_text({"-Y": 1}, (1, 1), kind) for kind in KINDS]
    ['45,X', '45,X,-Y']
    >>> [clone_text({"+X": 1}, (1, 1), kind) for kind in KINDS]
    ['47,XXY', '47,XY,+X']
    """
    listed, number = Counter(dict(terms)), 46 + sum(copies(term) * times for term, times in terms.items())
    sex = _kept_sex(terms, origin)
    if kind == "constitutional":
        sex = "".join(sorted(sex + "X" * listed["+X"] + "Y" * listed["+Y"]))
        listed = Counter({term: times for term, times in listed.items() if term[1:] not in ("X", "Y")})
    return write_terms(sex, listed.elements(), number, doubt)


def case_text(clones: Clones, origin: tuple[int, int], kind: str, checked: Sequence[bool]) -> str:
    """Return the karyotype of a case, "" if no two cells agree on one.

    ``checked`` tells for each cell whether a person entered its karyotype: the loss of an autosome that no person has seen is
    "-?7". Acquired changes that are clonal but come in ever new combinations make one composite karyotype.
    """
    if kind == "acquired" and any(clones.clonal[number] for number in clones.apart):
        return composite_text(clones, origin, checked)
    texts = in_order(clones, origin, kind, checked)
    if len(texts) == 1 and kind == "constitutional":
        return texts[0][1]
    counted = "/".join(f"{text}[{len(group.cells)}]" for group, text in texts)
    return f"mos {counted}" if len(texts) > 1 and kind == "constitutional" else counted


def in_order(clones: Clones, origin: tuple[int, int], kind: str, checked: Sequence[bool]) -> list[tuple[Group, str]]:
    """Return the clones, each with its text, in the order in which ISCN writes them; arguments as for :func:`case_text`."""
    groups = by_descent(clones.groups) if kind == "acquired" else clones.groups
    doubts = [not any(checked[number] for number in group.cells) for group in groups]
    return [(group, clone_text(group.terms, origin, kind, doubt)) for group, doubt in zip(groups, doubts, strict=True)]


def composite_text(clones: Clones, origin: tuple[int, int], checked: Sequence[bool]) -> str:
    """Return one karyotype for all cells with clonal changes, ``45~48,XX,-7[3],+8[4][cp6]``, and the unchanged after it."""
    changed = [number for number, terms in enumerate(clones.clonal) if terms]
    times = Counter((term, copy) for number in changed for term, most in clones.clonal[number].items() for copy in range(most))
    numbers = [46 + sum(copies(t) * k for t, k in clones.clonal[number].items()) for number in changed]
    doubt = not any(checked[number] for number in changed)
    held = [free_sex(_kept_sex(clones.clonal[number], origin), clones.clonal[number]) for number in changed]
    least = min(held, key=len)
    listed = sorted(times, key=lambda key: (order(key[0]), key[1]))
    parts = [f"{show_term(term, doubt)}[{times[term, copy]}]" for term, copy in listed]
    span = f"{min(numbers)}~{max(numbers)}" if min(numbers) < max(numbers) else f"{min(numbers)}"
    text = f"{','.join([span, *([least] if least else []), *parts])}[cp{len(changed)}]"
    normal = next((group for group in clones.groups if not group.terms), None)
    return f"{text}/{clone_text({}, origin, 'acquired')}[{len(normal.cells)}]" if normal else text


def _kept_sex(terms: Mapping[str, int], origin: tuple[int, int]) -> str:
    """Return the constitutional sex chromosomes that no term of a cell takes away."""
    return "".join(label * (had - terms.get(f"-{label}", 0)) for had, label in zip(origin, "XY", strict=True))

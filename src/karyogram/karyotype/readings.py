"""What one cell holds, as counted by the program or entered by a person: sex chromosomes and terms."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from karyogram.errors import AnnotationError
from karyogram.karyotype.iscn_terms import UNKNOWN, check_term, copies, fused, sex_chromosomes
from karyogram.karyotype.iscn_text import number_terms, possible_robertsonian
from karyogram.labels import AUTOSOMES

_CELL = re.compile(r"([0-9]{1,3})(?:,([XY]{1,9}))?((?:,[^,]+)*)")
_CHANGE = re.compile(r"([+-])\??([0-9XY]{1,2})")


@dataclass(frozen=True)
class Reading:
    """Copies of X and Y, rearranged ones included, and all other changes as terms, ``{"+21": 1}``.

    ``origin`` is the constitutional pair of sex chromosomes if the text told, ``entered`` whether a person says all this.
    """

    sex: tuple[int, int]
    terms: Mapping[str, int]
    origin: tuple[int, int] | None = None
    entered: bool = False

    @property
    def number(self) -> int:
        """How many chromosomes."""
        return 2 * len(AUTOSOMES) + sum(self.sex) + sum(copies(term) * times for term, times in self.terms.items())


def read_counts(counts: Mapping[str, int], entered: Iterable[str] = (), told: bool = False) -> Reading:
    """Return the reading of class counts, with the rearrangements that a person entered for the cell.

    An entered translocation that fuses the chromosomes that the cell seems to lack explains them: they are no loss. If a person
    has ``told`` all rearrangements there are, what is left unexplained is one.
    """
    terms, extra = number_terms(counts, told), Counter(entered)
    pairs = [fused(term) for term in extra if fused(term)]
    lost = possible_robertsonian(counts)
    if lost and any(set(lost) <= set(pair) for pair in pairs):
        terms = Counter()
    return Reading((counts.get("X", 0), counts.get("Y", 0)), terms + extra)


def read_text(text: str) -> Reading:
    """Return the reading that a person entered as the ISCN text of one cell, such as "46,XX,t(9;22)(q34;q11.2)" or "45,X,-Y".

    Raises AnnotationError, naming the reason, for what is no such text, for rearrangements that ISCN does not know, and if the
    number is not the sum of what the text lists.

    >>> read_text("47,XY,+21").terms, read_text("45,X,-Y").sex, read_text("45,X,-Y").origin
    ({'+21': 1}, (1, 0), (1, 1))
    """
    found = _CELL.fullmatch(text.strip())
    if not found:
        raise AnnotationError(f"{text!r} is no karyotype of one cell such as 46,XX or 47,XY,+21")
    number, letters, rest = found.groups()
    x, y = (letters or "").count("X"), (letters or "").count("Y")
    origin, terms = [x, y], Counter[str]()
    for term in rest.split(",")[1:]:
        change = _CHANGE.fullmatch(term)
        if not change:
            terms[term if term == UNKNOWN else check_term(term)] += 1
            more_x, more_y = map(sex_chromosomes(term).count, "XY")
            x, y, origin = x + more_x, y + more_y, [origin[0] + more_x, origin[1] + more_y]
        elif change.group(2) in ("X", "Y"):
            at = ("X", "Y").index(change.group(2))
            gained = change.group(1) == "+"
            x, y = x + (gained and at == 0), y + (gained and at == 1)
            origin[at] += 0 if gained else 1
        elif change.group(2) in AUTOSOMES:
            terms["".join(change.groups())] += 1
        else:
            raise AnnotationError(f"{text!r}: there is no chromosome {change.group(2)}")
    told = (origin[0], origin[1]) if (x, y) != tuple(origin) else None
    reading = Reading((x, y), dict(terms), told, entered=True)
    if reading.number != int(number):
        raise AnnotationError(f"{text!r} lists {reading.number} chromosomes, not {number}")
    if not x or any(2 + terms[f"+{label}"] < terms[f"-{label}"] for label in AUTOSOMES):
        raise AnnotationError(f"{text!r} is no karyotype that a cell can have")
    return reading

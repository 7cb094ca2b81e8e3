"""The terms of an ISCN karyotype: what each changes, in which order they stand, and whether an entered one can be.

Terms are texts: ``+21``, ``-X``, ``t(9;22)(q34;q11.2)``, ``+mar``, ``?``. The program reads gains and losses only; a
rearrangement is entered by a person and checked here. Syntax and number of breakpoints are judged by the package
iscn-authenticator (ISCN 2024), bands by our own table at 850 bands.
"""

import re
from functools import cache

from iscn_authenticator import validate_karyotype

from karyogram.bands import bands
from karyogram.errors import AnnotationError
from karyogram.labels import INDEX, LABELS

#: A D or G chromosome is missing, lost or fused with another: a person has to tell.
UNKNOWN = "?"
#: Two chromosomes that became one: ``rob``, ``dic``, and ``der`` of two.
_FUSED = re.compile(r"\??(?:rob|dic|der|psu dic)\(([0-9XY]{1,2});([0-9XY]{1,2})\)")
_NUMBER = re.compile(r"\??([+-])\??([0-9XY]{1,2})")
_MARKER = re.compile(r"\+([2-9]|[1-9][0-9])?mar")
_PLACES = re.compile(r"\(([0-9XY;]+)\)\(([pq0-9.;]+)\)")
_BAND = re.compile(r"([pq])([0-9]+(?:\.[0-9]+)?)")


def check_term(text: str) -> str:
    """Return a rearrangement or marker as entered, without outer spaces, if ISCN 2024 knows such a thing.

    Raises AnnotationError, naming the reason, for a gain or loss (they are counted, not entered), for what is no term, and for
    bands that do not exist.

    >>> check_term("t(9;22)(q34;q11.2)")
    't(9;22)(q34;q11.2)'
    """
    term = text.strip()
    if not term or "," in term or "/" in term or _NUMBER.fullmatch(term):
        raise AnnotationError(f"{text!r} is no rearrangement such as t(9;22)(q34;q11.2) or del(5)(q13q33)")
    if _MARKER.fullmatch(term):
        return term
    bare = re.sub(r"^der(?=\([0-9XY]+;)", "rob", term.removeprefix("+"))
    result = validate_karyotype(f"46,XX,{bare}")
    if not result.valid or not result.parsed or result.parsed.abnormalities[0].type == "unknown":
        reason = f": {result.errors[0]}" if result.errors else ""
        raise AnnotationError(f"{text!r} is no rearrangement that ISCN knows{reason}")
    for chromosomes, breakpoints in _PLACES.findall(term):
        _check_bands(text, chromosomes.split(";"), breakpoints.split(";"))
    return term


def _check_bands(text: str, chromosomes: list[str], breakpoints: list[str]) -> None:
    if unknown := [label for label in chromosomes if label not in INDEX]:
        raise AnnotationError(f"{text!r}: there is no chromosome {unknown[0]}")
    if len(chromosomes) != len(breakpoints):
        return  # the validator has counted them: an insertion within one chromosome
    for label, places in zip(chromosomes, breakpoints, strict=True):
        for arm, name in _BAND.findall(places):
            if not _exists(label, arm, name):
                raise AnnotationError(f"{text!r}: chromosome {label} has no band {arm}{name}")


@cache
def _exists(label: str, arm: str, name: str) -> bool:
    """Tell whether a band, or bands that it is divided into, are in the table; 10 is the centromere."""
    return name == "10" or any(band.arm == arm and band.name.startswith(name) for band in bands(label, 850))


def copies(term: str) -> int:
    """Return how many chromosomes more (or, negative, fewer) than 46 a cell has for one such term.

    >>> [copies(t) for t in ("+21", "-?7", "+2mar", "+der(22)t(9;22)(q34;q11.2)", "rob(14;21)(q10;q10)", "inv(9)(p12q13)", "?")]
    [1, -1, 2, 1, -1, 0, -1]
    >>> copies("?del(5)(q13q33)"), copies("?rob(14;21)(q10;q10)")
    (0, -1)
    """
    if marker := _MARKER.fullmatch(term):
        return int(marker.group(1) or 1)
    if term == UNKNOWN:
        return -1
    return {"+": 1, "-": -1}.get(term[0], -1 if fused(term) else 0)


def fused(term: str) -> tuple[str, ...]:
    """Return the two chromosomes that a term says became one, or ()."""
    found = _FUSED.match(term)
    return found.groups() if found else ()


def sex_chromosomes(term: str) -> tuple[str, ...]:
    """Return the X and Y that the term rearranges: they are then named in the term and not among the sex chromosomes."""
    places = re.match(r"\??[a-z ]+\(([0-9XY;]+)\)", term)
    return tuple(label for label in places.group(1).split(";") if label in ("X", "Y")) if places else ()


def is_loss(term: str) -> bool:
    """Tell whether a term says that a whole chromosome is lost."""
    return term.startswith("-")


def order(term: str) -> tuple[int, int, str]:
    """Return a key that sorts terms as ISCN does: X and Y, 1 to 22, markers, unknown; numbers before rearrangements."""
    if number := _NUMBER.fullmatch(term):
        return _place(number.group(2)), 0, term
    places = re.search(r"\(([0-9XY]+)", term)
    if places:
        return _place(places.group(1)), 1, term
    return len(LABELS) + (1 if term == UNKNOWN else 0), 0, term


def _place(label: str) -> int:
    """Return the place of a chromosome in a karyotype's text: X, Y, 1 to 22."""
    return ("X", "Y", *LABELS[:-2]).index(label)

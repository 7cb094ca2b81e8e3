"""Counts to the text of the International System for Human Cytogenomic Nomenclature (ISCN 2024), one cell at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping

from karyogram.karyotype.iscn_terms import UNKNOWN, is_loss, order, sex_chromosomes
from karyogram.labels import ACROCENTRIC, AUTOSOMES


def changes(counts: Mapping[str, int]) -> dict[str, int]:
    """Return {autosome: copies beyond two}, those with exactly two left out, in karyogram order."""
    return {label: counts.get(label, 0) - 2 for label in AUTOSOMES if counts.get(label, 0) != 2}


def possible_robertsonian(counts: Mapping[str, int], unplaced: int = 0) -> tuple[str, ...]:
    """Return the D and G chromosomes that a cell of 45 lacks, if a Robertsonian translocation could explain them, else ().

    Two acrocentric chromosomes fused at their centromeres look like one chromosome missing, or like two missing and one of
    another class too many, or one ``unplaced`` object of no class; a count cannot tell that from a loss.
    """
    odd = changes(counts)
    lost = tuple(label for label, change in odd.items() for _ in range(-change))
    gained = sum(change for change in odd.values() if change > 0)
    plain = sum(counts.values()) + unplaced == 45 and counts.get("X", 0) + counts.get("Y", 0) == 2
    told = (len(lost), gained, unplaced) in ((1, 0, 0), (2, 1, 0), (2, 0, 1))
    return lost if plain and told and set(lost) <= ACROCENTRIC else ()


def number_terms(counts: Mapping[str, int], told: bool = False) -> Counter[str]:
    """Return the gains and losses of autosomes as terms, ``{"+21": 1}``.

    A possible Robertsonian translocation is ``?`` unless a person has ``told`` that there is none.
    """
    if possible_robertsonian(counts) and not told:
        return Counter({UNKNOWN: 1})
    return Counter({f"{'+' if change > 0 else '-'}{label}": abs(change) for label, change in changes(counts).items()})


def write_terms(sex: str, terms: Iterable[str], number: int, doubt: bool = False) -> str:
    """Return "47,XX,+21" for the sex chromosomes as written, the terms in any order, and the number of chromosomes.

    ``doubt`` as in :func:`show_term`. Sex chromosomes that a term rearranges are taken out of ``sex``.

    >>> write_terms("XX", ["+8", "del(X)(q22)"], 47), write_terms("XY", ["t(X;Y)(q22;q11.2)"], 46)
    ('47,X,del(X)(q22),+8', '46,t(X;Y)(q22;q11.2)')
    """
    ordered = sorted(terms, key=order)
    free = free_sex(sex, ordered)
    return ",".join([str(number), *([free] if free else []), *(show_term(term, doubt) for term in ordered)])


def free_sex(sex: str, terms: Iterable[str]) -> str:
    """Return the sex chromosomes that no term rearranges."""
    for label in (label for term in terms for label in sex_chromosomes(term)):
        sex = sex.replace(label, "", 1)
    return sex


def show_term(term: str, doubt: bool) -> str:
    """Return a term as written; with ``doubt`` a lost autosome is "-?7", a chromosome missing that is probably a 7."""
    return f"-?{term[1:]}" if doubt and is_loss(term) and term[1:] in AUTOSOMES else term


def iscn_text(counts: Mapping[str, int]) -> str:
    """Return "47,XX,+21" for class counts, "" for a cell without an X chromosome, which none can be.

    The program alone claims no monosomy of an autosome: one that is missing is "-?7", and a possible Robertsonian translocation
    is "45,XX,?".

    >>> iscn_text({**dict.fromkeys(AUTOSOMES, 2), "21": 3, "X": 2})
    '47,XX,+21'
    """
    if not counts.get("X", 0):
        return ""
    sex = "X" * counts["X"] + "Y" * counts.get("Y", 0)
    return write_terms(sex, number_terms(counts).elements(), sum(counts.values()), doubt=True)

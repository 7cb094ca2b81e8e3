"""Counts to the text of the International System for Human Cytogenomic Nomenclature: number findings only."""

from collections.abc import Mapping

from karyogram.labels import ACROCENTRIC, AUTOSOMES


def changes(counts: Mapping[str, int]) -> dict[str, int]:
    """Return {autosome: copies beyond two}, those with exactly two left out, in karyogram order."""
    return {label: counts.get(label, 0) - 2 for label in AUTOSOMES if counts.get(label, 0) != 2}


def possible_robertsonian(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the D and G chromosomes that a cell of 45 lacks, if a Robertsonian translocation could explain them, else ().

    Two acrocentric chromosomes fused at their centromeres look like one chromosome missing, or like two missing and one of
    another class too many; a count cannot tell that from a loss.
    """
    odd = changes(counts)
    lost = tuple(label for label, change in odd.items() for _ in range(-change))
    gained = sum(change for change in odd.values() if change > 0)
    plain = sum(counts.values()) == 45 and counts.get("X", 0) + counts.get("Y", 0) == 2
    return lost if plain and (len(lost), gained) in ((1, 0), (2, 1)) and set(lost) <= ACROCENTRIC else ()


def iscn_text(counts: Mapping[str, int]) -> str:
    """Return "47,XX,+21" for class counts. A possible Robertsonian translocation is "45,XX,?", never a loss.

    >>> iscn_text({**dict.fromkeys(AUTOSOMES, 2), "21": 3, "X": 2})
    '47,XX,+21'
    """
    total = sum(counts.values())
    sex = "X" * counts.get("X", 0) + "Y" * counts.get("Y", 0) or "?"
    if possible_robertsonian(counts):
        return f"{total},{sex},?"
    terms = [f"{'+' if change > 0 else '-'}{label}" for label, change in changes(counts).items() for _ in range(abs(change))]
    return ",".join([str(total), sex, *terms])

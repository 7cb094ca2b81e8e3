"""Counts to the text of the International System for Human Cytogenomic Nomenclature: number findings only."""

from collections.abc import Mapping

from karyogram.labels import ACROCENTRIC, AUTOSOMES


def changes(counts: Mapping[str, int]) -> dict[str, int]:
    """Return {autosome: copies beyond two}, those with exactly two left out, in karyogram order."""
    return {label: counts.get(label, 0) - 2 for label in AUTOSOMES if counts.get(label, 0) != 2}


def possible_robertsonian(counts: Mapping[str, int]) -> str | None:
    """Return the D or G chromosome that 45 chromosomes lack, if that alone sets them apart from a normal cell.

    Two acrocentric chromosomes fused at their centromeres look like one chromosome missing: a count cannot tell that
    from a loss.
    """
    odd = changes(counts)
    sex = counts.get("X", 0) + counts.get("Y", 0)
    if len(odd) == 1 and sex == 2 and sum(counts.values()) == 45:
        (label, change) = next(iter(odd.items()))
        if change == -1 and label in ACROCENTRIC:
            return label
    return None


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

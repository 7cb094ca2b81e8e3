"""What the chromosomes of a cell add up to: counts, findings, text, quality, and the doubts a person should know of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.iscn_terms import UNKNOWN, copies, is_loss
from karyogram.karyotype.iscn_text import possible_robertsonian, write_terms
from karyogram.karyotype.readings import read_counts
from karyogram.labels import AUTOSOMES
from karyogram.records import Finding

#: A cell whose chromosomes are fewer or more than these is no diploid cell that was found whole.
PLAUSIBLE = range(40, 55)


@dataclass(frozen=True)
class Summary:
    """The fields of a karyotype that follow from its chromosomes; ``warnings`` are the doubts about them."""

    counts: Mapping[str, int]
    findings: tuple[Finding, ...]
    iscn: str
    quality: float
    warnings: tuple[str, ...]


def summarize(
    classes: np.ndarray, belief: np.ndarray, checked: bool = False, structural: Sequence[str] | None = None
) -> Summary:
    """Sum up a cell of N objects: ``classes`` (N,), -1 unplaced; ``belief`` (N,), P(one whole chromosome of that class).

    Number findings are given where the number of placed chromosomes is one that a human cell can have, an ISCN text only if
    besides every object has a place; otherwise a warning says why not. A possible Robertsonian translocation is a warning and
    no finding; the loss of an autosome is a finding and a warning, since a person has to confirm it.

    In a ``checked`` cell a person has seen every chromosome: its findings are certain, and a loss is written as one.
    ``structural`` are the rearrangements that a person found in the cell, None if nobody looked for any. They are carried to
    the text; if a person looked, and none explains what a checked cell lacks, it is lost. An additional one ("+mar") is an
    object without a class.
    """
    counts, entered = count_classes(classes), structural or ()
    total, unplaced = sum(counts.values()), int((classes < 0).sum())
    reading = read_counts(counts, entered, told=checked and structural is not None)
    fused = possible_robertsonian(counts)
    hidden = bool(fused) and not any(map(is_loss, reading.terms))
    findings = tuple(
        Finding(found.label, found.change, 1.0 if checked else found.probability)
        for found in find_changes(counts, classes, belief)
    )
    lost = [finding.label for finding in findings if finding.change < 0 and finding.label in AUTOSOMES]
    complete = total in PLAUSIBLE and unplaced == sum(copies(term) for term in entered if term.startswith("+"))
    beside = () if complete or checked else possible_robertsonian(counts, unplaced)
    number = f"{reading.number} chromosomes by the rearrangements entered"
    doubts = {
        "no chromosomes found": not len(classes),
        "no X chromosome, which no cell can lack": complete and not counts["X"],
        f"no karyotype: {total} chromosomes placed, {unplaced} objects not": bool(len(classes)) and not complete,
        f"possible rob: 45 chromosomes, short of {' and '.join(fused)}, lost or fused (Robertsonian translocation)": complete
        and UNKNOWN in reading.terms,
        f"possible rob: 44 chromosomes and an object of no class, short of {' and '.join(beside)}": bool(beside),
        f"loss of {' and '.join(lost)}: to be confirmed by a person": complete and bool(lost) and not fused and not checked,
        f"no karyotype: {number}, {total + unplaced} in the cell": complete and reading.number != total + unplaced,
    }
    told = complete and counts["X"] > 0 and reading.number == total + unplaced
    sex = "X" * counts["X"] + "Y" * counts["Y"]
    return Summary(
        counts=counts,
        findings=findings if total in PLAUSIBLE and not hidden else (),
        iscn=write_terms(sex, Counter(dict(reading.terms)).elements(), reading.number, doubt=not checked) if told else "",
        quality=round(float(belief.mean()), 4) if len(classes) else 0.0,
        warnings=tuple(text for text, applies in doubts.items() if applies),
    )

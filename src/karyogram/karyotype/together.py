"""What all cells of a case say of one change, taken together: evidence that is weak in each cell adds up.

A cell tells of a change by its margin (:mod:`karyogram.karyotype.margins`), however it was decided, so that cells too poor for
a text have their say. Logarithms of likelihood ratios are added over the cells (Good 1950, Probability and the Weighing of
Evidence), under two suppositions: that all cells are changed, or that half of them are.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.special import expit

from karyogram.karyotype.findings import LIVED
from karyogram.karyotype.margins import SEXES, Margins
from karyogram.labels import ACROCENTRIC, AUTOSOMES
from karyogram.records import Finding

#: Margin -> logarithm of the likelihood ratio of a changed cell to a normal one, straight between the points, flat outside.
#: Measured by benchmarks/together.py on cells of the parts train and val.
EVIDENCE: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    {
        "gain": ((-6, -2.0), (2, -0.4), (4, 1.2), (6, 6.0)),
        "loss": ((-7, -4.3), (-5, -1.2), (-3, 1.4), (-1, 2.7), (1, 3.8), (6, 5.2)),
        "sex gain": ((-6, -1.4), (-1, -1.0), (2, 1.6), (6, 6.0)),
        "sex loss": ((-7, -4.1), (-5, -1.2), (-3, 1.1), (1, 3.0), (6, 4.8)),
    }
)
#: Logarithm of the odds that a case has a change, before anything is seen: a trisomy that can be lived with, another; the
#: loss of a chromosome that a Robertsonian translocation may hold, another; a gain and a loss of X or Y.
PRIOR = {"lived": -5.5, "gain": -7.7, "fused": -7.0, "loss": -9.0, "sex gain": -6.0, "sex loss": -5.0}
#: How much rarer a mosaic is, as the logarithm of the odds, and the share of its cells that are changed.
MOSAIC, CHANGED = -2.0, 0.5
#: Findings less probable than this are not told.
TOLD = 0.5


def find_together(cells: Sequence[Margins]) -> tuple[Finding, ...]:
    """Return the changes that the cells of a case share, each with its probability; none for a single cell.

    Of sex chromosomes one change at most: 47,XXY is told as an X too many, 45,X as a Y missing if the other cells have one.
    """
    if len(cells) < 2:
        return ()
    found = []
    for label in AUTOSOMES:
        for change, kind in ((1, "gain"), (-1, "loss")):
            margins = np.array([cell.autosomes[f"{change:+d}"[0] + label] for cell in cells])
            rarer = {"gain": LIVED, "loss": ACROCENTRIC}[kind]
            prior = PRIOR[{"gain": "lived", "loss": "fused"}[kind] if label in rarer else kind]
            found.append(Finding(label, change, _probability(margins, kind, prior)))
    sexes = {sex: np.array([cell.of_sex(sex) for cell in cells]) for sex in SEXES if sex not in ("XX", "XY")}
    kinds = {sex: "sex loss" if sex == "X" else "sex gain" for sex in sexes}
    odds = {sex: _probability(margins, kinds[sex], PRIOR[kinds[sex]]) for sex, margins in sexes.items()}
    sex = max(odds, key=lambda each: odds[each])
    found.append(Finding(*_sex_change(sex, cells, sexes[sex]), odds[sex]))
    return tuple(finding for finding in found if finding.probability >= TOLD)


def _probability(margins: np.ndarray, kind: str, prior: float) -> float:
    """Return the probability of a change, from the margins (N,) of the cells."""
    evidence = np.interp(margins, *np.array(EVIDENCE[kind]).T)
    some = np.log(1 - CHANGED + CHANGED * np.exp(evidence)).sum() + MOSAIC
    return round(float(expit(prior + np.logaddexp(evidence.sum(), some))), 4)


def _sex_change(sex: str, cells: Sequence[Margins], margins: np.ndarray) -> tuple[str, int]:
    """Return label and change of these sex chromosomes."""
    if sex != "X":
        return ("Y", 1) if sex == "XYY" else ("X", 1)
    others = [cell for cell, margin in zip(cells, margins, strict=True) if margin < 0]
    male = sum(cell.sexes["XX"] - cell.sexes["XY"] for cell in others) > 0
    return ("Y", -1) if male else ("X", -1)

"""The part of a report that holds lengths and arm ratios, beside those that ISCN draws."""

from collections.abc import Iterable, Mapping, Sequence

from karyogram.draw.chromosomes import by_class
from karyogram.karyotype.proportions import Proportion, proportions, usual
from karyogram.records import Chromosome, Karyotype
from karyogram.report.blocks import Block, Table, Text

EXPLAINED = (
    "Homologues stand in one row, in the order of the karyogram. Length is that of the axis, also in percent of the haploid "
    "autosomes; the arm ratio is long arm over short arm, ? where no centromere was found. Both are automatic, and rough where "
    "chromosomes bend or touch. ISCN is what its drawings show; those show the short arms of 21 and 22 longer than pictures do."
)
HEADS = ("Class", "Length, px", "Length, %", "ISCN, %", "Arm ratio", "ISCN", "Probability")
WIDTHS = (0.8, 1.3, 1.3, 1.0, 1.3, 0.8, 1.6)


def measurements(karyotype: Karyotype) -> list[Block]:
    """Return the table, with a row a class that is there and a row for each chromosome without one, and what explains it."""
    told = proportions(karyotype)
    classes = by_class(karyotype)
    rows = [_row(label, copies, told) for label, copies in classes.items() if label and copies]
    rows += [_row(f"?{c.id}", [c], told) for c in classes[None]]
    return [Text(EXPLAINED), Table("Lengths and arm ratios", HEADS, rows, WIDTHS)]


def _row(name: str, copies: Sequence[Chromosome], told: Mapping[int, Proportion]) -> tuple[str, ...]:
    iscn = usual(name) if copies[0].label else None
    return (
        name,
        _joined(f"{c.length_px:.0f}" for c in copies),
        _joined(_figure(told[c.id].length) for c in copies),
        _figure(iscn.length) if iscn else "",
        _joined(_figure(told[c.id].ratio) for c in copies),
        _figure(iscn.ratio) if iscn else "",
        _joined(f"{c.probability:.3f}" for c in copies) if iscn else "",
    )


def _joined(texts: Iterable[str]) -> str:
    return " / ".join(texts)


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"

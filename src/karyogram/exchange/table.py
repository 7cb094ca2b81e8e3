"""A karyotype as a table: a row a chromosome."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from karyogram.files import write_text
from karyogram.karyotype.proportions import Proportion, proportions
from karyogram.labels import LABELS
from karyogram.records import Chromosome, Karyotype
from karyogram.tables import to_csv


def runner_up(chromosome: Chromosome) -> tuple[str, float]:
    """Return the likeliest class but the one a chromosome was given, and its probability."""
    rivals = {label: p for label, p in zip(LABELS, chromosome.probabilities, strict=True) if label != chromosome.label}
    best = max(rivals, key=lambda label: rivals[label])
    return best, rivals[best]


def _known(value: float | None, digits: int) -> float | str:
    return "" if value is None else round(value, digits)


#: Column -> what a chromosome and its proportion have there. Nothing stands where nothing is known.
COLUMNS: Mapping[str, Callable[[Chromosome, Proportion], object]] = MappingProxyType(
    {
        "id": lambda c, _: c.id,
        "label": lambda c, _: c.label or "",
        "probability": lambda c, _: c.probability,
        "second_label": lambda c, _: runner_up(c)[0],
        "second_probability": lambda c, _: runner_up(c)[1],
        "score": lambda c, _: c.score,
        "xmin": lambda c, _: c.bbox[0],
        "ymin": lambda c, _: c.bbox[1],
        "xmax": lambda c, _: c.bbox[2],
        "ymax": lambda c, _: c.bbox[3],
        "length_px": lambda c, _: c.length_px,
        "length_percent": lambda _, told: _known(told.length, 2),
        "centromere": lambda c, _: _known(c.centromere, 3),
        "arm_ratio": lambda _, told: _known(told.ratio, 2),
        "angle": lambda c, _: c.angle,
        "flipped": lambda c, _: c.flipped,
        "overlaps": lambda c, _: " ".join(map(str, c.overlaps)),
        "review": lambda c, _: "; ".join(c.review),
    }
)


def write_table(path: Path, karyotype: Karyotype) -> Path:
    """Write a CSV with the columns ``COLUMNS`` and a row a chromosome.

    ``length_percent`` is in percent of the haploid autosomes, ``arm_ratio`` long arm over short arm; ids in ``overlaps`` are
    parted by spaces, reasons in ``review`` by "; ".
    """
    told = proportions(karyotype)
    rows = ([tell(c, told[c.id]) for tell in COLUMNS.values()] for c in karyotype.chromosomes)
    return write_text(path, to_csv(COLUMNS, rows))

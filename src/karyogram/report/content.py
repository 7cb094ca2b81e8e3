"""What a report says of a cell: what was analysed and by what, what was found, how sure it is, what a person must look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from karyogram.draw.chromosomes import by_class
from karyogram.draw.karyogram import PLAIN, Style, draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.exchange.table import runner_up
from karyogram.labels import LABELS
from karyogram.records import Chromosome, Karyotype
from karyogram.report.blocks import Block, Figure, Heading, Table, Text
from karyogram.report.measurements import measurements
from karyogram.shape.cutout import cut_out

NOTICE = (
    "This is decision support for research and development. It is not a diagnosis, and karyogram is not a medical device: "
    "a qualified person has to check every cell against its picture before anything is concluded from it."
)

#: Pixels per inch of a report's karyogram, if the style asks for no more; breadth of a page's text, in mm.
PRINT, TEXT_WIDTH = 300, 178.0
#: Height in mm of a cell's longest chromosome among those to be reviewed, and how finely they are drawn, in pixels per mm.
TALLEST, FINE = 24.0, 8.0


@dataclass(frozen=True, eq=False)
class Cell:
    """A karyotype and the picture it was read off, dark on white, uint8 (H, W)."""

    picture: np.ndarray
    karyotype: Karyotype

    @property
    def name(self) -> str:
        """The picture's file name."""
        return Path(self.karyotype.image).name or "unnamed picture"


def report_blocks(cells: Sequence[Cell], style: Style = PLAIN, title: str = "", lead: Sequence[Block] = ()) -> list[Block]:
    """Return the report of one cell or several: title and notice, an overview if there are several, then cell by cell.

    ``lead`` are blocks of the caller's own, set after the notice. Karyograms are drawn in ``style``, at 300 dpi at least. The
    title is by default the name of the only picture. Raises ValueError without a cell.
    """
    if not cells:
        raise ValueError("a report needs a cell")
    title = title or (f"Karyotype of {cells[0].name}" if len(cells) == 1 else f"Karyotypes of {len(cells)} cells")
    blocks: list[Block] = [Heading(title, 1), Text(NOTICE, important=True), *lead]
    if len(cells) > 1:
        blocks.append(_overview(cells))
        for cell in cells:
            blocks += [Heading(cell.name, 2, opens=True), *cell_blocks(cell, style, level=3)]
        return blocks
    return [*blocks, *cell_blocks(cells[0], style)]


def _overview(cells: Sequence[Cell]) -> Table:
    rows = [
        (
            cell.name,
            _number(cell.karyotype),
            cell.karyotype.iscn or "none",
            _changes(cell.karyotype),
            str(_marked(cell.karyotype)),
        )
        for cell in cells
    ]
    heads = ("Picture", "Chromosomes", "ISCN", "Gains and losses", "To review")
    return Table("The cells", heads, rows, (3, 1.5, 2, 2, 1))


def cell_blocks(cell: Cell, style: Style = PLAIN, level: int = 2) -> list[Block]:
    """Return what is said of one cell, in sections with headings of ``level``."""
    karyotype = cell.karyotype
    style = replace(style, dpi=max(style.dpi, PRINT))
    drawn = f"Karyogram: {_number(karyotype)} chromosomes in the order of the classes 1 to 22, X and Y."
    outlined = "The metaphase with every chromosome outlined and named; dashed outlines are to be reviewed."
    sections: dict[str, list[Block]] = {
        "Findings": _findings(karyotype),
        "What needs a person's eye": _review(cell),
        "Karyogram": [Figure(draw_karyogram(cell.picture, karyotype, style=style), drawn, TEXT_WIDTH)],
        "The cell": [Figure(draw_overlay(cell.picture, karyotype), outlined, TEXT_WIDTH, photo=True)],
        "Measurements": measurements(karyotype),
    }
    return [_facts(karyotype), *(b for name, blocks in sections.items() for b in (Heading(name, level), *blocks))]


def _number(karyotype: Karyotype) -> str:
    return str(len(karyotype.chromosomes))


def _marked(karyotype: Karyotype) -> int:
    return sum(bool(c.review) for c in karyotype.chromosomes)


def _decided(karyotype: Karyotype) -> bool:
    """Return whether the ISCN text was made and leaves nothing open."""
    return bool(karyotype.iscn) and "?" not in karyotype.iscn


def _changes(karyotype: Karyotype) -> str:
    if not karyotype.findings and not _decided(karyotype):
        return "not decided"
    return ", ".join(f"{finding.change:+d} {finding.label}" for finding in karyotype.findings) or "none"


def _facts(karyotype: Karyotype) -> Table:
    """Return what was analysed, by what, and the result in a line each."""
    model = karyotype.model
    unplaced = sum(c.label is None for c in karyotype.chromosomes)
    rows = {
        "ISCN": karyotype.iscn or "none: see Findings",
        "Chromosomes": _number(karyotype) + (f", of which {unplaced} without a class" if unplaced else ""),
        "To review": f"{_marked(karyotype)} of {_number(karyotype)}",
        "Quality": f"{karyotype.quality:.3f}, the mean probability that a chromosome is whole and of its class",
        "Picture": f"{karyotype.image or 'given as an array'}, {karyotype.width} x {karyotype.height} pixels",
        "Classes by": f"{model.get('name', 'unknown')}, SHA-256 {model.get('sha256') or 'unknown'}",
        "Outlines by": model.get("segmenter", "unknown")
        + (f", SHA-256 {model['segmenter_sha256']}" if model.get("segmenter_sha256") else "")
        + (f"; where they meet {model['outliner']}, SHA-256 {model['outliner_sha256']}" if model.get("outliner") else ""),
        "Program": f"karyogram {version('karyogram')}, records of version {karyotype.schema_version}",
    }
    return Table("What was analysed, and by what", (), tuple(rows.items()), (1, 5))


def _findings(karyotype: Karyotype) -> list[Block]:
    blocks: list[Block] = []
    if karyotype.findings:
        rows = [(f"chromosome {f.label}", f"{f.change:+d}", f"{f.probability:.3f}") for f in karyotype.findings]
        blocks.append(Table("Gains and losses of whole chromosomes", ("Chromosome", "Change", "Probability"), rows, (1, 1, 1)))
    elif _decided(karyotype):
        blocks.append(Text("No gain or loss of a whole chromosome was found."))
    else:
        blocks.append(Text("No number finding is made for this cell."))
    blocks += [Text(f"Note: {warning}" + "." * (warning[-1:] not in (".", "?", "!"))) for warning in karyotype.warnings]
    blocks.append(Text("The program claims no structural finding; a person has to look for one."))
    counts = [str(karyotype.counts.get(label, 0)) for label in LABELS]
    return [*blocks, Table("Copies of each class", LABELS, (counts,), (1,) * len(LABELS))]


def _review(cell: Cell) -> list[Block]:
    karyotype = cell.karyotype
    marked = [c for copies in by_class(karyotype).values() for c in copies if c.review]
    if not marked:
        return [Text("The program marks no chromosome. It can be wrong where it is sure: look at the karyogram as a whole.")]
    longest = max(1.0, *(c.length_px for c in karyotype.chromosomes))
    rows = [_reviewed(cell.picture, c, TALLEST / longest) for c in marked]
    heads = ("Chromosome", "Class, probability", "Next class", "Whole", "Reasons")
    told = (
        "Look at these first. The program can be wrong elsewhere too: look at the karyogram as a whole. Whole is the "
        "probability that the outline holds one whole chromosome."
    )
    return [Text(told), Table("Chromosomes to review", heads, rows, (1.6, 1.5, 1.3, 0.8, 3.5))]


def _reviewed(picture: np.ndarray, chromosome: Chromosome, size: float) -> tuple[str | Figure, ...]:
    """Return the row of one chromosome to review, drawn ``size`` mm a pixel of the picture."""
    second, probability = runner_up(chromosome)
    image, _ = cut_out(picture, chromosome.polygon, chromosome.angle, chromosome.flipped, size * FINE)
    name = f"class {chromosome.label}" if chromosome.label else "no class"
    return (
        Figure(image, f"Chromosome {chromosome.id}, {name}", image.shape[1] / FINE),
        f"{chromosome.label}, {chromosome.probability:.2f}" if chromosome.label else f"none (?{chromosome.id})",
        f"{second}, {probability:.2f}",
        f"{chromosome.score:.2f}",
        ", ".join(chromosome.review),
    )

"""The karyogram: the chromosomes of a cell in the classic order, homologues side by side, short arms up."""

from dataclasses import dataclass

import numpy as np

from karyogram.draw.chromosomes import by_class
from karyogram.draw.colours import AMBER, GREY, INK, RULE
from karyogram.draw.page import DPI, Page
from karyogram.draw.places import Place, copies_width, empty_place, heights, ideogram_place, paint, place
from karyogram.draw.text import fit, typeface
from karyogram.karyotype.proportions import Proportion, proportions
from karyogram.labels import GROUPS
from karyogram.records import Karyotype
from karyogram.shape.cutout import upright_extent

ROWS = (("A", "B"), ("C",), ("D", "E"), ("F", "G", "sex"))

# All in points of the layout.
LONGEST, WIDEST = 400, 2300
LEAST_WIDTH = 860
EDGE = 44
LEAST_SLOT, SLOT_GAP, GROUP_GAP = 56, 18, 46
HEAD, FOOT, MEASURES = 34, 64, 38

#: One line of the page: groups by name, each a list of slots by name, each slot what stands in it.
Row = list[tuple[str, list[tuple[str, list[Place]]]]]


@dataclass(frozen=True)
class Style:
    """How a karyogram is drawn: pixels per inch of the print, and what is shown besides the chromosomes.

    ``ideograms`` is the band level, 400, 550 or 850, of ideograms beside the pairs, None for none; ``measures`` writes the
    relative length and the arm ratio below each chromosome.
    """

    dpi: int = DPI
    ideograms: int | None = None
    measures: bool = False


PLAIN = Style()


def draw_karyogram(picture: np.ndarray, karyotype: Karyotype, scale: float = 2.0, style: Style = PLAIN) -> np.ndarray:
    """Return the karyogram, uint8 (H, W, 3) RGB on white.

    ``picture`` is uint8 (H, W), dark on white. A point of the layout is a pixel at 144 dpi and grows with ``style.dpi``. All
    chromosomes are enlarged to ``scale`` points a pixel, or less where the longest would pass 400 points or those of one row,
    gaps aside, 2,300. Within a row, centromeres stand on one line (see ``draw/places.py``). Pale
    places are those where a cell of 46 has a chromosome and this one has none (X and Y: one each); an amber dot and the
    probability of the class mark what a person should look at. Chromosomes without a class follow at the end, on a base
    line, named ``?`` and their id. The order is that of the Denver groups A to G, the sex chromosomes last.
    """
    scale, unit = _fitting_scale(karyotype, scale), style.dpi / DPI
    told = proportions(karyotype) if style.measures else {}
    places = {
        label: [place(picture, c, scale, unit, _measures(told.get(c.id))) for c in chromosomes]
        for label, chromosomes in by_class(karyotype).items()
    }
    rows: list[Row] = [[(group, [(n, places[n]) for n in GROUPS[group]]) for group in row] for row in ROWS]
    rows = [_completed(row, style.ideograms, unit) for row in rows]
    width = max(LEAST_WIDTH, *(2 * EDGE + _row_width(row) for row in rows))
    rest = [(f"?{c.id}", [p]) for c, p in zip(by_class(karyotype)[None], places[None], strict=True)]
    foot = FOOT + MEASURES * style.measures
    spare = [(width - 2 * EDGE - _row_width(row)) / sum(len(slots) for _, slots in row) for row in rows]
    bands = [_title(karyotype, width, style)]
    bands += [_draw_row(row, width, room, foot, unit) for row, room in zip(rows, spare, strict=True)]
    bands += [_draw_row(row, width, 0, foot, unit) for row in _wrap(rest, width)]
    return np.vstack([band.pixels() for band in bands])


def _measures(told: Proportion | None) -> tuple[str, ...]:
    """Return what is written below a chromosome: its relative length, and its arm ratio if that is known."""
    if told is None:
        return ()
    length = "?" if told.length is None else f"{told.length:.1f} %"
    return length, "q/p ?" if told.ratio is None else f"q/p {told.ratio:.1f}"


def _fitting_scale(karyotype: Karyotype, scale: float) -> float:
    """Return ``scale``, or less if the longest chromosome or the fullest row would not fit."""
    extents = [(c.label, *upright_extent(c.polygon, c.angle)) for c in karyotype.chromosomes]
    longest = max((height for _, height, _ in extents), default=1.0)
    rows = [{label for group in row for label in GROUPS[group]} for row in ROWS]
    widest = max(*(sum(w for label, _, w in extents if label in row) for row in rows), *(w for *_, w in extents), 1.0)
    return min(scale, LONGEST / longest, WIDEST / widest)


def _completed(row: Row, level: int | None, unit: float) -> Row:
    """Add an empty place for each homologue that a normal cell has and this row lacks, and ideograms at a band level."""
    real = [copy for _, slots in row for _, copies in slots for copy in copies]
    filled = [
        (
            group,
            [
                (name, copies + [empty_place(name, real, unit)] * ((1 if group == "sex" else 2) - len(copies)))
                for name, copies in slots
            ],
        )
        for group, slots in row
    ]
    if level is None:
        return filled
    return [
        (group, [(name, [*copies, ideogram_place(name, level, copies, unit)]) for name, copies in slots])
        for group, slots in filled
    ]


def _wrap(slots: list[tuple[str, list[Place]]], width: float) -> list[Row]:
    """Break the chromosomes without a class into as many rows as they need."""
    rows: list[Row] = []
    for slot in slots:
        if rows and _row_width([("", [*rows[-1][0][1], slot])]) <= width - 2 * EDGE:
            rows[-1][0][1].append(slot)
        else:
            rows.append([("unplaced", [slot])])
    return rows


def _slot_width(copies: list[Place]) -> float:
    return max(LEAST_SLOT, copies_width(copies))


def _row_width(row: Row) -> float:
    groups = [sum(_slot_width(copies) + SLOT_GAP for _, copies in slots) - SLOT_GAP for _, slots in row]
    return sum(groups) + GROUP_GAP * (len(groups) - 1)


def _draw_row(row: Row, width: float, spare: float, foot: float, unit: float) -> Page:
    """Draw one row of groups, each slot ``spare`` points wider than it need be; names stand ``foot`` points from the end."""
    line, rise = heights(copy for _, slots in row for _, copies in slots for copy in copies)
    base = HEAD + rise
    page = Page(width, base + foot, unit)
    names = base + foot - FOOT
    x: float = EDGE
    for group, slots in row:
        start = x
        for name, copies in slots:
            slot = _slot_width(copies) + spare
            paint(page, copies, x + (slot - copies_width(copies)) / 2, base, line)
            page.line(x, x + slot, names + 5, RULE)
            page.text(x + slot / 2, names + 11, name, 19, INK, "ma")
            x += slot + SLOT_GAP
        if group != "sex":
            page.text((start + x - SLOT_GAP) / 2, names + 46, group, 15, GREY, "mm")
        x += GROUP_GAP - SLOT_GAP
    return page


def _title(karyotype: Karyotype, width: float, style: Style) -> Page:
    """Draw the head of the page: ISCN text, file name, count, and what the marks mean."""
    page = Page(width, 104 + 18 * style.measures, style.dpi / DPI)
    count, review = len(karyotype.chromosomes), sum(bool(c.review) for c in karyotype.chromosomes)
    number = "1 chromosome" if count == 1 else f"{count} chromosomes"
    text, font = fit(karyotype.iscn or number, 32, width - 2 * EDGE)
    page.text(EDGE, 62, text, font.size, INK, "ls")
    room: float = width - 2 * EDGE
    if review:
        legend = f"{review} to review, with the probability of the class"
        left = width - EDGE - typeface(14).getlength(legend)
        page.dot(left - 14, 79, 8, AMBER)
        page.text(left, 88, legend, 14, GREY, "ls")
        room = left - 40 - EDGE
    text, font = fit(f"{karyotype.image}, {number}" if karyotype.iscn else karyotype.image, 14, room)
    page.text(EDGE, 88, text, font.size, GREY, "ls")
    if style.measures:
        told = "Below: length in % of the haploid autosomes, and long arm over short arm (q/p), as measured."
        page.text(EDGE, 108, told, 14, GREY, "ls")
    return page

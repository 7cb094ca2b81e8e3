"""The karyogram: the chromosomes of a cell in the classic order, homologues side by side, short arms up."""

import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.chromosomes import by_class
from karyogram.draw.colours import AMBER, GREY, INK, RULE, WHITE
from karyogram.draw.places import Place, copies_width, empty_place, heights, paint, place
from karyogram.draw.text import fit, typeface
from karyogram.labels import GROUPS
from karyogram.records import Karyotype
from karyogram.shape.cutout import upright_extent

ROWS = (("A", "B"), ("C",), ("D", "E"), ("F", "G", "sex"))

# All in pixels of the drawing.
LONGEST, WIDEST = 400, 2300
LEAST_WIDTH = 860
EDGE = 44
LEAST_SLOT, SLOT_GAP, GROUP_GAP = 56, 18, 46
HEAD, FOOT = 34, 64

#: One line of the page: groups by name, each a list of slots by name, each slot the homologues in it.
Row = list[tuple[str, list[tuple[str, list[Place]]]]]


def draw_karyogram(picture: np.ndarray, karyotype: Karyotype, scale: float = 2.0) -> np.ndarray:
    """Return the karyogram, uint8 (H, W, 3) RGB on white.

    ``picture`` is uint8 (H, W), dark on white. All chromosomes are enlarged ``scale`` times, or less where the longest
    would pass 400 pixels or those of one row, gaps aside, 2,300. Within a row, centromeres stand on one line; a
    chromosome whose centromere is not known stands on the base line. Pale places are those where a cell of 46 has a
    chromosome and this one has none (X and Y: one each); an amber dot and the probability of the class mark what a
    person should look at. Chromosomes without a class follow at the end, named ``?`` and their id. The order is that of
    the Denver groups A to G, the sex chromosomes last.
    """
    scale = _fitting_scale(karyotype, scale)
    classes = by_class(karyotype)
    slots = {label: [place(picture, c, scale) for c in classes[label]] for label in classes if label}
    rows: list[Row] = [[(group, [(n, slots[n]) for n in GROUPS[group]]) for group in row] for row in ROWS]
    rows = [_with_empty(row) for row in rows]
    width = max(LEAST_WIDTH, *(2 * EDGE + _row_width(row) for row in rows))
    rest = [(f"?{c.id}", [place(picture, c, scale)]) for c in classes[None]]
    bands = [_title(karyotype, width)]
    bands += [_draw_row(row, width, (width - 2 * EDGE - _row_width(row)) / sum(len(s) for _, s in row)) for row in rows]
    bands += [_draw_row(row, width, 0) for row in _wrap(rest, width)]
    return np.vstack(bands)


def _fitting_scale(karyotype: Karyotype, scale: float) -> float:
    """Return ``scale``, or less if the longest chromosome or the fullest row would not fit."""
    extents = [(c.label, *upright_extent(c.polygon, c.angle)) for c in karyotype.chromosomes]
    longest = max((height for _, height, _ in extents), default=1.0)
    rows = [{label for group in row for label in GROUPS[group]} for row in ROWS]
    widest = max(*(sum(w for label, _, w in extents if label in row) for row in rows), *(w for *_, w in extents), 1.0)
    return min(scale, LONGEST / longest, WIDEST / widest)


def _with_empty(row: Row) -> Row:
    """Add an empty place for each homologue that a normal cell has and this row lacks."""
    empty = empty_place(copy for _, slots in row for _, copies in slots for copy in copies)
    return [
        (group, [(name, copies + [empty] * ((1 if group == "sex" else 2) - len(copies))) for name, copies in slots])
        for group, slots in row
    ]


def _wrap(slots: list[tuple[str, list[Place]]], width: int) -> list[Row]:
    """Break the chromosomes without a class into as many rows as they need."""
    rows: list[Row] = []
    for slot in slots:
        if rows and _row_width([("", [*rows[-1][0][1], slot])]) <= width - 2 * EDGE:
            rows[-1][0][1].append(slot)
        else:
            rows.append([("unplaced", [slot])])
    return rows


def _slot_width(copies: list[Place]) -> int:
    return max(LEAST_SLOT, copies_width(copies))


def _row_width(row: Row) -> int:
    groups = [sum(_slot_width(copies) + SLOT_GAP for _, copies in slots) - SLOT_GAP for _, slots in row]
    return sum(groups) + GROUP_GAP * (len(groups) - 1)


def _draw_row(row: Row, width: int, spare: float) -> np.ndarray:
    """Draw one row of groups, each slot ``spare`` pixels wider than it need be."""
    line, rise = heights(copy for _, slots in row for _, copies in slots for copy in copies)
    base = HEAD + rise
    page = Image.new("RGB", (width, base + FOOT), WHITE)
    pen = ImageDraw.Draw(page)
    x: float = EDGE
    for group, slots in row:
        start = x
        for name, copies in slots:
            slot = _slot_width(copies) + spare
            paint(page, copies, x + (slot - copies_width(copies)) / 2, base, line)
            pen.line((x, base + 5, x + slot, base + 5), RULE)
            pen.text((x + slot / 2, base + 11), name, INK, typeface(19), anchor="ma")
            x += slot + SLOT_GAP
        if group != "sex":
            pen.text(((start + x - SLOT_GAP) / 2, base + 46), group, GREY, typeface(15), anchor="mm")
        x += GROUP_GAP - SLOT_GAP
    return np.asarray(page)


def _title(karyotype: Karyotype, width: int) -> np.ndarray:
    """Draw the head of the page: ISCN text, file name, count, and what the amber dots mean."""
    page = Image.new("RGB", (width, 104), WHITE)
    pen = ImageDraw.Draw(page)
    count, review = len(karyotype.chromosomes), sum(bool(c.review) for c in karyotype.chromosomes)
    number = "1 chromosome" if count == 1 else f"{count} chromosomes"
    text, font = fit(karyotype.iscn or number, 32, width - 2 * EDGE)
    pen.text((EDGE, 62), text, INK, font, anchor="ls")
    room: float = width - 2 * EDGE
    if review:
        legend = f"{review} to review, with the probability of the class"
        left = width - EDGE - typeface(14).getlength(legend)
        pen.ellipse((left - 14, 79, left - 6, 87), AMBER)
        pen.text((left, 88), legend, GREY, typeface(14), anchor="ls")
        room = left - 40 - EDGE
    text, font = fit(f"{karyotype.image}, {number}" if karyotype.iscn else karyotype.image, 14, room)
    pen.text((EDGE, 88), text, GREY, font, anchor="ls")
    return np.asarray(page)

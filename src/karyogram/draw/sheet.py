"""The sheet of a case: what it adds up to, and the karyograms of all its cells."""

from collections.abc import Mapping
from pathlib import PurePath

import cv2
import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import AMBER, GREY, INK, RULE, WHITE
from karyogram.draw.karyogram import draw_karyogram
from karyogram.draw.text import fit, typeface
from karyogram.records import Case, Cell, Karyotype

# All in pixels of the drawing.
COLUMN, GAP, EDGE = 900, 40, 44
LINE = 26


def draw_sheet(case: Case, pictures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the sheet, uint8 (H, W, 3) RGB on white: two columns of karyograms, the best cells first.

    ``pictures`` are uint8 (H, W), dark on white, by image; a cell without one has no karyogram here. Proposed cells have an
    amber bar on their left.
    """
    karyotypes = {karyotype.image: karyotype for karyotype in case.karyotypes}
    shown = [cell for cell in case.cells if cell.use == "karyogram" and cell.image in pictures and cell.image in karyotypes]
    drawn = [_cell(cell, karyotypes[cell.image], pictures[cell.image]) for cell in shown]
    rows = [_row(drawn[start : start + 2]) for start in range(0, len(drawn), 2)]
    return np.vstack([_head(case, len(shown)), *rows])


def _width() -> int:
    return 2 * COLUMN + GAP + 2 * EDGE


def _head(case: Case, shown: int) -> np.ndarray:
    """Draw what the case adds up to, its clones and its warnings."""
    counted = sum(cell.use == "counted" for cell in case.cells)
    excluded = sum(cell.use == "excluded" for cell in case.cells)
    modal = "unknown" if case.modal_number is None else case.modal_number
    lines = [(f"{case.kind}, modal number {modal}", INK)]
    lines += [(f"{len(case.cells)} cells: {shown} karyograms, {counted} counted, {excluded} excluded", INK)]
    lines += [(f"{clone.iscn}: {len(clone.cells)} cells", INK) for clone in case.clones]
    lines += [(text, AMBER) for text in case.warnings]
    page = Image.new("RGB", (_width(), 120 + LINE * len(lines)), WHITE)
    pen = ImageDraw.Draw(page)
    text, font = fit(case.iscn or "no karyotype", 34, _width() - 2 * EDGE)
    pen.text((EDGE, 58), text, INK, font, anchor="ls")
    pen.text((EDGE, 86), fit(f"case {case.name}", 18, _width() - 2 * EDGE)[0], GREY, typeface(18), anchor="ls")
    for number, (line, colour) in enumerate(lines):
        text, font = fit(line, 17, _width() - 2 * EDGE)
        pen.text((EDGE, 120 + LINE * number), text, colour, font, anchor="ls")
    return np.asarray(page)


def _cell(cell: Cell, karyotype: Karyotype, picture: np.ndarray) -> np.ndarray:
    """Draw one cell's karyogram over a line that says how good it is."""
    drawing = draw_karyogram(picture, karyotype)
    height = round(drawing.shape[0] * COLUMN / drawing.shape[1])
    drawing = cv2.resize(drawing, (COLUMN, height), interpolation=cv2.INTER_AREA)
    page = Image.new("RGB", (COLUMN, height + 40), WHITE)
    page.paste(Image.fromarray(drawing), (0, 0))
    pen = ImageDraw.Draw(page)
    parts = [PurePath(cell.image).name, f"quality {cell.quality:.2f}", f"{cell.bands or '?'} bands", cell.note]
    pen.text(
        (EDGE, height + 20), fit(", ".join(part for part in parts if part), 15, COLUMN - 2 * EDGE)[0], GREY, typeface(15), "lm"
    )
    pen.line((0, height + 38, COLUMN, height + 38), RULE)
    if cell.proposed:
        pen.rectangle((0, 30, 5, height), AMBER)
    return np.asarray(page)


def _row(drawn: list[np.ndarray]) -> np.ndarray:
    page = np.full((max(each.shape[0] for each in drawn), _width(), 3), WHITE, np.uint8)
    for number, each in enumerate(drawn):
        left = EDGE + number * (COLUMN + GAP)
        page[: each.shape[0], left : left + COLUMN] = each
    return page

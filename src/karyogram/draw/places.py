"""Places in a karyogram: where a homologue stands, how much room it takes, and how it is painted."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from karyogram.bands import centromere
from karyogram.draw.colours import AMBER, GREY, PALE
from karyogram.draw.ideogram import draw_ideogram
from karyogram.draw.page import Page
from karyogram.draw.text import typeface
from karyogram.records import Chromosome
from karyogram.shape.cutout import cut_out

# All in points of the layout.
CUT_MARGIN = 2
COPY_GAP = 9
NOTE = 11
IDEOGRAM = 16

#: A centromere farther from where its class has it, as a share of the length, is taken for a waist of another kind.
ASTRAY = 0.1


@dataclass(frozen=True, eq=False)
class Place:
    """What stands upright in a row, and what is written above and below it.

    ``image`` is a chromosome, uint8 (h, w), or an ideogram, (h, w, 3), with ``unit`` pixels a point; an empty place has the
    size of its image. ``below`` is how many points of the height lie under the centromere, None for what stands on the base
    line.
    """

    image: np.ndarray
    unit: float = 1.0
    below: float | None = None
    note: str = ""
    measures: tuple[str, ...] = ()
    empty: bool = False

    @property
    def height(self) -> float:
        """Points that the image is high."""
        return self.image.shape[0] / self.unit

    @property
    def breadth(self) -> float:
        """Points that the image is wide."""
        return self.image.shape[1] / self.unit

    @property
    def width(self) -> float:
        """Points that the image and its texts take."""
        note = typeface(NOTE).getlength(self.note) + 13 if self.note else 0.0
        return max(self.breadth, note, *(typeface(NOTE).getlength(text) for text in self.measures), 0.0)

    def rise(self, line: float) -> float:
        """Height of the image's top over the base line, where centromeres stand ``line`` points over it."""
        return self.height if self.below is None else line + self.height - self.below


def held_at(chromosome: Chromosome) -> float | None:
    """Return where a chromosome is held to stand in its row, 0 (short arm's end) to 1 (long arm's end), None for its foot.

    It is held at its centromere, or, where that is not known or farther than ``ASTRAY`` from where ISCN draws it, there. So a
    waist in the wrong place lifts no chromosome out of its row. One without a class stands on its foot.
    """
    if chromosome.label is None:
        return None
    usual, own = centromere(chromosome.label), chromosome.centromere
    return usual if own is None or abs(own - usual) > ASTRAY else own


def place(
    picture: np.ndarray, chromosome: Chromosome, scale: float, unit: float = 1.0, measures: tuple[str, ...] = ()
) -> Place:
    """Return the chromosome upright, short arm up, ``scale`` points a pixel of the picture, with ``measures`` below it.

    Its note is the probability of its class if it is to be reviewed.
    """
    margin = round(CUT_MARGIN * unit)
    image, _ = cut_out(picture, chromosome.polygon, chromosome.angle, chromosome.flipped, scale * unit, margin)
    held = held_at(chromosome)
    below = None if held is None else (margin + (1 - held) * (len(image) - 2 * margin)) / unit
    return Place(image, unit, below, f"{chromosome.probability:.2f}" if chromosome.review else "", measures)


def empty_place(label: str, like: Iterable[Place], unit: float = 1.0) -> Place:
    """Return an empty place for a class, of the median size of the others."""
    sizes = [(other.height, other.breadth) for other in like]
    height, breadth = np.median(sizes, axis=0) if sizes else (64.0, 26.0)
    image = np.full((round(height * unit), round(breadth * unit)), 255, np.uint8)
    return Place(image, unit, float((1 - centromere(label)) * height), empty=True)


def ideogram_place(label: str, level: int, beside: Iterable[Place], unit: float = 1.0) -> Place:
    """Return the ideogram of a class at ``level`` bands, as high as the homologues beside it are on average."""
    height = float(np.mean([copy.height for copy in beside])) - 2 * CUT_MARGIN
    image = draw_ideogram(label, max(1, round(height * unit)), round(IDEOGRAM * unit), level)
    return Place(image, unit, CUT_MARGIN + (1 - centromere(label)) * height)


def copies_width(copies: Iterable[Place]) -> float:
    """Return the width of what stands side by side."""
    return sum(copy.width + COPY_GAP for copy in copies) - COPY_GAP


def heights(places: Iterable[Place]) -> tuple[float, float]:
    """Return how high over the base line the centromeres stand, and how high the tallest chromosome rises."""
    places = list(places)
    line = max((p.below for p in places if p.below is not None), default=0.0)
    return line, max((p.rise(line) for p in places), default=0.0)


def paint(page: Page, copies: Iterable[Place], x: float, base: float, line: float) -> None:
    """Paint places side by side, from ``x`` to the right, on the base line or with centromeres ``line`` over it."""
    for copy in copies:
        left, top = x + (copy.width - copy.breadth) / 2, base - copy.rise(line)
        if copy.empty:
            page.box(left, top, left + copy.breadth, top + copy.height, min(copy.breadth, copy.height) // 3, PALE)
        else:
            page.paste(copy.image, left, top)
        if copy.note:
            start = x + (copy.width - typeface(NOTE).getlength(copy.note) - 10) / 2
            page.dot(start, top - 13, 6, AMBER)
            page.text(start + 10, top - 10, copy.note, NOTE, GREY, "lm")
        for number, text in enumerate(copy.measures):
            page.text(x + copy.width / 2, base + 16 + 14 * number, text, NOTE, GREY, "mm")
        x += copy.width + COPY_GAP

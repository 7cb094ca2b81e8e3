"""Places in a karyogram: where a homologue stands, how much room it takes, and how it is painted."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import AMBER, GREY, PALE
from karyogram.draw.text import typeface
from karyogram.records import Chromosome
from karyogram.shape.cutout import cut_out

CUT_MARGIN = 2
COPY_GAP = 9
NOTE = 11


@dataclass(frozen=True, eq=False)
class Place:
    """An upright chromosome, uint8 (h, w), or an empty place of that size, and what is written above it.

    ``below`` is how many pixels of the height lie under the centromere, None if that is not known.
    """

    image: np.ndarray
    below: float | None = None
    note: str = ""
    empty: bool = False

    @property
    def width(self) -> int:
        """Pixels that the image and its note take."""
        return max(self.image.shape[1], int(typeface(NOTE).getlength(self.note)) + 13 if self.note else 0)

    def rise(self, line: float) -> int:
        """Height of the image's top over the base line, where centromeres stand ``line`` pixels over it."""
        height = self.image.shape[0]
        return height if self.below is None else round(line + height - self.below)


def place(picture: np.ndarray, chromosome: Chromosome, scale: float) -> Place:
    """Return the chromosome upright, short arm up; its note is the probability of its class if it is to be reviewed."""
    image, _ = cut_out(picture, chromosome.polygon, chromosome.angle, chromosome.flipped, scale, CUT_MARGIN)
    below = None
    if chromosome.centromere is not None:
        below = CUT_MARGIN + (1 - chromosome.centromere) * (image.shape[0] - 2 * CUT_MARGIN)
    return Place(image, below, f"{chromosome.probability:.2f}" if chromosome.review else "")


def empty_place(like: Iterable[Place]) -> Place:
    """Return an empty place of the median size of the others."""
    shapes = [other.image.shape for other in like]
    height, width = (int(v) for v in np.median(shapes, axis=0)) if shapes else (64, 26)
    return Place(np.full((height, width), 255, np.uint8), empty=True)


def copies_width(copies: Iterable[Place]) -> int:
    """Return the width of homologues side by side."""
    return sum(copy.width + COPY_GAP for copy in copies) - COPY_GAP


def heights(places: Iterable[Place]) -> tuple[float, int]:
    """Return how high over the base line the centromeres stand, and how high the tallest chromosome rises."""
    places = list(places)
    line = max((p.below for p in places if p.below is not None), default=0.0)
    return line, max((p.rise(line) for p in places), default=0)


def paint(page: Image.Image, copies: Iterable[Place], x: float, base: int, line: float) -> None:
    """Paint homologues side by side, from ``x`` to the right, on the base line or with centromeres ``line`` over it."""
    pen = ImageDraw.Draw(page)
    for copy in copies:
        height, width = copy.image.shape
        left, top = round(x + (copy.width - width) / 2), base - copy.rise(line)
        if copy.empty:
            pen.rounded_rectangle((left, top, left + width - 1, base - 1), min(width, height) // 3, PALE)
        else:
            page.paste(Image.fromarray(copy.image), (left, top))
        if copy.note:
            start = x + (copy.width - typeface(NOTE).getlength(copy.note) - 10) / 2
            pen.ellipse((start, top - 13, start + 6, top - 7), AMBER)
            pen.text((start + 10, top - 10), copy.note, GREY, typeface(NOTE), anchor="lm")
        x += copy.width + COPY_GAP

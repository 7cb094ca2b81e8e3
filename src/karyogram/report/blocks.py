"""What a report is made of: headings, texts, tables and pictures, whatever they are set in."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title. One that ``opens`` begins a page in print."""

    text: str
    level: int = 2
    opens: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph; one that is ``important`` stands in a frame."""

    text: str
    important: bool = False


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture, uint8 (h, w) or (h, w, 3) RGB, ``width`` mm wide in print, and what it shows, in words.

    A ``photo`` may be compressed with small losses.
    """

    pixels: np.ndarray
    alt: str
    width: float
    photo: bool = False

    def encoded(self) -> tuple[bytes, str]:
        """Return the bytes of a picture file and its media type."""
        buffer = io.BytesIO()
        if self.photo:
            Image.fromarray(self.pixels).save(buffer, format="JPEG", quality=90)
            return buffer.getvalue(), "image/jpeg"
        Image.fromarray(self.pixels).save(buffer, format="PNG", optimize=True)
        return buffer.getvalue(), "image/png"


@dataclass(frozen=True, eq=False)
class Table:
    """A table: what it shows, the heads of its columns (none for a list of facts), and its rows.

    Without heads, the first cell of each row is the name of the second. ``widths`` are shares of the columns in print.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | Figure]]
    widths: Sequence[float]


Block = Heading | Text | Figure | Table

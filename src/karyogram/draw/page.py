"""A page to draw on, laid out in points: the same page at any resolution."""

import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import WHITE
from karyogram.draw.text import typeface

#: The resolution, in pixels per inch, at which a point of a layout is one pixel. So a karyogram is about 18 cm wide in print.
DPI = 144

Colour = tuple[int, ...]


class Page:
    """A white page of ``width`` x ``height`` points, each ``unit`` pixels. Places are x to the right, y down, in points."""

    def __init__(self, width: float, height: float, unit: float = 1.0) -> None:
        self._unit = unit
        self._image = Image.new("RGB", (round(width * unit), round(height * unit)), WHITE)
        self._pen = ImageDraw.Draw(self._image)

    def text(self, x: float, y: float, text: str, size: float, colour: Colour, anchor: str) -> None:
        """Write text ``size`` points high; ``anchor`` is Pillow's, for instance "ls" for left end and base line."""
        self._pen.text((x * self._unit, y * self._unit), text, colour, typeface(round(size * self._unit)), anchor)

    def line(self, x0: float, x1: float, y: float, colour: Colour) -> None:
        """Draw a level line, a point thick."""
        ends = ((x0 * self._unit, y * self._unit), (x1 * self._unit, y * self._unit))
        self._pen.line(ends, colour, max(1, round(self._unit)))

    def dot(self, x: float, y: float, size: float, colour: Colour) -> None:
        """Draw a disc from its upper left corner."""
        self._pen.ellipse(tuple(v * self._unit for v in (x, y, x + size, y + size)), colour)

    def box(self, left: float, top: float, right: float, bottom: float, radius: float, colour: Colour) -> None:
        """Draw a filled box with round corners."""
        corners = (left * self._unit, top * self._unit, right * self._unit - 1, bottom * self._unit - 1)
        self._pen.rounded_rectangle(corners, radius * self._unit, colour)

    def paste(self, image: np.ndarray, left: float, top: float) -> None:
        """Put a picture, uint8 (h, w) or (h, w, 3), pixel by pixel on the page."""
        self._image.paste(Image.fromarray(image), (round(left * self._unit), round(top * self._unit)))

    def pixels(self) -> np.ndarray:
        """Return the page, uint8 (H, W, 3) RGB."""
        return np.asarray(self._image)

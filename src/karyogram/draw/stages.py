"""The steps of preprocessing side by side."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import INK, PALE
from karyogram.draw.text import typeface

#: Side of a panel, distance between panels and height of a line of text, in pixels.
PANEL, GAP, LINE = 180, 12, 26


def draw_stages(stages: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return one row of the pictures, grey uint8 (h, w) each, with their names below, as uint8 (H, W, 3) RGB.

    Every picture is enlarged or reduced until it just fits a square of ``PANEL`` pixels, aspect kept.
    """
    width = GAP + len(stages) * (PANEL + GAP)
    sheet = Image.new("RGB", (width, GAP + PANEL + LINE), PALE)
    pen = ImageDraw.Draw(sheet)
    for number, (name, picture) in enumerate(stages.items()):
        left = GAP + number * (PANEL + GAP)
        height, breadth = picture.shape
        scale = PANEL / max(height, breadth)
        size = (max(1, round(breadth * scale)), max(1, round(height * scale)))
        panel = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
        sheet.paste(panel, (left + (PANEL - size[0]) // 2, GAP + (PANEL - size[1]) // 2))
        pen.text((left + PANEL / 2, GAP + PANEL + LINE / 2), name, fill=INK, font=typeface(15), anchor="mm")
    return np.asarray(sheet)

"""A chromosome before and after it is straightened, with its axis, and its profiles beside the strip."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import AMBER, GREY, INK, PALE, RULE, WHITE
from karyogram.draw.text import typeface
from karyogram.shape.centromere import ALIKE, arm_ratio, band_profile, width_profile

#: Height of the panels, width of a plot, least width of a panel, distance between panels, height of a line of text, in pixels.
HEIGHT, PLOT, LEAST, GAP, LINE = 360, 130, 80, 14, 26
AXIS = (214, 40, 40)


def draw_straightening(
    image: np.ndarray, axis: np.ndarray, strip: np.ndarray, strip_mask: np.ndarray, centromere: float
) -> np.ndarray:
    """Return before, axis, after, width and darkness side by side, uint8 (H, W, 3) RGB.

    ``image`` is uint8 (h, w), dark on white, ``axis`` float (N, 2) x, y in it; ``strip`` uint8 and ``strip_mask`` bool, alike
    in size, are what straightening made of it, short arm up. ``centromere``, between 0 and 1 from the strip's upper end, is
    drawn as a line through strip and profiles. All panels have one scale; the profiles run down beside the strip, row by row,
    with p on the short arm and q on the long one, unless they are too alike in length; the last line gives the arm ratio.
    """
    scale = HEIGHT / max(len(image), len(strip))
    before = _enlarge(image, scale)
    traced = before.copy()
    points = np.rint(((axis + 0.5) * scale - 0.5) * 16).astype(np.int32)
    cv2.polylines(traced, [points], False, AXIS, 2, cv2.LINE_AA, 4)
    after = _enlarge(strip, scale)
    level = round(centromere * len(after))
    cv2.line(after, (0, level), (after.shape[1], level), GREY, 1)
    width, dark = width_profile(strip_mask), 255 - band_profile(strip, strip_mask)
    panels = {
        "before": before,
        "axis": traced,
        "straight": after,
        f"width, to {width.max():.0f} px": _plot(width / max(width.max(), 1), len(after), level, INK),
        "darkness": _plot(dark / max(dark.max(), 1), len(after), level, AMBER),
    }
    breadths = [max(LEAST, panel.shape[1]) for panel in panels.values()]
    sheet = Image.new("RGB", (sum(breadths) + GAP * (len(panels) + 1), GAP + HEIGHT + 2 * LINE), PALE)
    pen = ImageDraw.Draw(sheet)
    arms = ("p", "q") if centromere < 0.5 - ALIKE else ("p or q", "p or q")
    left = GAP
    for (name, panel), breadth in zip(panels.items(), breadths, strict=True):
        sheet.paste(Image.fromarray(panel), (left + (breadth - panel.shape[1]) // 2, GAP))
        pen.text((left + breadth / 2, GAP + HEIGHT + LINE / 2), name, fill=INK, font=typeface(15), anchor="mm")
        if name.startswith("width"):
            for arm, y in zip(arms, (level / 2, (level + len(after)) / 2), strict=True):
                pen.text((left + 6, GAP + y), arm, fill=GREY, font=typeface(15), anchor="lm")
        left += breadth + GAP
    told = f"centromere at {centromere:.2f} of the length, arm ratio {arm_ratio(centromere):.1f}"
    pen.text((GAP, GAP + HEIGHT + 1.5 * LINE), told, fill=INK, font=typeface(15), anchor="lm")
    return np.asarray(sheet)


def _enlarge(picture: np.ndarray, scale: float) -> np.ndarray:
    """Return a grey picture, uint8 (h, w), ``scale`` times as large, as RGB."""
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC).convert("RGB")).copy()


def _plot(values: np.ndarray, height: int, level: int, colour: tuple[int, ...]) -> np.ndarray:
    """Return a plot, uint8 (height, PLOT, 3), of values 0..1 (N,) to the right, row by row, and a line at ``level``."""
    plot = np.full((height, PLOT, 3), WHITE, np.uint8)
    for quarter in range(5):
        x = round(quarter / 4 * (PLOT - 1))
        cv2.line(plot, (x, 0), (x, height), RULE if quarter in (0, 4) else PALE, 1)
    cv2.line(plot, (0, level), (PLOT, level), GREY, 1)
    y = (np.arange(len(values)) + 0.5) * height / len(values) - 0.5
    points = np.stack([values * (PLOT - 1), y], 1)
    cv2.polylines(plot, [np.rint(points * 16).astype(np.int32)], False, colour, 2, cv2.LINE_AA, 4)
    return plot

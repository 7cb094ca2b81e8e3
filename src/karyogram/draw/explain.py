"""Where a classifier looked, beside the ideograms of the classes it had in mind."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import GREY, INK, PALE, RULE, WHITE
from karyogram.draw.ideogram import band_names, draw_ideogram
from karyogram.draw.text import fit, typeface

#: Height of the panels, width of the plot and of an ideogram, distances and height of a line of text, in pixels.
HEIGHT, PLOT, IDEOGRAM, GAP, LINE = 400, 150, 40, 18, 26
#: Least width of a panel, and of one with an ideogram and the names of its bands.
LEAST, NAMED = 110, 112
#: What speaks for the class, and what against it.
FOR, AGAINST = (206, 38, 38), (38, 88, 200)


def draw_explanation(
    canvas: np.ndarray, sensitivity: np.ndarray, profile: np.ndarray, opinions: Sequence[tuple[str, float]]
) -> np.ndarray:
    """Return chromosome, heat map, profile and ideograms side by side, uint8 (H, W, 3) RGB.

    ``canvas`` is uint8 (h, w), short arm up, stain bright on 0; ``sensitivity`` float (h, w) and ``profile`` float (h,), in
    nats, say how much each place and each row speaks for the class decided on, the first of the ``opinions``, pairs of class
    and probability. Red speaks for it, blue against it. All panels show the same rows, so a band of the ideograms stands about
    where it should be on the chromosome. Raises ValueError for an empty canvas.
    """
    if not canvas.any():
        raise ValueError("the canvas is empty")
    rows, columns = (np.flatnonzero(canvas.any(axis)) for axis in (1, 0))
    window = slice(rows[0], rows[-1] + 1), slice(max(columns[0] - 1, 0), columns[-1] + 2)
    picture = np.clip(_enlarge(255 - canvas[window], cv2.INTER_CUBIC), 0, 255)
    panels = [
        ("what it saw", np.repeat(picture.astype(np.uint8)[..., None], 3, 2)),
        ("where it looked", _heat(picture, _enlarge(sensitivity[window]))),
        ("along the axis", _plot(profile[window[0]])),
        *((f"{label}   p = {probability:.4f}", _ideogram(label)) for label, probability in opinions),
    ]
    breadths = [max(LEAST, panel.shape[1]) for _, panel in panels]
    sheet = Image.new("RGB", (sum(breadths) + GAP * (len(panels) + 1), 2 * GAP + HEIGHT + 2 * LINE), WHITE)
    pen = ImageDraw.Draw(sheet)
    left = GAP
    for (name, panel), breadth in zip(panels, breadths, strict=True):
        sheet.paste(Image.fromarray(panel), (left + (breadth - panel.shape[1]) // 2, GAP))
        pen.text((left + breadth / 2, GAP + HEIGHT + LINE * 0.6), name, fill=INK, font=typeface(15), anchor="mm")
        left += breadth + GAP
    told, font = fit(_caption(opinions[0][0], float(profile.max())), 14, sheet.width - 2 * GAP)
    pen.text((GAP, GAP + HEIGHT + LINE * 1.7), told, fill=GREY, font=font, anchor="lm")
    return np.asarray(sheet)


def _caption(label: str, strongest: float) -> str:
    if strongest <= 0:
        return f"No place along the axis speaks for class {label}."
    times = float(np.exp(min(strongest, 20.0)))
    factor = "over a million" if times >= 1e6 else f"{times:,.0f}" if times >= 10 else f"{times:.1f}"
    return f"Red speaks for class {label}, blue against it. Without the bands at the peak its odds are {factor} times lower."


def _enlarge(values: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Return a picture (h, w), HEIGHT pixels high, as float32."""
    size = (max(1, round(values.shape[1] * HEIGHT / len(values))), HEIGHT)
    return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=how))


def _heat(picture: np.ndarray, sensitivity: np.ndarray) -> np.ndarray:
    """Return the picture, 0..255 (h, w), pale, under red and blue, the stronger the sensitivity (h, w); none on the ground."""
    strength = np.abs(sensitivity) / max(float(np.abs(sensitivity).max()), 1e-9)
    strength = (0.85 * strength * np.minimum(4 * (1 - picture / 255), 1))[..., None]
    colour = np.where(sensitivity[..., None] > 0, np.array(FOR), np.array(AGAINST))
    pale = 255 - 0.6 * (255 - picture)[..., None]
    return np.rint(pale * (1 - strength) + strength * colour * (0.4 + 0.6 * pale / 255)).astype(np.uint8)


def _plot(profile: np.ndarray) -> np.ndarray:
    """Return the profile (h,) as areas to the right (for) and the left (against) of a line, uint8 (HEIGHT, PLOT, 3)."""
    low, high = min(float(profile.min()), 0.0), max(float(profile.max()), 1e-9)
    zero = 4 + (PLOT - 9) * -low / (high - low)
    at = np.arange(HEIGHT)
    rows = (np.arange(len(profile)) + 0.5) * HEIGHT / len(profile) - 0.5
    values = np.interp(at, rows, profile) * (PLOT - 9) / (high - low)
    plot = np.full((HEIGHT, PLOT, 3), PALE, np.uint8)
    for side, colour in ((np.maximum(values, 0), FOR), (np.minimum(values, 0), AGAINST)):
        if side.any():
            edge = np.stack([zero + side, at], 1)
            area = np.concatenate([[[zero, 0]], edge, [[zero, HEIGHT - 1]]])
            cv2.fillPoly(plot, [np.rint(area * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)
    cv2.line(plot, (round(zero), 0), (round(zero), HEIGHT), RULE, 1)
    return plot


def _ideogram(label: str) -> np.ndarray:
    """Return the ideogram of a class with the names of its bands, uint8 (HEIGHT, NAMED, 3)."""
    panel = Image.new("RGB", (NAMED, HEIGHT), WHITE)
    panel.paste(Image.fromarray(draw_ideogram(label, HEIGHT, IDEOGRAM)), (6, 0))
    pen = ImageDraw.Draw(panel)
    for name, y in band_names(label, HEIGHT, 16):
        pen.line((IDEOGRAM + 8, y, IDEOGRAM + 13, y), RULE)
        pen.text((IDEOGRAM + 17, y), name, fill=GREY, font=typeface(12), anchor="lm")
    return np.asarray(panel)

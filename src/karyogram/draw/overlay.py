"""The overlay: the metaphase as it is, each chromosome outlined in the colour of its class and named."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.colours import WHITE, class_colour
from karyogram.draw.text import typeface
from karyogram.records import Chromosome, Karyotype

SMALL = 1200


def draw_overlay(picture: np.ndarray, karyotype: Karyotype) -> np.ndarray:
    """Return the picture with outlines and class names, uint8 (H, W, 3) RGB.

    ``picture`` is uint8 (H, W), dark on white; if its longer side is under 1,200 pixels, the drawing is twice its size.
    The outline of a chromosome that a person should look at is dashed. Those without a class are grey, named ``?`` and
    their id. A name stands where it covers least of the chromosomes and of the other names.
    """
    zoom = 2 if max(picture.shape) < SMALL else 1
    grey = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC) if zoom > 1 else picture
    canvas = cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2RGB)
    unit = max(1.0, max(canvas.shape[:2]) / 1400)
    outlines = [_outline(chromosome, zoom) for chromosome in karyotype.chromosomes]
    taken = np.zeros(grey.shape, np.uint8)
    for chromosome, points in zip(karyotype.chromosomes, outlines, strict=True):
        cv2.fillPoly(taken, [np.rint(points).astype(np.int32)], (1,))
        lines = _dashes(points, 9 * unit) if chromosome.review else [np.vstack([points, points[:1]])]
        fixed = [np.rint(line * 16).astype(np.int32) for line in lines]
        cv2.polylines(canvas, fixed, False, class_colour(chromosome.label), round(1.6 * unit), cv2.LINE_AA, 4)

    page = Image.fromarray(canvas)
    pen = ImageDraw.Draw(page)
    font = typeface(round(19 * unit))
    for chromosome, points in zip(karyotype.chromosomes, outlines, strict=True):
        name = chromosome.label or f"?{chromosome.id}"
        size = np.array([font.getlength(name), 0.75 * font.size])
        middle = _free_spot(points, size + 2, 4 * unit, taken)
        colour, halo = class_colour(chromosome.label), round(2 * unit)
        pen.text(tuple(middle), name, colour, font, "mm", stroke_width=halo, stroke_fill=WHITE)
    return np.asarray(page)


def _outline(chromosome: Chromosome, zoom: int) -> np.ndarray:
    """Return the outline, float (n, 2) x, y in pixels of the drawing, about one point a pixel, steps smoothed."""
    points = (np.array(chromosome.polygon, np.float64) + 0.5) * zoom - 0.5
    closed = np.vstack([points, points[:1]])
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    stations = np.linspace(0, way[-1], max(8, round(way[-1])), endpoint=False)
    even = np.stack([np.interp(stations, way, closed[:, axis]) for axis in (0, 1)], 1)
    return np.mean([np.roll(even, step, axis=0) for step in range(-zoom, zoom + 1)], axis=0)


def _dashes(points: np.ndarray, length: float) -> list[np.ndarray]:
    """Cut a closed outline with one point a pixel into dashes of about ``length`` points, gaps between them."""
    count = 2 * max(2, round(len(points) / (1.6 * length)))
    return [piece for piece in np.array_split(points, count)[::2] if len(piece)]


def _free_spot(points: np.ndarray, size: np.ndarray, gap: float, taken: np.ndarray) -> np.ndarray:
    """Return the middle, x and y, of the free spot for a name of ``size`` (width, height) and mark it as taken.

    Sixteen directions are tried; in each the name touches the outline's furthest point but for ``gap``.
    """
    turns = np.arange(16) * (np.pi / 8)
    spots = []
    for way in np.stack([np.cos(turns), -np.sin(turns)], 1):
        edge = points[np.argmax(points @ way)]
        middle = edge + way * (gap + np.abs(way) @ size / 2)
        low = np.floor(middle - size / 2).astype(int)
        high = np.ceil(middle + size / 2).astype(int)
        inside = (low >= 0).all() and (high <= taken.shape[::-1]).all()
        window = taken[max(low[1], 0) : max(high[1], 0), max(low[0], 0) : max(high[0], 0)]
        spots.append((int(window.sum()) + (0 if inside else taken.size), middle, window))
    _, middle, window = min(spots, key=lambda spot: spot[0])
    window[:] = 1
    return np.clip(middle, size / 2, taken.shape[::-1] - size / 2)

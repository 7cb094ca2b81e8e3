"""The ideogram of a class: the chromosome as ISCN draws it, short arm up."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

import cv2
import numpy as np

from karyogram.bands import Band, bands, centromere
from karyogram.draw.colours import INK, WHITE

#: Red of the centromere's bands; grey of the darkest band; share of the breadth that a stalk has.
CENTROMERE, DARKEST, STALK = (196, 92, 92), 40, 0.45
#: Radius of the arms' ends as a share of the breadth; how much finer everything is drawn first.
ROUND, FINE = 0.36, 4


def draw_ideogram(label: str, height: int, width: int, level: int = 550) -> np.ndarray:
    """Return the ideogram of one class, uint8 (height, width, 3) RGB on white, from the short arm's end to the long arm's.

    Positions are those of ISCN at ``level`` bands; the darker a band stains, the darker its grey; the bands of the centromere
    are red, stalks narrow. Raises ValueError for an unknown class or level.
    """
    table = bands(label, level)
    h, w = height * FINE, width * FINE
    number = _bands_along(table, h)
    colours = np.array([_colour(band.stain, band.darkness) for band in table], np.uint8)[number]
    half = _half_widths(label, level, h, w)
    solid = (np.abs(np.arange(w) + 0.5 - w / 2) <= half[:, None]).astype(np.uint8)
    inner = cv2.erode(np.pad(solid, FINE), np.ones((2 * FINE + 1, 2 * FINE + 1), np.uint8))[FINE:-FINE, FINE:-FINE]
    picture = np.where(solid[..., None] > 0, np.array(INK, np.uint8), np.array(WHITE, np.uint8))
    picture = np.where(inner[..., None] > 0, colours[:, None], picture)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def ideogram_svg(label: str, height: float, level: int = 550, names: bool = False) -> str:
    """Return the ideogram of one class as the text of an SVG, ``height`` pixels high and a seventh as wide.

    Each band says its name when pointed at; with ``names`` those that fit are written beside it. Raises ValueError for an
    unknown class or level.
    """
    table = bands(label, level)
    width, total = height / 7, table[-1].iscn_stop
    rows = max(64, round(height))
    half, ys = _half_widths(label, level, rows, rows / 7) / rows * height, (np.arange(rows) + 0.5) / rows * height
    middle = width / 2 + 1
    sides = [*zip(middle - half, ys, strict=True), *zip(middle + half[::-1], ys[::-1], strict=True)]
    shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in sides)
    told = band_names(label, round(height), 10, level) if names else []
    size = {"width": f"{width + 2 + 46 * bool(told):.0f}", "height": f"{height:.0f}"}
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-label": f"Chromosome {label}", **size})
    SubElement(SubElement(root, "clipPath", id="shape"), "polygon", points=shape)
    drawn = SubElement(root, "g", {"clip-path": "url(#shape)"})
    for band in table:
        top, bottom = band.iscn_start / total * height, band.iscn_stop / total * height
        fill = "#{:02x}{:02x}{:02x}".format(*_colour(band.stain, band.darkness))
        place = {"x": "0", "width": f"{width + 2:.1f}", "y": f"{top:.2f}", "height": f"{bottom - top:.2f}"}
        SubElement(SubElement(drawn, "rect", place | {"fill": fill}), "title").text = f"{label}{band.arm}{band.name}"
    ink = "#{:02x}{:02x}{:02x}".format(*INK)
    SubElement(root, "polygon", {"points": shape, "fill": "none", "stroke": ink})
    for name, y in told:
        text = {"x": f"{width + 5:.1f}", "y": f"{y + 3}", "font-size": "9", "font-family": "sans-serif", "fill": ink}
        SubElement(root, "text", text).text = name
    return tostring(root, "unicode")


def _bands_along(table: Sequence[Band], points: int) -> np.ndarray:
    """Return which band each of ``points`` equally long pieces of the axis lies in, int (points,)."""
    ends = np.array([band.iscn_stop for band in table]) / table[-1].iscn_stop
    return np.searchsorted(ends, (np.arange(points) + 0.5) / points)


def _half_widths(label: str, level: int, h: int, w: float) -> np.ndarray:
    """Return half the width of an ideogram of ``h`` x ``w`` pixels in each row, float (h,): round ends, narrow stalks."""
    table = bands(label, level)
    waist, radius = centromere(label) * h, ROUND * w
    y = np.arange(h) + 0.5
    to_end = np.minimum(np.minimum(y, h - y), np.abs(y - waist))
    inward = radius - np.sqrt(np.maximum(radius**2 - np.maximum(radius - to_end, 0) ** 2, 0))
    breadth = np.array([STALK if band.stain == "stalk" else 1.0 for band in table])[_bands_along(table, h)]
    return np.asarray((w / 2 - inward) * breadth)


def band_names(label: str, height: int, line: int, level: int = 550) -> list[tuple[str, int]]:
    """Return (name, y) of the bands whose names fit beside an ideogram of ``height`` pixels, ``line`` pixels each.

    Names like ``"q21.3"`` stand at the middles of their bands; dark and long bands come first where there is no room for all.
    """
    table = bands(label, level)
    total = table[-1].iscn_stop
    chosen: dict[str, int] = {}
    for band in sorted(table, key=lambda b: b.darkness * (b.iscn_stop - b.iscn_start), reverse=True):
        y = round((band.iscn_start + band.iscn_stop) / 2 / total * height)
        if band.density and line / 2 <= y <= height - line / 2 and all(abs(y - other) >= line for other in chosen.values()):
            chosen[band.arm + band.name] = y
    return sorted(chosen.items(), key=lambda item: item[1])


def _colour(stain: str, darkness: float) -> tuple[int, ...]:
    grey = round(255 - darkness * (255 - DARKEST))
    return CENTROMERE if stain == "acen" else (grey, grey, grey)

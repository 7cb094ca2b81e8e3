"""The ideogram of a class: the chromosome as ISCN draws it, short arm up."""

import cv2
import numpy as np

from karyogram.bands import bands, centromere
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
    along = (np.arange(h) + 0.5) / h
    ends = np.array([band.iscn_stop for band in table]) / table[-1].iscn_stop
    number = np.searchsorted(ends, along)
    colours = np.array([_colour(band.stain, band.darkness) for band in table], np.uint8)[number]
    breadth = np.array([STALK if band.stain == "stalk" else 1.0 for band in table])[number]

    waist, radius = centromere(label) * h, ROUND * w
    y = along * h
    to_end = np.minimum(np.minimum(y, h - y), np.abs(y - waist))
    inward = radius - np.sqrt(np.maximum(radius**2 - np.maximum(radius - to_end, 0) ** 2, 0))
    half = (w / 2 - inward) * breadth
    solid = (np.abs(np.arange(w) + 0.5 - w / 2) <= half[:, None]).astype(np.uint8)
    inner = cv2.erode(np.pad(solid, FINE), np.ones((2 * FINE + 1, 2 * FINE + 1), np.uint8))[FINE:-FINE, FINE:-FINE]
    picture = np.where(solid[..., None] > 0, np.array(INK, np.uint8), np.array(WHITE, np.uint8))
    picture = np.where(inner[..., None] > 0, colours[:, None], picture)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


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

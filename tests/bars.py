"""Hand-made cells for the tests of drawing: bars with a dark upper end, at known angles, and their true records."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from karyogram.records import Chromosome, Karyotype

CELL = 130
WIDTH = 13


def upright_bar(length: int) -> np.ndarray:
    """Grey 150, the upper quarter 60, on white; the picture is CELL x CELL, the bar in its middle."""
    picture = np.full((CELL, CELL), 255, np.uint8)
    left, top, right, bottom = corners(length)
    picture[top : bottom + 1, left : right + 1] = 150
    picture[top : top + length // 4, left : right + 1] = 60
    return picture


def corners(length: int) -> tuple[int, int, int, int]:
    left, top = (CELL - WIDTH) // 2, (CELL - length) // 2
    return left, top, left + WIDTH - 1, top + length - 1


def lying_bar(length: int, angle: float, flipped: bool) -> tuple[np.ndarray, np.ndarray]:
    """The bar as it lies before it is turned by ``angle`` (and 180 if flipped): picture and outline (4, 2)."""
    middle = ((CELL - 1) / 2, (CELL - 1) / 2)
    upright = cv2.getRotationMatrix2D(middle, angle + 180 * flipped, 1.0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(upright_bar(length), upright, (CELL, CELL), flags=flags, borderValue=255)
    left, top, right, bottom = corners(length)
    outline = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)
    back = cv2.invertAffineTransform(upright)
    return picture, outline @ back[:, :2].T + back[:, 2]


@dataclass(frozen=True)
class Bar:
    label: str | None
    length: int = 60
    angle: float = 0.0
    flipped: bool = False
    centromere: float | None = None
    review: tuple[str, ...] = ()
    probability: float = 0.9


def draw_cell(bars: list[Bar], columns: int = 10, **fields) -> tuple[np.ndarray, Karyotype]:
    """A picture with the bars in a grid, and its karyotype."""
    picture = np.full((CELL * max(1, -(-len(bars) // columns)), CELL * columns), 255, np.uint8)
    chromosomes = []
    for number, bar in enumerate(bars):
        x, y = number % columns * CELL, number // columns * CELL
        picture[y : y + CELL, x : x + CELL], outline = lying_bar(bar.length, bar.angle, bar.flipped)
        outline += (x, y)
        (left, top), (right, bottom) = np.floor(outline.min(0)).astype(int), np.ceil(outline.max(0)).astype(int) + 1
        chromosomes.append(
            Chromosome(
                id=number + 1,
                label=bar.label,
                probability=bar.probability,
                probabilities=(1 / 24,) * 24,
                score=1.0,
                bbox=(int(left), int(top), int(right), int(bottom)),
                polygon=tuple((float(px), float(py)) for px, py in outline),
                angle=bar.angle,
                flipped=bar.flipped,
                length_px=float(bar.length),
                centromere=bar.centromere,
                review=bar.review,
            )
        )
    height, width = picture.shape
    karyotype = Karyotype(image="cell.png", width=width, height=height, chromosomes=tuple(chromosomes))
    return picture, replace(karyotype, **fields)


def find_bars(drawing: np.ndarray) -> list[tuple[int, int, int, int]]:
    """The boxes (x, y, w, h) of what is as tall as a bar, not text, in reading order; nothing parts the bars of a row."""
    stained = (drawing.min(axis=2) < 215).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(stained, connectivity=8)
    boxes = [tuple(int(v) for v in s[:4]) for s in stats[1:] if s[3] >= 40 and s[2] >= 12]
    found, row, foot = [], 0, 0
    for box in sorted(boxes, key=lambda b: b[1]):
        row += box[1] > foot
        foot = max(foot, box[1] + box[3])
        found.append((row, box))
    return [box for _, box in sorted(found, key=lambda item: (item[0], item[1][0]))]

"""Contact sheets for a person to judge chromosomes by: large cut-outs, and the ideogram of a class drawn as long."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from karyogram.draw.ideogram import band_names, draw_ideogram
from karyogram.draw.text import typeface
from karyogram.files import write_text
from karyogram.metrics.classification import wilson_interval
from karyogram.records import Instance
from karyogram.shape.pose import outline, upright_window
from karyogram.shape.straighten import straighten

#: A crop is enlarged this much before it is turned; distance between pictures; size of letters; breadth of an ideogram.
FINE, GAP, LETTERS, BREADTH = 4, 14, 15, 34


def cut_upright(flat: np.ndarray, item: Instance, angle: float, tall: int, wide: int) -> np.ndarray:
    """Return one chromosome turned by ``angle`` degrees counter-clockwise, and its straight strip, uint8 (h, w), on white.

    ``flat`` is the flattened dark-on-white picture, uint8 (H, W). The chromosome is enlarged until it is ``tall`` or ``wide``;
    the strip, whose upper end is the upper end of the chromosome as turned, is ``tall``. The stain is stretched between its
    2nd and 98th percentile.
    """
    rows, columns = item.window()
    pixels = cv2.resize(flat[rows, columns], None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    mask = cv2.resize(item.mask.astype(np.float32), None, fx=FINE, fy=FINE, interpolation=cv2.INTER_LINEAR) > 0.5
    points = outline(Instance(mask, 0, 0))
    extent = np.ptp(points @ upright_window(points, angle, 1.0, (tall, wide))[:, :2].T, axis=0) + 1
    factor = min(tall / extent[1], wide / extent[0])
    matrix = upright_window(points, angle, factor, (tall, wide))
    pale, dark = np.percentile(pixels[mask], (98, 2))
    stretched = np.clip((pixels - dark) / max(pale - dark, 1.0) * 225, 0, 225)
    drawn = np.where(mask, stretched, 255).astype(np.uint8)
    turned = cv2.warpAffine(drawn, matrix, (wide, tall), flags=cv2.INTER_AREA, borderValue=255)
    inside = cv2.warpAffine(mask.astype(np.float32), matrix, (wide, tall)) >= 0.5
    strip, _ = straighten(turned, inside)
    strip = cv2.resize(strip, (round(strip.shape[1] * tall / strip.shape[0]), tall), interpolation=cv2.INTER_CUBIC)
    return np.hstack([turned[:, inside.any(0)], np.full((tall, 4), 255, np.uint8), strip])


def ideograms(label: str, tall: int) -> np.ndarray:
    """Return the ideograms of one class at 400 and 550 bands, short arm up, with names of bands, uint8 (tall, W)."""
    sheet = Image.new("L", (2 * BREADTH + 3 * LETTERS + GAP, tall), 255)
    for left, level in ((0, 400), (BREADTH + GAP // 2, 550)):
        drawn = draw_ideogram(label, tall, BREADTH, level)
        sheet.paste(Image.fromarray(drawn.mean(2).astype(np.uint8)), (left, 0))
    pen = ImageDraw.Draw(sheet)
    for name, y in band_names(label, tall, LETTERS, 400):
        pen.text((2 * BREADTH + GAP, y), name, fill=0, font=typeface(LETTERS - 2), anchor="lm")
    return np.asarray(sheet)


def lay_out(rows: Sequence[Sequence[tuple[np.ndarray, str]]]) -> np.ndarray:
    """Return rows of pictures, uint8 (h, w), each with a line of text beneath, as one sheet, uint8 (H, W, 3)."""
    highs = [max(picture.shape[0] for picture, _ in row) + LETTERS + 2 * GAP for row in rows]
    steps = [[max(picture.shape[1], round(typeface(LETTERS).getlength(text))) + GAP for picture, text in row] for row in rows]
    sheet = Image.new("L", (max(map(sum, steps)) + GAP, sum(highs) + GAP), 255)
    pen = ImageDraw.Draw(sheet)
    top = GAP
    for row, high, step in zip(rows, highs, steps, strict=True):
        left = GAP
        for (picture, text), width in zip(row, step, strict=True):
            sheet.paste(Image.fromarray(picture), (left, top))
            pen.text((left, top + high - LETTERS - GAP), text, fill=0, font=typeface(LETTERS))
            left += width
        top += high
    return np.repeat(np.asarray(sheet)[..., None], 3, 2)


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table of verdicts."""
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table, its verdicts still empty."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([columns, *rows])
    write_text(path, buffer.getvalue())


def share(name: str, right: int, total: int) -> dict[str, object]:
    """Return how many verdicts there are and, by this name, the share that is right, with its 95 % interval."""
    low, high = wilson_interval(right, total)
    return {"of": total, name: round(right / total, 4), "interval": [round(low, 4), round(high, 4)]}

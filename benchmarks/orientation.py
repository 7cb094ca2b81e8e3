"""Which end is up, checked by eye: 300 isolated chromosomes of the part test of tseng2023, and how a model fares on them.

    python benchmarks/orientation.py sheets FOLDER     # contact sheets, and orientation.csv without verdicts
    python benchmarks/orientation.py score             # the model against benchmarks/orientation.csv

A sheet shows the chromosomes of one class as they fall on the canvas, not yet turned by any model, beside the class's ideogram,
short arm up. A verdict is ``up`` or ``down``, where the short arm lies on the sheet, or ``undecidable``. ``angle`` is how far,
counter-clockwise, the chromosome was turned to lie on the canvas, so that a verdict survives a canvas turned half round.
"""

import argparse
import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from karyogram.classify.predict import predict
from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.isolated import Found, find_isolated
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import Annotation, read_voc
from karyogram.draw.ideogram import draw_ideogram
from karyogram.draw.text import typeface
from karyogram.files import read_picture, write_picture, write_text
from karyogram.labels import LABELS
from karyogram.metrics.classification import wilson_interval
from karyogram.shape.pose import outline, upright_angle
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
TABLE = HERE / "orientation.csv"
COLUMNS = ("picture", "box", "label", "angle", "verdict")
NUMBER = 300
#: How much a canvas is enlarged on a sheet, how many chromosomes stand in a row, and the distance between them.
ENLARGE, ROW, GAP = 5, 7, 16


def read_found(name: str) -> tuple[Found | None, Annotation]:
    """Return the isolated chromosomes of a picture and its boxes."""
    truth = read_voc(DATA / "annotations" / f"{name}.xml")
    return find_isolated(read_picture(DATA / "images" / f"{name}.jpg").pixels, truth), truth


def angle_of(found: Found, box: int) -> float:
    """Return the angle, in degrees, that sets a chromosome upright on its canvas."""
    return upright_angle(outline(found.whole[box]))[0]


def choose() -> Iterator[tuple[str, int, str, float, np.ndarray]]:
    """Yield (picture, box, label, angle, canvas) until each class has its share; one a class and picture, cases in turn."""
    entries = [entry for entry in read_split(HERE / "splits" / "tseng2023.csv").values() if entry.part == "test"]
    order = np.random.default_rng(0).permutation(len(entries))
    share = {label: NUMBER // 24 + (k < NUMBER % 24) for k, label in enumerate(LABELS)}
    seen: set[str] = set()
    for entry in sorted((entries[k] for k in order), key=lambda e: e.case in seen or seen.add(e.case) or False):
        found, truth = read_found(entry.name)
        shown: set[str] = set()
        for box in sorted(found.whole) if found else []:
            label = truth.boxes[box].label
            if label and label not in shown and share[label]:
                share[label] -= 1
                shown.add(label)
                canvas = prepare(found.flat, found.whole[box], Preparation(), found.scale)
                yield entry.name, box, label, round(angle_of(found, box), 1), canvas
        if not any(share.values()):
            return


def draw_sheet(label: str, canvases: list[np.ndarray]) -> np.ndarray:
    """Return one class's chromosomes, numbered from 1, in rows that each begin with the ideogram, uint8 (H, W, 3)."""
    cut = []
    for canvas in canvases:
        rows, columns = (np.flatnonzero(canvas.any(axis)) for axis in (1, 0))
        part = 255 - canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        cut.append(cv2.resize(part, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC))
    high, wide = (max(part.shape[axis] for part in cut) for axis in (0, 1))
    step = max(wide, 60) + GAP
    sheet = Image.new("L", ((ROW + 1) * step + GAP, -(-len(cut) // ROW) * (high + 3 * GAP) + GAP), 255)
    pen = ImageDraw.Draw(sheet)
    for number, part in enumerate(cut):
        top, left = GAP + number // ROW * (high + 3 * GAP), GAP + (number % ROW + 1) * step
        if number % ROW == 0:
            tall = int(np.median([p.shape[0] for p in cut]))
            sheet.paste(Image.fromarray(draw_ideogram(label, tall, 40).mean(2).astype(np.uint8)), (GAP, top))
            pen.text((GAP, top + high + 4), label, fill=0, font=typeface(22))
        sheet.paste(Image.fromarray(part), (left, top))
        pen.text((left, top + high + 4), str(number + 1), fill=0, font=typeface(22))
    return np.repeat(np.asarray(sheet)[..., None], 3, 2)


def make_sheets(folder: Path) -> None:
    """Write a sheet a class, and the table without verdicts, in the order of classes."""
    chosen = sorted(choose(), key=lambda row: LABELS.index(row[2]))
    for label in LABELS:
        write_picture(folder / f"{label}.png", draw_sheet(label, [row[4] for row in chosen if row[2] == label]))
    write_table(folder / TABLE.name, [(*row[:4], "") for row in chosen])


def write_table(path: Path, rows: list[tuple[object, ...]]) -> None:
    """Write the table."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([COLUMNS, *rows])
    write_text(path, buffer.getvalue())


def score(name: str) -> dict[str, object]:
    """Return how often the model agrees with the verdicts, over all and for what it is sure of."""
    rows = list(csv.DictReader(TABLE.read_text("utf-8").splitlines()))
    model = load_model(name)
    wrong: list[str] = []
    decided = [row for row in rows if row["verdict"] != "undecidable"]
    for picture in sorted({row["picture"] for row in decided}):
        found, _ = read_found(picture)
        assert found is not None
        mine = [row for row in decided if row["picture"] == picture and int(row["box"]) in found.whole]
        up = predict(model, found.flat, [found.whole[int(row["box"])] for row in mine], found.scale).up > 0.5
        for row, stands in zip(mine, up, strict=True):
            turned = abs(angle_of(found, int(row["box"])) - float(row["angle"])) > 90
            if bool(stands) != ((row["verdict"] == "up") != turned):
                wrong.append(f"{row['label']}: {picture} box {row['box']}")
    total = len(decided)
    low, high = wilson_interval(total - len(wrong), total)
    return {
        "model": name,
        "verdicts": dict(Counter(row["verdict"] for row in rows)),
        "agreement": round(1 - len(wrong) / total, 4),
        "interval": [round(low, 4), round(high, 4)],
        "wrong": wrong,
    }


def main() -> None:
    """Make sheets, or score and write benchmarks/results/orientation.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("sheets").add_argument("folder", type=Path)
    verbs.add_parser("score").add_argument("--model", default="gband")
    args = parser.parse_args()
    if args.verb == "sheets":
        make_sheets(args.folder)
        return
    found = score(args.model)
    print(json.dumps(found, indent=1))
    write_text(HERE / "results" / "orientation.json", json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

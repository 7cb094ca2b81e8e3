"""Whose error is it? Every isolated held-out chromosome of tseng2023 whose label and model disagree, judged by eye.

    python benchmarks/label_errors.py sheets FOLDER     # contact sheets, and label_errors.csv without verdicts
    python benchmarks/label_errors.py score             # accuracy with the labels as they are, and without judged label errors

A line of a sheet shows the chromosome in its photograph, then cut out and straightened, short arm up as the model has it; then
the two classes as A and B, in an order dealt by chance, so that the reader does not know whose class is whose: ideograms, how
many other boxes of the cell bear that label, and those of them that are isolated, to scale.
Verdicts in benchmarks/label_errors.csv: ``label error`` (it is not the given class), ``model error`` (it is), ``cannot tell``,
``not one whole chromosome`` (a piece, several, or cut out wrongly), ``rearranged`` (joined to a part of another class). Writes
benchmarks/results/label_errors.json.
"""

import argparse
import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from sheets import cut_upright, ideograms, lay_out, read_table, share, write_table

from karyogram.classify.predict import predict
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.files import read_picture, write_picture, write_text
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.segment.levels import LEVELS
from karyogram.shape.axis import medial_axis
from karyogram.shape.pose import outline, upright_angle
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
TABLE = HERE / "label_errors.csv"
COLUMNS = ("picture", "box", "given", "predicted", "probability", "verdict", "note")
VERDICTS = ("label error", "model error", "cannot tell", "not one whole chromosome", "rearranged")
OTSU = (LEVELS.index(0.0),)
#: Height of a straightened chromosome on a sheet, at most how tall and wide another is, others of a class, lines a sheet.
TALL, MOST, WIDE, OTHERS, LINES = 250, 340, 130, 3, 3
#: Pixels of the photograph shown around a chromosome, and how much they are enlarged.
AROUND, ENLARGE = 14, 2


@dataclass(frozen=True)
class Disagreement:
    """One chromosome whose given and predicted class differ, and its line of a sheet (pictures, texts)."""

    picture: str
    box: int
    given: str
    predicted: str
    probability: float
    line: list[tuple[np.ndarray, str]]


def disagreements(name: str, model: str) -> list[Disagreement]:
    """Return what a plain Otsu threshold isolates in one picture and the model names otherwise."""
    truth = read_voc(DATA / "annotations" / f"{name}.xml")
    pixels = read_picture(DATA / "images" / f"{name}.jpg").pixels
    found = find_isolated(pixels, truth, OTSU)
    boxes = [box for box in found.whole if truth.boxes[box].label] if found else []
    if not boxes:
        return []
    opened = load_model(model, threads=1)
    said = predict(opened, found.flat, [found.whole[box] for box in boxes], found.scale)
    wrong = [(k, box) for k, box in enumerate(boxes) if LABELS[said.probabilities[k].argmax()] != truth.boxes[box].label]
    if not wrong:
        return []
    everything = find_isolated(pixels, truth).whole
    labels = {box: truth.boxes[box].label for box in everything}
    ups = dict(zip(everything, predict(opened, found.flat, list(everything.values()), found.scale).up, strict=True))

    def show(item: Instance, up: float, tall: int) -> np.ndarray:
        angle = upright_angle(outline(item))[0] + (0 if up > 0.5 else 180)
        return cut_upright(found.flat, item, angle, tall, WIDE)

    result = []
    for k, box in wrong:
        item, given = found.whole[box], str(truth.boxes[box].label)
        predicted = LABELS[said.probabilities[k].argmax()]
        length = len(medial_axis(item.mask))
        line = [(photograph(pixels, item), f"{name} box {box}"), (show(item, said.up[k], TALL), "in question")]
        for letter, label in zip("AB", deal(name, box, given, predicted), strict=True):
            count = sum(other.label == label for number, other in enumerate(truth.boxes) if number != box)
            line.append((ideograms(label, TALL), f"{letter}: {label}, {count} others"))
            others = [other for other in everything if labels[other] == label and other != box][:OTHERS]
            for other in others:
                tall = min(round(TALL * len(medial_axis(everything[other].mask)) / length), MOST)
                line.append((show(everything[other], ups[other], tall), f"box {other}"))
        probability = round(float(said.probabilities[k].max()), 3)
        result.append(Disagreement(name, box, given, predicted, probability, line))
    return result


def deal(name: str, box: int, given: str, predicted: str) -> tuple[str, str]:
    """Return the two classes in the order, dealt by chance, in which a sheet shows them as A and B."""
    first = np.random.default_rng([*name.encode(), box]).integers(2)
    return (given, predicted) if first else (predicted, given)


def photograph(pixels: np.ndarray, item: Instance) -> np.ndarray:
    """Return the chromosome in its photograph, with what lies around it, uint8 (h, w)."""
    left, top, right, bottom = item.bbox
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    part = grey[max(top - AROUND, 0) : bottom + AROUND, max(left - AROUND, 0) : right + AROUND]
    return cv2.resize(part, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC)


def make_sheets(folder: Path, model: str, jobs: int) -> None:
    """Write the sheets, and the table without verdicts, in the order of pictures."""
    names = sorted(e.name for e in read_split(HERE / "splits" / "tseng2023.csv").values() if e.part == "test")
    found = [d for rows in Parallel(n_jobs=jobs)(delayed(disagreements)(name, model) for name in names) for d in rows]
    for start in range(0, len(found), LINES):
        write_picture(folder / f"{start + 1:03}.png", lay_out([d.line for d in found[start : start + LINES]]))
    rows = [(d.picture, d.box, d.given, d.predicted, d.probability, "", "") for d in found]
    write_table(folder / TABLE.name, COLUMNS, rows)


def score() -> dict[str, object]:
    """Return the verdicts' counts, and the accuracy with and without what was judged."""
    rows = read_table(TABLE)
    total = json.loads((HERE / "results" / "gband-tseng2023-otsu.json").read_text("utf-8"))["chromosomes"]
    counts = Counter(row["verdict"] for row in rows)
    right = total - len(rows)
    named, other = counts["label error"], counts["not one whole chromosome"] + counts["rearranged"]
    return {
        "chromosomes": total,
        "disagreements": len(rows),
        "verdicts": {verdict: counts[verdict] for verdict in VERDICTS},
        "as labelled": share("accuracy", right, total),
        "without label errors": share("accuracy", right, total - named),
        "without label errors, rearranged ones and what is not one whole chromosome": share(
            "accuracy", right, total - named - other
        ),
    }


def main() -> None:
    """Make sheets, or score and write benchmarks/results/label_errors.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    sheets = verbs.add_parser("sheets")
    sheets.add_argument("folder", type=Path)
    sheets.add_argument("--model", default="gband")
    sheets.add_argument("--jobs", type=int, default=1)
    verbs.add_parser("score")
    args = parser.parse_args()
    if args.verb == "sheets":
        make_sheets(args.folder, args.model, args.jobs)
    else:
        found = score()
        print(json.dumps(found, indent=1))
        write_text(HERE / "results" / "label_errors.json", json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Isolated held-out chromosomes of tseng2023 named beside the rest of their cell, every one of which the program cuts out.

    karyogram analyze ../shared/data/tseng2023/images -o out --jobs 2
    python benchmarks/in_cells.py out --json benchmarks/results/in_cells.json

Isolated is what benchmarks/isolated.py scores one picture at a time: chromosomes that a plain Otsu threshold parts, and those
that any level parts. Here each has the class of the object that fills its box (IoU 0.5, the annotators' margin added) in
OUT/NAME/karyotype.json, which is decided by all chromosomes of the cell. One that no object fills is counted as wrong. The
verdicts of benchmarks/label_errors.csv tell whose error a disagreement is.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sheets import read_table

from karyogram.datasets.boxed import as_pair
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.results import read_karyotype
from karyogram.datasets.splits import read_split
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import read_voc
from karyogram.files import read_picture, write_text
from karyogram.labels import INDEX, LABELS
from karyogram.metrics.classification import wilson_interval
from karyogram.metrics.detection import assign_pairs, iou_matrix
from karyogram.segment.levels import LEVELS

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
WAYS = {"otsu": (LEVELS.index(0.0),), "all levels": tuple(range(len(LEVELS)))}
#: Verdicts that take a chromosome out of the second count: its label is wrong, or it is not one whole chromosome of any class.
OUT = ("label error", "rearranged", "not one whole chromosome")
Row = tuple[str, str, int, int, int]


def read_rows(name: str, results: Path) -> list[Row]:
    """Return (way, picture, box, true class, class told or -1) of each isolated chromosome of one picture."""
    truth, picture = read_voc(DATA / "annotations" / f"{name}.xml"), read_picture(DATA / "images" / f"{name}.jpg").pixels
    pair = as_pair(truth, read_karyotype(results / name / "karyotype.json"), MARGIN).taken()
    taken = assign_pairs(iou_matrix(pair.boxes, pair.predicted_boxes))
    told = np.where(taken >= 0, pair.predicted_labels[taken], -1)
    return [
        (way, name, box, INDEX[label], int(told[box]))
        for way, numbers in WAYS.items()
        if (found := find_isolated(picture, truth, numbers))
        for box in found.whole
        if (label := truth.boxes[box].label)
    ]


def score(rows: list[Row], verdicts: dict[tuple[str, int], str]) -> dict[str, object]:
    """Return how many are right: with the labels as they are, and without those whose label or cut-out was judged wrong."""
    wrong = [(name, box, true, told) for _, name, box, true, told in rows if true != told]
    kept = {(name, box) for _, name, box, *_ in rows if verdicts.get((name, box)) not in OUT}
    still = sum((name, box) in kept for name, box, *_ in wrong)
    return {
        "chromosomes": len(rows),
        "not found": sum(told < 0 for *_, told in wrong),
        **_share("right", len(rows) - len(wrong), len(rows)),
        "judged out": len(rows) - len(kept),
        **_share("right without", len(kept) - still, len(kept)),
        "wrong": [
            f"{name} box {box}: {LABELS[true]}, told {LABELS[told] if told >= 0 else 'nothing'}"
            + (f" ({verdicts[name, box]})" if (name, box) in verdicts else "")
            for name, box, true, told in wrong
        ],
    }


def _share(what: str, hits: int, total: int) -> dict[str, object]:
    return {what: round(hits / total, 5), f"{what}, interval": [round(bound, 5) for bound in wilson_interval(hits, total)]}


def main() -> None:
    """Parse, score, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder that karyogram analyze wrote")
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    split = read_split(HERE / "splits" / "tseng2023.csv")
    names = sorted(name for name, entry in split.items() if entry.part == args.part)
    pictures = Parallel(n_jobs=args.jobs)(delayed(read_rows)(name, args.results) for name in names)
    rows = [row for picture in pictures for row in picture]
    verdicts = {(row["picture"], int(row["box"])): row["verdict"] for row in read_table(HERE / "label_errors.csv")}
    text = json.dumps({way: score([row for row in rows if row[0] == way], verdicts) for way in WAYS}, indent=1) + "\n"
    print(text, end="")
    if args.json:
        write_text(args.json, text)


if __name__ == "__main__":
    main()

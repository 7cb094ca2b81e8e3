"""How often a shipped model is right on chromosomes of cases it never saw, one picture at a time.

    python benchmarks/isolated.py --set tseng2023 --levels otsu     # what a plain Otsu threshold isolates
    python benchmarks/isolated.py --set tseng2023 --levels all      # and what only stricter or more lenient thresholds part
    python benchmarks/isolated.py --set cirnet --model gband-cirnet

The pictures lie in KARYOGRAM_DATA (default ../shared/data), the splits in benchmarks/splits; only the part "test" is read.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from karyogram.classify.predict import predict
from karyogram.classify.prepare import Preparation
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.files import read_picture
from karyogram.labels import INDEX, LABELS, parse_label
from karyogram.metrics.classification import accuracy, expected_calibration_error, macro_f1, wilson_interval
from karyogram.segment.levels import LEVELS
from karyogram.segment.single import find_single
from karyogram.shape.pose import outline, upright_angle
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))


def metaphase_rows(name: str, model: str, numbers: tuple[int, ...]) -> list[tuple[int, np.ndarray, float, float]]:
    """Return (label, probabilities, P(up), nan) of each isolated chromosome of one picture."""
    folder = DATA / "tseng2023"
    truth = read_voc(folder / "annotations" / f"{name}.xml")
    found = find_isolated(read_picture(folder / "images" / f"{name}.jpg").pixels, truth, numbers)
    boxes = [] if found is None else [b for b in found.whole if truth.boxes[b].label]
    if not boxes:
        return []
    opinion = predict(load_model(model, threads=1), found.flat, [found.whole[b] for b in boxes], found.scale)
    labels = [INDEX[truth.boxes[b].label] for b in boxes]
    return [(label, p, float(up), np.nan) for label, p, up in zip(labels, opinion.probabilities, opinion.up, strict=True)]


def crop_rows(path: Path, model: str) -> list[tuple[int, np.ndarray, float, float]]:
    """Return (label, probabilities, P(up), truth of up) of one single-chromosome picture, which stands upright."""
    flat, item = find_single(read_picture(path).pixels)
    opened = load_model(model, threads=1)
    # The crops are smaller than the reference; gband-cirnet knows, any other model is told.
    scale = 1.0 if opened.metadata["preparation"].scale != Preparation().scale else 1.25
    opinion = predict(opened, flat, [item], scale)
    angle, _ = upright_angle(outline(item))
    truth = 1.0 if abs(angle) < 45 else np.nan
    return [(INDEX[parse_label(path.parent.name)], opinion.probabilities[0], float(opinion.up[0]), truth)]


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("tseng2023", "cirnet"), default="tseng2023")
    parser.add_argument("--levels", choices=("otsu", "all"), default="otsu")
    parser.add_argument("--model", default="gband")
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    split = read_split(HERE / "splits" / f"{args.set}.csv")
    names = sorted(name for name, entry in split.items() if entry.part == args.part)
    if args.set == "tseng2023":
        numbers = (LEVELS.index(0.0),) if args.levels == "otsu" else tuple(range(len(LEVELS)))
        tasks = (delayed(metaphase_rows)(name, args.model, numbers) for name in names)
    else:
        paths = {path.stem: path for path in (DATA / "cirnet").rglob("*.tiff")}
        tasks = (delayed(crop_rows)(paths[name], args.model) for name in names)
    rows = [row for rows in Parallel(n_jobs=args.jobs)(tasks) for row in rows]
    report(args, rows, len({split[name].case for name in names}))


def report(args: argparse.Namespace, rows: list[tuple[int, np.ndarray, float, float]], cases: int) -> None:
    """Print the scores, and write them as JSON if asked."""
    truth = np.array([row[0] for row in rows])
    probabilities = np.stack([row[1] for row in rows])
    best = probabilities.argmax(1)
    right = best == truth
    up = np.array([row[2] > 0.5 for row in rows if row[3] == 1.0])
    scores = {
        "set": args.set,
        "levels": args.levels if args.set == "tseng2023" else None,
        "model": args.model,
        "part": args.part,
        "cases": cases,
        "chromosomes": len(truth),
        "accuracy": round(accuracy(truth, best), 4),
        "interval": [round(v, 4) for v in wilson_interval(int(right.sum()), len(right))],
        "macro_f1": round(macro_f1(truth, best), 4),
        "ece": round(expected_calibration_error(right, probabilities.max(1)), 4),
        "up": round(float(up.mean()), 4) if len(up) else None,
        "by_class": {label: round(float(right[truth == i].mean()), 4) for i, label in enumerate(LABELS) if (truth == i).any()},
    }
    print(json.dumps(scores, indent=1))
    if args.json:
        args.json.write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()

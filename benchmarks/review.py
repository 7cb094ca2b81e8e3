"""Are stated probabilities true, and do the flags "needs review" catch the errors? Alone and with the whole cell.

    python benchmarks/review.py --part val      # finds the threshold that catches 9 of 10 errors
    python benchmarks/review.py --part test     # what the shipped thresholds catch: read once

Chromosomes are those that thresholds isolate in the metaphases of tseng2023, each a cut-out as `karyogram classify` gets it. A
chromosome counts as flagged if `review` holds any reason. Writes benchmarks/results/review-PART.json and review-PART.png.
"""

import argparse
import json
import os
from pathlib import Path

import matplotlib
import numpy as np
from joblib import Parallel, delayed

from karyogram.classify.predict import predict
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.files import read_picture, write_text
from karyogram.labels import INDEX
from karyogram.metrics.classification import (
    accuracy,
    caught_errors,
    expected_calibration_error,
    review_threshold,
    wilson_interval,
)
from karyogram.singles import Opinion, decide_alone, decide_cell
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
WAYS = {"alone": decide_alone, "with the cell": decide_cell}
Row = tuple[int, int, float, bool]


def read_rows(name: str, model: str) -> dict[str, list[Row]]:
    """Return, for both ways, (true class, class, its probability, flagged) of each isolated chromosome of one picture."""
    truth = read_voc(DATA / "annotations" / f"{name}.xml")
    found = find_isolated(read_picture(DATA / "images" / f"{name}.jpg").pixels, truth)
    boxes = [box for box in found.whole if truth.boxes[box].label] if found else []
    if not boxes:
        return {way: [] for way in WAYS}
    said = predict(load_model(model, threads=1), found.flat, [found.whole[box] for box in boxes], found.scale)
    labels = [INDEX[truth.boxes[box].label] for box in boxes]
    return {way: [_row(*pair) for pair in zip(labels, decided(said), strict=True)] for way, decided in WAYS.items()}


def _row(label: int, opinion: Opinion) -> Row:
    return label, opinion.label, float(opinion.probabilities[opinion.label]), bool(opinion.review)


def score(rows: list[Row]) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """Return the scores of one way, then whether each chromosome is right, bool (N,), and how sure it is, (N,)."""
    label, found, sure, flagged = (np.array(column) for column in zip(*rows, strict=True))
    right = label == found
    caught, share = caught_errors(right, 1.0 - flagged, 0.5)
    scores = {
        "chromosomes": len(rows),
        "errors": int((~right).sum()),
        "accuracy": round(accuracy(label, found), 5),
        "interval": [round(bound, 5) for bound in wilson_interval(int(right.sum()), len(right))],
        "ece": round(expected_calibration_error(right, sure), 4),
        "errors_flagged": round(caught, 4),
        "chromosomes_flagged": round(share, 4),
        "threshold_for_90": round(review_threshold(right, sure), 5),
    }
    return scores, right, sure


def draw_reliability(path: Path, ways: dict[str, tuple[np.ndarray, np.ndarray]], bins: int = 15) -> None:
    """Draw the share that is right over the probability that was stated, as losses on logarithmic axes: most lie near one."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 4.4), layout="constrained")
    axes.plot([1e-4, 1], [1e-4, 1], color="0.7", linewidth=1)
    for way, (right, sure) in ways.items():
        order = np.array_split(np.argsort(sure), bins)
        stated = np.array([1 - sure[part].mean() for part in order])
        wrong = np.array([1 - right[part].mean() for part in order])
        bounds = [wilson_interval(int((~right[part]).sum()), len(part)) for part in order]
        bars = np.abs(np.array(bounds).T - wrong)
        axes.errorbar(np.maximum(stated, 1e-4), np.maximum(wrong, 1e-4), bars, marker="o", linewidth=1, markersize=4, label=way)
    axes.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-4, 1))
    axes.set(xlabel="stated probability of being wrong", ylabel="share that is wrong, with 95 % intervals")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Parse, score, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gband")
    parser.add_argument("--part", choices=("val", "test"), default="val")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    split = read_split(HERE / "splits" / "tseng2023.csv")
    names = sorted(name for name, entry in split.items() if entry.part == args.part)
    rows = Parallel(n_jobs=args.jobs)(delayed(read_rows)(name, args.model) for name in names)
    scored = {way: score([row for picture in rows for row in picture[way]]) for way in WAYS}
    found = {"model": args.model, "part": args.part, **{way: scores for way, (scores, _, _) in scored.items()}}
    print(json.dumps(found, indent=1))
    write_text(HERE / "results" / f"review-{args.part}.json", json.dumps(found, indent=1) + "\n")
    draw_reliability(
        HERE / "results" / f"review-{args.part}.png", {way: (right, sure) for way, (_, right, sure) in scored.items()}
    )


if __name__ == "__main__":
    main()

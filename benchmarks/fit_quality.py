"""Fit how sure a candidate is one chromosome (``QUALITY`` in karyogram.segment.detect) on validation pictures.

    python benchmarks/fit_quality.py --segmenter gband-segment --model gband

A candidate is right if its box, grown by the annotators' margin, and that of a chromosome have an IoU of at least 0.6. Prints
the weights of a logistic regression and how often it is right. The pictures lie in KARYOGRAM_DATA (default ../shared/data).
"""

import argparse
import os
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize

from karyogram.classify.predict import predict
from karyogram.datasets.detected import match_boxes
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.image.background import flatten
from karyogram.pipeline import open_metaphase
from karyogram.segment.detect import detect, weigh
from karyogram.segment.levels import threshold_levels
from karyogram.shape.size import cell_scale, mean_area
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
RIGHT = 0.6


def cues_of(name: str, segmenter: str, classifier: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the cues (7, N) of one picture's candidates, and bool (N,) whether each is right."""
    network, judge = load_model(segmenter, "segmenter", 1), load_model(classifier, "classifier", 1)
    flat = flatten(open_metaphase(DATA / "images" / f"{name}.jpg").pixels)
    levels = threshold_levels(flat)
    scale = cell_scale(levels.area)
    found, _ = detect(flat, network, levels, scale)
    _, best = match_boxes(found, read_voc(DATA / "annotations" / f"{name}.xml"))
    seen = predict(judge, flat, found.instances, scale, views=1)
    return weigh(found, seen.probabilities, seen.whole, mean_area(scale)), best >= RIGHT


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segmenter", default="gband-segment")
    parser.add_argument("--model", default="gband")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th validation picture")
    options = parser.parse_args()
    split = read_split(HERE / "splits" / "tseng2023.csv")
    names = sorted(name for name, entry in split.items() if entry.part == "val")[:: options.every]
    rows = Parallel(n_jobs=2)(delayed(cues_of)(name, options.segmenter, options.model) for name in names)
    cues, sign = np.concatenate([row[0] for row in rows], axis=1), 2 * np.concatenate([row[1] for row in rows]) - 1

    def loss(weights: np.ndarray) -> float:
        return float(np.logaddexp(0, -sign * (weights @ cues)).mean())

    weights = minimize(loss, np.zeros(len(cues))).x
    print(f"QUALITY = ({', '.join(f'{weight:.2f}' for weight in weights)})")
    print(f"{len(sign)} candidates of {len(names)} pictures, told apart rightly: {(sign * (weights @ cues) > 0).mean():.4f}")


if __name__ == "__main__":
    main()

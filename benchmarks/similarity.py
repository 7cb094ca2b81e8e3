"""How far plain image similarity goes: straightened strips against class templates, on cases the templates never saw.

    python benchmarks/similarity.py                        # both sets; writes benchmarks/results/similarity.json
    python benchmarks/similarity.py --part val --out -     # what SHARPNESS was chosen on

Templates come from the other parts of the split: train and val for the part test, train for the part val. All of cirnet is
read, of tseng2023 a sample of pictures, their isolated chromosomes. The pictures lie in KARYOGRAM_DATA (default
../shared/data), the splits in benchmarks/splits.
"""

import argparse
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.classify.similarity import (
    Templates,
    fit_lengths,
    fit_templates,
    keep_all,
    make_strip,
    predict_length,
    predict_similarity,
)
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import cirnet_cell, read_split
from karyogram.datasets.voc import read_voc
from karyogram.files import read_picture, write_text
from karyogram.labels import INDEX, parse_label
from karyogram.metrics.classification import accuracy, expected_calibration_error, macro_f1, wilson_interval
from karyogram.segment.single import find_single

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
FOUNDATIONS = {"val": ("train",), "test": ("train", "val")}


@dataclass(frozen=True, eq=False)
class Strips:
    """``strips`` (N, h, w), ``lengths`` (N,) relative to the cell, ``labels`` (N,), and how many ``cases`` they are from."""

    strips: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    cases: int


def read_crops(parts: tuple[str, ...], _: int) -> Strips:
    """Read the cirnet pictures of some parts; lengths are divided by the mean of their cell, which is complete."""
    split = read_split(HERE / "splits" / "cirnet.csv")
    paths = sorted(p for p in (DATA / "cirnet").rglob("*.tiff") if p.stem in split and split[p.stem].part in parts)
    rows = [(*make_strip(*find_single(read_picture(p).pixels)), INDEX[str(parse_label(p.parent.name))]) for p in paths]
    strips, lengths, labels = (np.array(column) for column in zip(*rows, strict=True))
    cells = np.unique([cirnet_cell(p.stem) for p in paths], return_inverse=True)[1]
    means = np.bincount(cells, lengths) / np.bincount(cells)
    return Strips(strips, lengths / means[cells], labels, len({split[p.stem].case for p in paths}))


def read_isolated(parts: tuple[str, ...], number: int) -> Strips:
    """Read the isolated chromosomes of ``number`` tseng2023 pictures; the stained area of the cell is the ruler of lengths."""
    folder, split = DATA / "tseng2023", read_split(HERE / "splits" / "tseng2023.csv")
    names = random.Random(0).sample(sorted(name for name, entry in split.items() if entry.part in parts), number)
    rows = []
    for name in names:
        truth = read_voc(folder / "annotations" / f"{name}.xml")
        found = find_isolated(read_picture(folder / "images" / f"{name}.jpg").pixels, truth)
        for box, item in found.whole.items() if found else ():
            if (label := truth.boxes[box].label) is not None:
                strip, length = make_strip(found.flat, item)
                rows.append((strip, length * found.scale, INDEX[label]))
    strips, lengths, labels = (np.array(column) for column in zip(*rows, strict=True))
    return Strips(strips, lengths, labels, len({split[name].case for name in names}))


def opinions(known: Strips, asked: Strips) -> dict[str, np.ndarray]:
    """Return the class probabilities (N, 24) that each variant of the baseline gives."""
    length = predict_length(fit_lengths(known.lengths, known.labels), asked.lengths)
    kinds: dict[str, Templates] = {
        "class template": fit_templates(known.strips, known.labels),
        "nearest neighbour": keep_all(known.strips, known.labels),
    }
    found = {"length alone": length}
    for name, templates in kinds.items():
        found[name] = predict_similarity(templates, asked.strips)
        both = found[name] * length
        found[f"{name} and length"] = both / both.sum(1, keepdims=True)
    return found


def score(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Return the scores of one variant."""
    best = probabilities.argmax(1)
    right = best == labels
    return {
        "accuracy": round(accuracy(labels, best), 4),
        "interval": [round(v, 4) for v in wilson_interval(int(right.sum()), len(right))],
        "macro_f1": round(macro_f1(labels, best), 4),
        "ece": round(expected_calibration_error(right, probabilities.max(1)), 4),
    }


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=tuple(FOUNDATIONS), default="test")
    parser.add_argument("--known", type=int, default=60, help="tseng2023 pictures that give templates.")
    parser.add_argument("--asked", type=int, default=40, help="tseng2023 pictures that are scored.")
    parser.add_argument("--out", default=str(HERE / "results" / "similarity.json"), help="JSON file, or - for none.")
    args = parser.parse_args()
    report: dict[str, object] = {"part": args.part}
    for name, read in (("cirnet", read_crops), ("tseng2023", read_isolated)):
        known, asked = read(FOUNDATIONS[args.part], args.known), read((args.part,), args.asked)
        report[name] = {
            "templates_from": {"cases": known.cases, "chromosomes": len(known.labels)},
            "scored": {"cases": asked.cases, "chromosomes": len(asked.labels)},
            "variants": {variant: score(p, asked.labels) for variant, p in opinions(known, asked).items()},
        }
    text = json.dumps(report, indent=1) + "\n"
    print(text, end="")
    if args.out != "-":
        write_text(args.out, text)


if __name__ == "__main__":
    main()

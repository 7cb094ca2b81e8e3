"""What is usual in normal cells, and how well flags of unusual structure find the abnormal ones.

    python benchmarks/structure.py fit RESULTS     # normal cells of the parts train and val: writes data/structure.json
    python benchmarks/structure.py score RESULTS   # cells of the part test against structural_abnormalities.csv

RESULTS is a folder of `karyogram analyze`, or several. Pictures and boxes lie in KARYOGRAM_DATA (default ../shared/data).
"""

import argparse
import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from karyogram.datasets.results import read_karyotype
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.files import write_text
from karyogram.karyotype.review import is_clear
from karyogram.karyotype.structure import KINDS, WINDOW, Usual, compare, flag_differences, usual
from karyogram.labels import LABELS, parse_label
from karyogram.metrics.classification import wilson_interval
from karyogram.pipeline import open_metaphase
from karyogram.records import Chromosome, Karyotype
from karyogram.shape.measure import POINTS, Measures, measure
from karyogram.shape.warp import align

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
TABLE = HERE.parent / "src" / "karyogram" / "data" / "structure.json"
#: The share of normal cells that may be flagged for each kind of difference, in cells that the table was not fitted on.
FLAGGED = 0.02
#: Parts into which cases are dealt to find out how high scores are in cells that the table was not fitted on.
FOLDS = 5
#: How often the mean profile of a class is aligned to and averaged again.
ROUNDS = 3

Cell = tuple[list[str | None], list[Measures], list[bool]]


def measures_of(picture: np.ndarray, chromosome: Chromosome) -> Measures:
    """Return what describing a cell measured, from the outline in the record."""
    points = np.rint(np.array(chromosome.polygon)).astype(np.int32)
    left, top = points.min(0)
    mask = np.zeros(tuple(points.max(0)[::-1] - (top, left) + 1), np.uint8)
    cv2.fillPoly(mask, [points - (left, top)], (1,))
    own = picture[top : top + mask.shape[0], left : left + mask.shape[1]]
    return measure(own, mask[: own.shape[0], : own.shape[1]].astype(bool), chromosome.angle, chromosome.flipped)


def read_cell(karyotype: Karyotype) -> Cell:
    """Return classes, measures and clearness of the chromosomes of one result."""
    picture, found = open_metaphase(karyotype.image).pixels, karyotype.chromosomes
    return (
        [c.label for c in found],
        [measures_of(picture, c) for c in found],
        [is_clear(c.probability, c.score, c.overlaps) for c in found],
    )


def is_normal(name: str, karyotype: Karyotype) -> bool:
    """Tell whether truth is normal in number and the result agrees with it."""
    boxes = [box.label for box in read_voc(DATA / "annotations" / f"{name}.xml").boxes]
    counts = {label: boxes.count(label) for label in LABELS}
    plain = all(counts[label] == 2 for label in LABELS[:22]) and (counts["X"], counts["Y"]) in ((2, 0), (1, 1))
    return plain and counts == dict(karyotype.counts)


def fit(cells: Sequence[Cell]) -> dict[str, Usual]:
    """Return what is usual for each class."""
    rows: dict[str, list[tuple[Measures, float]]] = {label: [] for label in LABELS}
    shift = np.zeros(len(cells))
    for _ in range(ROUNDS):  # size of a class and size of a cell, in turns
        sizes = {label: [] for label in LABELS}
        for number, (labels, measured, clear) in enumerate(cells):
            for label, m, sure in zip(labels, measured, clear, strict=True):
                if label and sure:
                    sizes[label].append((number, np.log(m.length)))
        mean = {label: np.median([v - shift[n] for n, v in pairs]) if pairs else 0.0 for label, pairs in sizes.items()}
        shift = np.array(
            [
                np.median(
                    [np.log(m.length) - mean[label] for label, m, sure in zip(*cell, strict=True) if label and sure] or [0.0]
                )
                for cell in cells
            ]
        )
    found = {}
    for label in LABELS:
        rows = [
            (m, float(np.log(m.length)) - shift[n])
            for n, cell in enumerate(cells)
            for own, m, sure in zip(*cell, strict=True)
            if own == label and sure
        ]
        pairs = []
        for labels, measured, clear in cells:
            own = [i for i, each in enumerate(labels) if each == label]
            if len(own) == 2 and all(clear[i] for i in own):
                pairs.append([measured[i] for i in own])
        profiles = np.array([m.profile for m, _ in rows])
        middle = profiles.mean(0)
        for _ in range(ROUNDS):
            at = align(np.repeat(middle[None], len(profiles), 0), profiles)
            middle = np.take_along_axis(profiles, at, 1).mean(0)
            middle = (middle - middle.mean()) / middle.std()
        places = np.array([m.centromere for m, _ in rows if m.centromere is not None])
        both = [(a.centromere, b.centromere) for a, b in pairs if a.centromere is not None and b.centromere is not None]
        away = residual(profiles, np.repeat(middle[None], len(profiles), 0))
        apart = residual(*(np.array([pair[side].profile for pair in pairs]) for side in (0, 1))) if pairs else away * np.sqrt(2)
        lengths = np.array([value for _, value in rows])
        found[label] = Usual(
            size=round(float(mean[label]), 4),
            size_spread=spread(lengths - mean[label]),
            size_pair=spread([np.log(a.length / b.length) for a, b in pairs] or np.sqrt(2) * (lengths - mean[label])),
            place=round(float(np.median(places)), 4),
            place_spread=spread(places - np.median(places)),
            place_pair=spread([a - b for a, b in both] or np.sqrt(2) * (places - np.median(places))),
            profile=np.round(middle, 3),
            bands=spread(away),
            bands_pair=spread(apart),
        )
    return found


def worst_scores(cells: Sequence[Cell], cases: Sequence[str]) -> Mapping[str, list[float]]:
    """Return the highest score of each kind in each cell, by tables fitted on the cells of other ``cases``."""
    dealt = {case: number % FOLDS for number, case in enumerate(sorted(set(cases)))}
    folds = [dealt[case] for case in cases]
    worst: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for fold in range(FOLDS):
        table = fit([cell for cell, own in zip(cells, folds, strict=True) if own != fold])
        for cell in (cell for cell, own in zip(cells, folds, strict=True) if own == fold):
            found = [d for each in compare(*cell, table).values() for d in each]
            for kind in KINDS:
                worst[kind].append(max((d.score for d in found if d.kind == kind), default=0.0))
    return worst


def residual(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return how far aligned profiles lie apart, smoothed: (N, P)."""
    return gaussian_filter1d(first - np.take_along_axis(second, align(first, second), 1), WINDOW, axis=1)


def spread(values: np.ndarray | list[float]) -> float:
    """Return the standard deviation of the normal distribution that stays below the same value 95 % of the time, at least 0.01.

    A centromere that is often found in the wrong place makes a wide one: there, little stands out.
    """
    return round(max(0.01, float(np.quantile(np.abs(values), 0.95)) / 1.96), 4)


def main() -> None:
    """Parse, fit or score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "score"))
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    split = read_split(HERE / "splits" / "tseng2023.csv")
    files = {file.parent.name: file for folder in args.results for file in sorted(folder.glob("*/karyotype.json"))}
    parts = ("test",) if args.what == "score" else ("train", "val")
    read = {name: read_karyotype(file) for name, file in files.items() if name in split and split[name].part in parts}
    if args.what == "fit":
        normal = {name: karyotype for name, karyotype in read.items() if is_normal(name, karyotype)}
        cells, cases = [read_cell(karyotype) for karyotype in normal.values()], [split[name].case for name in normal]
        table = fit(cells)
        worst = worst_scores(cells, cases)
        flagged = {kind: round(float(np.quantile(values, 1 - FLAGGED)), 3) for kind, values in worst.items()}
        classes = {label: asdict(each) | {"profile": each.profile.tolist()} for label, each in table.items()}
        write_text(TABLE, json.dumps({"cells": len(cells), "points": POINTS, "flagged": flagged, "classes": classes}) + "\n")
        print(f"{len(cells)} normal cells; flagged above {flagged}")
        return
    report(read, args.json)


def report(read: dict[str, Karyotype], out: Path | None) -> None:
    """Print which listed cells are flagged, at a listed chromosome or elsewhere, and how many normal ones are."""
    rows = csv.DictReader((DATA / "structural_abnormalities.csv").read_text("utf-8").splitlines())
    listed = {
        row["filename"].removesuffix(".jpg"): [parse_label(v) for v in row["abnormal_chromosome"].split(",")] for row in rows
    }
    usual.cache_clear()
    at_listed = elsewhere = cells = normal = normal_flagged = compared = 0
    for name, karyotype in sorted(read.items()):
        if name not in listed and not is_normal(name, karyotype):
            continue
        labels, measured, clear = read_cell(karyotype)
        flags = flag_differences(labels, measured, clear)
        named = {labels[number]: reasons for number, reasons in enumerate(flags) if reasons}
        if name in listed:
            cells += 1
            both = [sum(c for label, c in zip(labels, clear, strict=True) if label == wanted) == 2 for wanted in listed[name]]
            compared += any(both)
            at_listed += any(label in listed[name] for label in named)
            elsewhere += any(label not in listed[name] for label in named)
            print(name, listed[name], "compared" if any(both) else "not compared", named or "")
        else:
            normal, normal_flagged = normal + 1, normal_flagged + bool(named)
    numbers = {
        "listed": cells,
        "listed_compared": compared,
        "flagged_at_listed": at_listed,
        "flagged_elsewhere": elsewhere,
        "normal": normal,
        "normal_flagged": normal_flagged,
        "normal_interval": [round(v, 4) for v in wilson_interval(normal_flagged, normal)],
    }
    print(json.dumps(numbers, indent=1))
    if out:
        write_text(out, json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()

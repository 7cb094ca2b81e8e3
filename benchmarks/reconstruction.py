"""How well crossed chromosomes are separated, on composites whose every density is known.

    python benchmarks/reconstruction.py --library library.npz --grounds grounds.npz

The library of cut-outs, listed cell by cell, should come from cells that the classifier has not learned from; backgrounds are
optional. benchmarks/reconstruction.md says what is measured.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from karyogram.classify.predict import predict
from karyogram.datasets.compose import Composite, Scene, compose
from karyogram.datasets.cutouts import load_cutouts, to_density, to_grey
from karyogram.datasets.grounds import load_grounds
from karyogram.files import write_text
from karyogram.image.background import flatten
from karyogram.metrics.classification import wilson_interval
from karyogram.records import Instance
from karyogram.segment.reconstruct import separate
from karyogram.shape.pose import outline, upright_angle
from karyogram.shape.size import cell_scale
from karyogram.weights.catalogue import load_model

RESULT = Path(__file__).parent / "results" / "reconstruction.json"
SCENE = Scene(chromosomes=(24, 34), touching=0.2, crossing=0.3, nuclei=0, debris=8)
#: A picture is made from so many neighbouring cut-outs of the library, most of one cell.
CELL = 40
#: Overlaps of fewer pixels are not measured.
LEAST = 10
#: Rows of the table: what is asked of a case, and from where to below where. The depth is that of masks in one pixel.
ROWS = {
    "angle below 30": ("angle", 0, 30),
    "angle 30 to 60": ("angle", 30, 60),
    "angle above 60": ("angle", 60, 91),
    "share below 0.1": ("share", 0, 0.1),
    "share 0.1 to 0.2": ("share", 0.1, 0.2),
    "share 0.2 to 0.4": ("share", 0.2, 0.4),
    "share above 0.4": ("share", 0.4, 1.1),
    "two in a pixel": ("depth", 2, 3),
    "three or more": ("depth", 3, 99),
}


@dataclass(frozen=True, eq=False)
class Case:
    """One crossed chromosome: how it is crossed, and by each way (error, true sum) of densities, correlation, class right."""

    angle: float
    share: float
    depth: int
    error: dict[str, tuple[float, float]] = field(default_factory=dict)
    correlation: dict[str, float] = field(default_factory=dict)
    right: dict[str, bool] = field(default_factory=dict)


def cover(shape: tuple[int, ...], items: Sequence[Instance]) -> np.ndarray:
    """Return how many masks cover each pixel, int (H, W)."""
    count = np.zeros(shape, int)
    for item in items:
        count[item.window()] += item.mask
    return count


def leave(flat: np.ndarray, items: Sequence[Instance]) -> list[Instance]:
    """Return the instances with the picture as it is."""
    return [replace(item, pixels=flat[item.window()]) for item in items]


def halve(flat: np.ndarray, items: Sequence[Instance]) -> list[Instance]:
    """Return the instances with the density of each crossed pixel divided equally."""
    equal = to_grey(to_density(flat) / np.maximum(cover(flat.shape, items), 1))
    return [replace(item, pixels=(equal[item.window()] + 0.5).astype(np.uint8)) for item in items]


def resize(items: Sequence[Instance], shape: tuple[int, ...], by: int) -> list[Instance]:
    """Return the instances with masks grown by so many pixels, or shrunk by as many if that is negative."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(by) + 1,) * 2)
    found = []
    for item in items:
        full = np.zeros(shape, np.uint8)
        full[item.window()] = item.mask
        full = cv2.dilate(full, kernel) if by > 0 else cv2.erode(full, kernel)
        xmin, ymin, xmax, ymax = Instance(full > 0, 0, 0).bbox
        found.append(Instance(full[ymin:ymax, xmin:xmax] > 0, xmin, ymin))
    return found


WAYS: dict[str, Callable[[np.ndarray, Sequence[Instance]], list[Instance]]] = {
    "none": leave,
    "equal": halve,
    "separate": separate,
}


def measure(made: Composite) -> Iterator[Case]:
    """Yield the crossed chromosomes of one picture, measured in every way."""
    flat, items = flatten(made.picture), made.instances
    scale = cell_scale(sum(item.area for item in items), len(items))
    count = cover(flat.shape, items)
    covered = [item.mask & (count[item.window()] > 1) for item in items]
    crossed = [k for k in range(len(items)) if covered[k].sum() >= LEAST]
    cases = [_case(items, k, int(count[items[k].window()][covered[k]].max()), int(covered[k].sum())) for k in crossed]
    true = [replace(i, pixels=(to_grey(d) + 0.5).astype(np.uint8)) for i, d in zip(items, made.densities, strict=True)]
    results = {"truth": true}
    for by, name in ((0, ""), (1, " wide"), (-1, " narrow")):
        masks = resize(items, flat.shape, by) if by else items
        results |= {way + name: run(flat, masks) for way, run in WAYS.items()}
    for way, parts in results.items():
        classes = predict(load_model("gband", threads=1), flat, [parts[k] for k in crossed], scale).probabilities.argmax(1)
        for case, k, label in zip(cases, crossed, classes, strict=True):
            full = np.full(flat.shape, 255, np.uint8)
            full[parts[k].window()] = flat[parts[k].window()] if parts[k].pixels is None else parts[k].pixels
            got, density = to_density(full)[items[k].window()][covered[k]], made.densities[k][covered[k]]
            case.error[way] = float(np.abs(got - density).sum()), float(density.sum())
            varied = min(got.std(), density.std()) > 1e-6
            case.correlation[way] = float(np.corrcoef(got, density)[0, 1]) if varied else float("nan")
            case.right[way] = bool(label == made.labels[k])
    yield from cases


def _case(items: Sequence[Instance], k: int, depth: int, covered: int) -> Case:
    """Describe how chromosome ``k`` is crossed; the angle is that to the one it shares most pixels with."""
    shared = [items[k].common(other) if n != k else 0 for n, other in enumerate(items)]
    turn = abs(upright_angle(outline(items[k]))[0] - upright_angle(outline(items[int(np.argmax(shared))]))[0])
    return Case(min(turn, 180 - turn), covered / items[k].area, depth)


def summarise(cases: Sequence[Case]) -> dict[str, object]:
    """Return the number of cases, and by each way the relative error, the mean correlation, and the accuracy."""
    ways = {}
    for way in cases[0].right if cases else ():
        right = sum(case.right[way] for case in cases)
        ways[way] = {
            "error": round(sum(case.error[way][0] for case in cases) / sum(case.error[way][1] for case in cases), 4),
            "correlation": round(float(np.nanmean([case.correlation[way] for case in cases])), 3),
            "accuracy": round(right / len(cases), 4),
            "interval": [round(v, 4) for v in wilson_interval(right, len(cases))],
        }
    return {"chromosomes": len(cases), "ways": ways}


def seconds(pictures: Sequence[Composite]) -> float:
    """Return the processor time of one crossing, mean over all of some pictures."""
    flats = [flatten(made.picture) for made in pictures]
    start = time.process_time()
    for flat, made in zip(flats, pictures, strict=True):
        separate(flat, made.instances)
    return (time.process_time() - start) / sum(crossings(made) for made in pictures)


def crossings(made: Composite) -> int:
    """Return the number of pairs of chromosomes that share pixels."""
    items = made.instances
    return sum(one.common(two) >= LEAST for n, one in enumerate(items) for two in items[:n])


def main() -> None:
    """Parse, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--grounds", type=Path)
    parser.add_argument("--crossings", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    cutouts = load_cutouts(args.library)
    grounds = load_grounds(args.grounds) if args.grounds else []
    rng = np.random.default_rng(args.seed)
    pictures: list[Composite] = []
    while (number := sum(map(crossings, pictures))) < args.crossings:
        start = int(rng.integers(max(len(cutouts) - CELL, 1)))
        pictures.append(compose(cutouts[start : start + CELL], int(rng.integers(2**31)), SCENE, grounds))
    cases = [case for made in pictures for case in measure(made)]
    report: dict[str, Any] = {"pictures": len(pictures), "crossings": number, "all": summarise(cases)}
    for name, (what, low, high) in ROWS.items():
        report[name] = summarise([case for case in cases if low <= getattr(case, what) < high])
    report["milliseconds_a_crossing"] = round(1000 * seconds(pictures), 1)
    write_text(RESULT, json.dumps(report, indent=1) + "\n")
    print_table(report)


def print_table(report: dict[str, Any]) -> None:
    """Print a line for each row of the report and each way."""
    print(f"{report['pictures']} pictures, {report['crossings']} crossings, {report['milliseconds_a_crossing']} ms each")
    print(f"{'':18}{'way':18}{'chromosomes':>12}{'error':>8}{'correlation':>12}{'accuracy':>10}")
    for name, row in report.items():
        for way, scores in row["ways"].items() if isinstance(row, dict) else ():
            values = f"{scores['error']:8.3f}{scores['correlation']:12.3f}{scores['accuracy']:10.3f}"
            print(f"{name:18}{way:18}{row['chromosomes']:12}{values}")


if __name__ == "__main__":
    main()

"""How well predicted outlines cover chromosomes traced by hand, crossings among them.

    karyogram analyze ../shared/data/tseng2023/images -o out
    python benchmarks/traces.py benchmarks/traces out --json traces.json

``benchmarks/traces/README.md`` tells how the traces were made. Of each picture only some chromosomes are traced, so nothing
is said here about spurious objects; ``karyogram evaluate`` counts those.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from karyogram.datasets.results import read_karyotype
from karyogram.errors import AnnotationError, DataError, KaryogramError
from karyogram.files import write_text

#: From this IoU on a chromosome counts as found, as in ``karyogram evaluate``.
FOUND = 0.5
#: Outlines are drawn on a grid this many times finer than the picture's.
FINE = 4
SHARES = (0.5, 0.75, 0.9)
GROUPS = ("all", "isolated", "touching", "crossing")


@dataclass(frozen=True, eq=False)
class Trace:
    """One chromosome traced by hand: its group, one of ``GROUPS[1:]``, and its outline, float (N, 2) x, y in pixels."""

    group: str
    polygon: np.ndarray


def mask_iou(one: np.ndarray, other: np.ndarray) -> float:
    """Return the intersection over union, 0..1, of the pixels that two outlines hold.

    Outlines are float (N, 2) x, y and run through the centres of the outermost pixels, as ``polygon`` does in
    karyotype.json; these pixels belong to the mask.
    """
    low = np.floor(np.minimum(one.min(0), other.min(0))) - 1
    if (np.maximum(one.min(0), other.min(0)) > np.minimum(one.max(0), other.max(0)) + 1).any():
        return 0.0
    size = (np.ceil(np.maximum(one.max(0), other.max(0))) - low + 2).astype(int)
    first, second = _fill(one - low, size), _fill(other - low, size)
    return float((first & second).sum() / (first | second).sum())


def _fill(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the pixels of an outline, bool (h, w); ``size`` is w, h.

    Corners lie on half pixels, which ``cv2.fillPoly`` with ``shift`` moves by 0.3 pixels; so it draws on a finer grid, the
    outline is moved outwards by less than half a pixel, and the centres of the pixels are read.
    """
    fine = np.zeros(size[::-1] * FINE, np.uint8)
    cv2.fillPoly(fine, [np.rint(points * FINE).astype(np.int32)], 1)
    return cv2.dilate(fine, np.ones((3, 3), np.uint8))[::FINE, ::FINE] > 0


def match(truth: list[np.ndarray], predicted: list[np.ndarray]) -> np.ndarray:
    """Return float (N,): the IoU of each true outline with its own predicted one, 0 where none is left for it.

    The outlines, float (n, 2) x, y each, are paired one to one so that the sum of all IoU is largest (Kuhn, Naval Res. Logist.
    2:83, 1955, doi 10.1002/nav.3800020109): an object that swallows two chromosomes counts for one of them.
    """
    iou = np.array([[mask_iou(a, b) for b in predicted] for a in truth]).reshape(len(truth), len(predicted))
    rows, columns = linear_sum_assignment(iou, maximize=True)
    best = np.zeros(len(truth))
    best[rows] = iou[rows, columns]
    return best


def summarise(iou: np.ndarray) -> dict[str, float | int | None]:
    """Return the scores of one group from the IoU (N,) of its chromosomes; None where there is nothing to average.

    ``mean`` and ``median`` count a missed chromosome with the IoU it got, often 0; ``mean_found`` and ``median_found``
    leave out those below ``FOUND``.
    """
    found = iou[iou >= FOUND]
    return {
        "chromosomes": len(iou),
        "found": len(found),
        "mean": _rounded(iou, np.mean),
        "median": _rounded(iou, np.median),
        "mean_found": _rounded(found, np.mean),
        "median_found": _rounded(found, np.median),
        **{f"share_{share:g}": _rounded(iou >= share, np.mean) for share in SHARES},
    }


def _rounded(values: np.ndarray, function) -> float | None:  # type: ignore[no-untyped-def]
    return round(float(function(values)), 4) if len(values) else None


def read_traces(folder: Path) -> dict[str, list[Trace]]:
    """Return the traces of each picture in a folder. Raises KaryogramError, naming file and reason, if there are none."""
    traces = {}
    for path in sorted(folder.glob("*.json")):
        try:
            data = json.loads(path.read_text("utf-8"))
            traces[data["image"]] = [_trace(chromosome) for chromosome in data["chromosomes"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnnotationError(f"{path}: no file of traces: {type(error).__name__} {error}") from error
    if not traces:
        raise DataError(f"{folder}: no traces (.json) here")
    return traces


def _trace(chromosome: dict[str, Any]) -> Trace:
    group = "crossing" if chromosome["crossing"] else "touching" if chromosome["touching"] else "isolated"
    return Trace(group, np.array(chromosome["polygon"], float).reshape(-1, 2))


def score(traces: dict[str, list[Trace]], results: Path) -> dict[str, dict[str, float | int | None]]:
    """Return the scores of each of ``GROUPS``; the result of picture NAME is ``results/NAME/karyotype.json``.

    A picture without result counts as one in which nothing was found, and is named on stderr.
    """
    groups, values = [], []
    for name, chromosomes in traces.items():
        path = results / name / "karyotype.json"
        if not path.is_file():
            print(f"{path}: no result, counted as nothing found", file=sys.stderr)
        predicted = [np.array(c.polygon) for c in read_karyotype(path).chromosomes] if path.is_file() else []
        groups += [trace.group for trace in chromosomes]
        values.append(match([trace.polygon for trace in chromosomes], predicted))
    iou, of = np.concatenate(values), np.array(groups)
    return {group: summarise(iou if group == "all" else iou[of == group]) for group in GROUPS}


def main(arguments: list[str] | None = None) -> int:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", type=Path, help="folder of traces")
    parser.add_argument("results", type=Path, help="folder that karyogram analyze wrote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the scores here too")
    args = parser.parse_args(arguments)
    try:
        text = json.dumps(score(read_traces(args.traces), args.results), indent=1) + "\n"
    except KaryogramError as error:
        print(error, file=sys.stderr)
        return 1
    print(text, end="")
    if args.json:
        write_text(args.json, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

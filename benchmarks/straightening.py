"""How often straightening fails on real chromosomes, and how far the centromere it finds is from the ISCN drawing's.

    python benchmarks/straightening.py --set cirnet
    python benchmarks/straightening.py --set tseng2023 --sheet worst.png     # and look at the worst

The pictures lie in KARYOGRAM_DATA (default ../shared/data), the splits in benchmarks/splits; only the part "test" is read, the
settings were chosen on the others. benchmarks/straightening.md says what counts as a failure.
"""

import argparse
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.bands import centromere
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.draw.straightening import draw_straightening
from karyogram.files import read_picture, write_picture
from karyogram.image.crop import stain_window
from karyogram.labels import parse_label
from karyogram.metrics.classification import wilson_interval
from karyogram.segment.single import find_single
from karyogram.shape.axis import medial_axis
from karyogram.shape.centromere import ALIKE, find_centromere, short_arm_up
from karyogram.shape.straighten import straighten

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
#: A failure: the strip's own axis leaves the middle by more than this share of its width,
BEND = 0.25
#: or the strip shows less or more of the mask's area than this,
AREA = (0.9, 1.1)
#: or, where chromosomes are known to stand upright, the line from end to end is this many degrees off.
TILT = 30.0
#: Groups whose centromere lies near an end.
ACROCENTRIC = ("13", "14", "15", "21", "22", "Y")


@dataclass(frozen=True, eq=False)
class Case:
    """One straightened chromosome, how it was measured, and its sheet; ``place`` is the centromere from the upper end."""

    label: str
    bend: float
    area: float
    tilt: float
    place: float
    sheet: np.ndarray

    @property
    def failed(self) -> bool:
        """Whether one of the measures is out of bounds."""
        return self.bend > BEND or not AREA[0] <= self.area <= AREA[1] or self.tilt > TILT


def crops(number: int, rng: random.Random) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (class, picture, mask) of single-chromosome pictures."""
    split = read_split(HERE / "splits" / "cirnet.csv")
    paths = {path.stem: path for path in (DATA / "cirnet").rglob("*.tiff")}
    names = sorted(name for name, entry in split.items() if entry.part == "test" and name in paths)
    for name in rng.sample(names, min(number, len(names))):
        plain, item = find_single(read_picture(paths[name]).pixels)
        mask = np.zeros(plain.shape, bool)
        mask[item.window()] = item.mask
        yield parse_label(paths[name].parent.name) or "", plain, mask


def isolated(number: int, rng: random.Random) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (class, picture, mask) of up to ten isolated chromosomes a metaphase."""
    folder = DATA / "tseng2023"
    split = read_split(HERE / "splits" / "tseng2023.csv")
    names = sorted(name for name, entry in split.items() if entry.part == "test")
    rng.shuffle(names)
    for name in names:
        truth = read_voc(folder / "annotations" / f"{name}.xml")
        found = find_isolated(read_picture(folder / "images" / f"{name}.jpg").pixels, truth)
        boxes = sorted(found.whole) if found else []
        for box in rng.sample(boxes, min(10, len(boxes), number)):
            item = found.whole[box]
            mask = np.zeros(found.flat.shape, bool)
            mask[item.window()] = item.mask
            yield truth.boxes[box].label or "", found.flat, mask
            number -= 1
        if number <= 0:
            return


def measure(label: str, picture: np.ndarray, mask: np.ndarray, upright: bool) -> Case:
    """Straighten one chromosome and measure what came out."""
    window = stain_window(mask, 4)
    picture, mask = picture[window], mask[window]
    axis = medial_axis(mask)
    strip, strip_mask = straighten(picture, mask, axis)
    again = medial_axis(strip_mask)[:, 0]
    width = np.median(strip_mask.sum(1))
    place = find_centromere(strip, strip_mask)
    along = axis[-1] - axis[0]
    return Case(
        label,
        float(np.abs(again - np.median(again)).max() / width),
        float(strip_mask.sum() / mask.sum()),
        float(np.degrees(np.arctan2(abs(along[0]), abs(along[1])))) if upright else 0.0,
        place,
        draw_straightening(picture, axis, *short_arm_up(strip, strip_mask)),
    )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("tseng2023", "cirnet"), default="tseng2023")
    parser.add_argument("--number", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="Draw the worst 24 here.")
    args = parser.parse_args()
    source = crops if args.set == "cirnet" else isolated
    cases = [measure(*each, args.set == "cirnet") for each in source(args.number, random.Random(args.seed))]
    failed = sum(case.failed for case in cases)
    report: dict[str, object] = {
        "set": args.set,
        "chromosomes": len(cases),
        "failed": failed,
        "share": round(failed / len(cases), 4),
        "interval": [round(v, 4) for v in wilson_interval(failed, len(cases))],
        "bent": sum(case.bend > BEND for case in cases),
        "area": sum(not AREA[0] <= case.area <= AREA[1] for case in cases),
        "tilted": sum(case.tilt > TILT for case in cases),
        "median_bend": round(float(np.median([case.bend for case in cases])), 3),
    }
    if args.set == "cirnet":
        for name, some in (("acrocentric", True), ("other", False)):
            misses = np.array([abs(c.place - centromere(c.label)) for c in cases if (c.label in ACROCENTRIC) == some])
            within = [round(float((misses < near).mean()), 3) for near in (0.05, 0.1)]
            report[f"centromere_{name}"] = {"n": len(misses), "median": round(float(np.median(misses)), 3), "within": within}
        told = [case.place < 0.5 for case in cases if abs(case.place - 0.5) > ALIKE]
        report["short_arm"] = {
            "n": len(told),
            "told": round(len(told) / len(cases), 3),
            "right": round(float(np.mean(told)), 3),
        }
    print(json.dumps(report, indent=1))
    if args.sheet:
        draw_worst(args.sheet, cases)


def draw_worst(path: Path, cases: list[Case]) -> None:
    """Draw the worst 24 in three columns, failures and then the most bent first."""
    worst = sorted(cases, key=lambda case: (case.failed, case.bend), reverse=True)[:24]
    breadth = max(case.sheet.shape[1] for case in worst)
    sheets = [np.pad(case.sheet, ((0, 0), (0, breadth - case.sheet.shape[1]), (0, 0)), "edge") for case in worst]
    rows = [np.hstack(sheets[start : start + 3]) for start in range(0, len(sheets) - len(sheets) % 3, 3)]
    write_picture(path, np.vstack(rows))


if __name__ == "__main__":
    main()

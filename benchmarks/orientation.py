"""Which end is up, checked by eye: 300 isolated chromosomes of the part test of tseng2023, and how a model fares on them.

    python benchmarks/orientation.py sheets FOLDER          # contact sheets, and orientation.csv without verdicts
    python benchmarks/orientation.py sheets FOLDER --again  # every second one, dealt anew: how steady is the reader?
    python benchmarks/orientation.py agree FIRST.csv SECOND.csv
    python benchmarks/orientation.py score                  # the model against benchmarks/orientation.csv

A sheet shows the chromosomes of one class, each as it is and straightened, beside the class's ideograms, short arm up. Each
stands as chance turned it, so a sheet says nothing of what a model holds. A verdict is ``up`` or ``down``, where the short arm
lies on the sheet, or ``undecidable``. ``angle`` is how far, counter-clockwise, the chromosome of the photograph was turned to
stand on the sheet; of a bent one the end that lies higher is its upper end. ``note`` says where readings differed, and what a
last look at the disagreements with the model gave.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sheets import cut_upright, ideograms, lay_out, read_table, share, write_table

from karyogram.classify.predict import predict
from karyogram.datasets.isolated import Found, find_isolated
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import Annotation, read_voc
from karyogram.files import read_picture, write_picture, write_text
from karyogram.karyotype.review import SURE_UP
from karyogram.labels import LABELS
from karyogram.shape.axis import medial_axis
from karyogram.shape.pose import outline, upright_angle
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
TABLE = HERE / "orientation.csv"
COLUMNS = ("picture", "box", "label", "angle", "verdict", "note")
NUMBER = 300
#: How tall, and at most how wide, a chromosome is on a sheet, in pixels, and how many stand in a row.
TALL, WIDE, ROW = 330, 150, 5
#: A chromosome counts as straight if the distance of its ends is at least this share of its axis.
STRAIGHT = 0.9


def read_found(name: str) -> tuple[Found | None, Annotation]:
    """Return the isolated chromosomes of a picture and its boxes."""
    truth = read_voc(DATA / "annotations" / f"{name}.xml")
    return find_isolated(read_picture(DATA / "images" / f"{name}.jpg").pixels, truth), truth


def angle_of(found: Found, box: int) -> float:
    """Return the angle, in degrees counter-clockwise, that sets a chromosome upright for a model."""
    return upright_angle(outline(found.whole[box]))[0]


def choose() -> Iterator[tuple[str, int, str, Found]]:
    """Yield (picture, box, label, what was found) until each class has its share; one a class and picture, new cases first."""
    entries = [entry for entry in read_split(HERE / "splits" / "tseng2023.csv").values() if entry.part == "test"]
    order = np.random.default_rng(0).permutation(len(entries))
    share = {label: NUMBER // 24 + (k < NUMBER % 24) for k, label in enumerate(LABELS)}
    seen: set[str] = set()
    for entry in sorted((entries[k] for k in order), key=lambda e: e.case in seen or seen.add(e.case) or False):
        found, truth = read_found(entry.name)
        shown: set[str] = set()
        for box in sorted(found.whole) if found else []:
            label = truth.boxes[box].label
            if label and label not in shown and share[label]:
                share[label] -= 1
                shown.add(label)
                yield entry.name, box, label, found
        if not any(share.values()):
            return


def draw_sheet(label: str, cuts: list[np.ndarray]) -> np.ndarray:
    """Return one class's chromosomes, numbered from 1, in rows that each begin with the ideograms, uint8 (H, W, 3)."""
    numbered = [(cut, str(number)) for number, cut in enumerate(cuts, 1)]
    return lay_out([[(ideograms(label, TALL), label), *numbered[k : k + ROW]] for k in range(0, len(numbered), ROW)])


def make_sheets(folder: Path, again: bool) -> None:
    """Write a sheet a class, and the table without verdicts, in the order of classes.

    Half turns, and the order in a class, are dealt by chance; ``again`` deals anew and takes every second chromosome only.
    """
    rng = np.random.default_rng(int(again))
    chosen = sorted(choose(), key=lambda row: LABELS.index(row[2]))[int(again) :: 1 + again]
    table: list[tuple[object, ...]] = []
    for label in LABELS:
        cuts = []
        for name, box, _, found in rng.permutation(np.array([row for row in chosen if row[2] == label], object)):
            angle = round(angle_of(found, box) + 180 * int(rng.integers(2)), 1)
            cuts.append(cut_upright(found.flat, found.whole[box], angle, TALL, WIDE))
            table.append((name, box, label, angle, "", ""))
        write_picture(folder / f"{label}.png", draw_sheet(label, cuts))
    write_table(folder / TABLE.name, COLUMNS, table)


def half_turned(one: float, other: float) -> bool:
    """Return whether two angles, in degrees, differ by half a turn rather than by none."""
    return 90 < (one - other) % 360 < 270


def agree(first: Path, second: Path) -> dict[str, object]:
    """Return how two readings of the same chromosomes compare."""
    earlier = {(row["picture"], row["box"]): row for row in read_table(first)}
    pairs: Counter[str] = Counter()
    named: dict[str, list[str]] = {}
    for row in read_table(second):
        other = earlier[row["picture"], row["box"]]
        verdict = row["verdict"]
        if verdict != "undecidable" and half_turned(float(row["angle"]), float(other["angle"])):
            verdict = "down" if verdict == "up" else "up"
        kind = (
            "same" if verdict == other["verdict"] else "doubt" if "undecidable" in (verdict, other["verdict"]) else "opposite"
        )
        pairs[kind] += 1
        if kind != "same":
            named.setdefault(kind, []).append(f"{row['label']}: {row['picture']} box {row['box']}")
    return {"read twice": pairs.total(), **pairs, "which": named}


def straightness(mask: np.ndarray) -> float:
    """Return how straight a mask, bool (H, W), is: the distance of its ends over the length of its axis, 0 to 1."""
    axis = medial_axis(mask)
    return float(np.hypot(*(axis[-1] - axis[0])) / len(axis))


def score(name: str) -> dict[str, object]:
    """Return how often the model agrees with the verdicts: over all, for straight and bent ones, and where it is sure."""
    rows = read_table(TABLE)
    model = load_model(name)
    decided = [row for row in rows if row["verdict"] != "undecidable"]
    hits: dict[str, list[bool]] = {"all": [], "straight": [], "bent": [], "sure": []}
    wrong: list[dict[str, object]] = []
    for picture in sorted({row["picture"] for row in decided}):
        found, _ = read_found(picture)
        assert found is not None
        mine = [row for row in decided if row["picture"] == picture and int(row["box"]) in found.whole]
        up = predict(model, found.flat, [found.whole[int(row["box"])] for row in mine], found.scale).up
        for row, stands in zip(mine, up, strict=True):
            box = int(row["box"])
            turned = half_turned(angle_of(found, box), float(row["angle"]))
            right = (stands > 0.5) == ((row["verdict"] == "up") != turned)
            straight, sure = straightness(found.whole[box].mask), float(abs(stands - 0.5))
            kinds = {"all": True, "straight": straight >= STRAIGHT, "bent": straight < STRAIGHT, "sure": sure >= SURE_UP}
            for kind in (kind for kind, applies in kinds.items() if applies):
                hits[kind].append(right)
            if not right:
                where = {key: row[key] for key in ("label", "picture", "box")}
                wrong.append({**where, "probability": round(0.5 + sure, 3), "straightness": round(straight, 2)})
    return {
        "model": name,
        "verdicts": dict(Counter(row["verdict"] for row in rows)),
        **{kind: share("agreement", sum(mine), len(mine)) for kind, mine in hits.items()},
        "wrong": wrong,
    }


def main() -> None:
    """Make sheets, or score and write benchmarks/results/orientation.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    sheets = verbs.add_parser("sheets")
    sheets.add_argument("folder", type=Path)
    sheets.add_argument("--again", action="store_true")
    two = verbs.add_parser("agree")
    two.add_argument("tables", type=Path, nargs=2)
    verbs.add_parser("score").add_argument("--model", default="gband")
    args = parser.parse_args()
    if args.verb == "sheets":
        make_sheets(args.folder, args.again)
    elif args.verb == "agree":
        print(json.dumps(agree(*args.tables), indent=1))
    else:
        found = score(args.model)
        print(json.dumps(found, indent=1))
        write_text(HERE / "results" / "orientation.json", json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Number findings of held-out cells and cases against the class counts of their boxes, checked by eye.

    karyogram analyze ../shared/data/tseng2023/images -o out --jobs 2
    python benchmarks/findings.py out --json benchmarks/results/findings.json

Truth is the class counts of the VOC boxes; for pictures whose boxes deviate it is what benchmarks/adjudication.csv says: the
ISCN text of what is to be seen in the picture, or nothing where that cannot be told (left out). Boxes and pictures lie in
KARYOGRAM_DATA (default ../shared/data); pictures without a result are left out.
"""

import argparse
import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.datasets.results import read_karyotype
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.files import write_text
from karyogram.karyotype.case import make_case
from karyogram.karyotype.clones import FEMALE, Group, all_terms, find_clones, origin_of
from karyogram.karyotype.findings import kind_of
from karyogram.karyotype.iscn_text import possible_robertsonian
from karyogram.karyotype.readings import Reading, read_text
from karyogram.labels import LABELS
from karyogram.metrics.classification import expected_calibration_error, wilson_interval
from karyogram.records import Karyotype

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
#: A finding this probable counts as one: what flags one of a hundred normal validation cells.
SHOWN = 0.1
#: So many cells make a case that is judged as one.
CELLS = 3
ROB = "possible rob"


@dataclass(frozen=True)
class Pair:
    """Truth and result of one picture: true copies of each class, and what was read."""

    case: str
    counts: Mapping[str, int]
    reading: Reading
    karyotype: Karyotype

    @property
    def changes(self) -> dict[str, int]:
        """What deviates in truth, {label: copies too many}; X and Y against XX or XY."""
        odd = {label: self.counts[label] - 2 for label in LABELS[:22] if self.counts[label] != 2}
        x, y = self.counts["X"], self.counts["Y"]
        if (x, y) not in ((2, 0), (1, 1)):
            odd |= {"X": x - (1 if y else 2)} if x != (1 if y else 2) else {}
            odd |= {"Y": y - 1} if y > 1 else {}
        return odd

    @property
    def fused(self) -> bool:
        """Whether truth lacks one D or G chromosome: to be flagged, and not found as a loss."""
        return bool(possible_robertsonian(self.counts))

    def findings(self, least: float = SHOWN) -> dict[str, tuple[int, float]]:
        """What the program found and thinks at least so probable: label -> (change, probability)."""
        return {f.label: (f.change, f.probability) for f in self.karyotype.findings if f.probability >= least}


def read_truth() -> dict[str, Reading | None]:
    """Return the adjudicated pictures: what each holds, None where that cannot be told."""
    rows = csv.DictReader((HERE / "adjudication.csv").read_text("utf-8").splitlines())
    return {row["picture"]: read_text(row["truth"]) if row["truth"] else None for row in rows}


def counts_of(reading: Reading) -> dict[str, int]:
    """Return the copies of each class that a reading without rearrangements holds."""
    counts = dict.fromkeys(LABELS[:22], 2) | {"X": reading.sex[0], "Y": reading.sex[1]}
    for term, times in reading.terms.items():
        counts[term[1:]] += times if term[0] == "+" else -times
    return counts


def read_pairs(out: Path, part: str) -> dict[str, Pair]:
    """Return truth and result of the pictures of one part that have both."""
    judged, pairs = read_truth(), {}
    for name, entry in sorted(read_split(HERE / "splits" / "tseng2023.csv").items()):
        file = out / name / "karyotype.json"
        if entry.part != part or not file.is_file():
            continue
        labels = [box.label for box in read_voc(DATA / "annotations" / f"{name}.xml").boxes]
        counts: Mapping[str, int] = {label: labels.count(label) for label in LABELS}
        if name in judged:
            reading = judged[name]
            if reading is None:
                continue
            counts = counts_of(reading)
        elif None in labels:
            continue
        terms = Counter({f"{'+' if n > 2 else '-'}{label}": abs(n - 2) for label, n in counts.items() if label not in "XY"})
        pairs[name] = Pair(entry.case, counts, Reading((counts["X"], counts["Y"]), +terms), read_karyotype(file))
    return pairs


def share(hits: int, total: int) -> dict[str, float | int]:
    """Return a share with its 95 % Wilson interval."""
    low, high = wilson_interval(hits, total)
    return (
        {"hits": hits, "of": total, "share": round(hits / total, 4), "low": round(low, 4), "high": round(high, 4)}
        if total
        else {"of": 0}
    )


def score_cells(pairs: Mapping[str, Pair]) -> dict[str, object]:
    """Return, by cell, how many true changes were found with the right chromosome, and how many normal cells are flagged."""
    hits, totals = Counter[str](), Counter[str]()
    for name, pair in pairs.items():
        if pair.fused:
            totals["possible rob"] += 1
            hits["possible rob"] += any(ROB in text for text in pair.karyotype.warnings) and not pair.findings()
            continue
        for label, change in pair.changes.items():
            kind, (read, _) = kind_of(label, change), pair.findings().get(label, (0, 0.0))
            right = read * change > 0
            totals[kind] += 1
            hits[kind] += right
            told = f"{pair.karyotype.iscn or 'no text'}, {pair.findings(0)}"
            print(f"{name}: {change:+d} x {label} {'found' if right else 'missed'}; {told}")
    normal = [pair for pair in pairs.values() if not pair.changes]
    flagged = [pair for pair in normal if pair.findings()]
    told = [
        (f.probability, pair.changes.get(f.label, 0) * f.change > 0) for pair in pairs.values() for f in pair.karyotype.findings
    ]
    probability, right = np.array([p for p, _ in told]), np.array([r for _, r in told], bool)
    return {
        "cells": len(pairs),
        "changes_found": {kind: share(hits[kind], totals[kind]) for kind in sorted(totals)},
        "all_changes_found": share(sum(hits.values()), sum(totals.values())),
        "normal_cells_flagged": share(len(flagged), len(normal)),
        "normal_cells_possible_rob": share(sum(any(ROB in w for w in pair.karyotype.warnings) for pair in normal), len(normal)),
        "normal_cells_with_text": share(sum(bool(pair.karyotype.iscn) for pair in normal), len(normal)),
        "findings_calibration_error": round(expected_calibration_error(right, probability, 5), 4) if told else None,
    }


def score_cases(pairs: Mapping[str, Pair]) -> dict[str, object]:
    """Return, by case, how many with clonal changes were found with the right chromosomes, how many normal ones flagged."""
    members = defaultdict[str, list[Pair]](list)
    for pair in pairs.values():
        members[pair.case].append(pair)
    hits = total = flagged = normal = 0
    for name, cells in sorted(members.items()):
        if len(cells) < CELLS:
            continue
        readings = [pair.reading for pair in cells]
        origin = origin_of(readings) or FEMALE
        truth = find_clones([all_terms(reading, origin) for reading in readings]).groups
        case = make_case(name, [pair.karyotype for pair in cells])
        read = {term for clone in case.clones for term in clone.terms}
        wanted = _terms(truth)
        if wanted:
            total += 1
            right = wanted <= read or (all(pair.fused for pair in cells if pair.changes) and "?" in read)
            hits += right
            print(f"case {name}: {sorted(wanted)} {'found' if right else 'missed'}: {case.iscn or 'no text'}")
        elif not any(pair.changes for pair in cells):
            normal += 1
            flagged += bool(read)
            if read:
                print(f"case {name}: normal, read as {case.iscn}")
    return {"cases_found": share(hits, total), "normal_cases_flagged": share(flagged, normal)}


def _terms(groups: tuple[Group, ...]) -> set[str]:
    return {term for group in groups for term in group.terms}


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    pairs = read_pairs(args.out, args.part)
    report = {"part": args.part, "shown_from": SHOWN} | score_cells(pairs) | score_cases(pairs)
    print(json.dumps(report, indent=1))
    if args.json:
        write_text(args.json, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

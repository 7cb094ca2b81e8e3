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
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from karyogram.datasets.boxed import as_pair
from karyogram.datasets.results import read_karyotype
from karyogram.datasets.splits import read_split
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation, read_voc
from karyogram.files import write_text
from karyogram.karyotype.case import make_case
from karyogram.karyotype.clones import FEMALE, MALE, Group, all_terms, find_clones, origin_of
from karyogram.karyotype.findings import kind_of
from karyogram.karyotype.iscn_text import possible_robertsonian
from karyogram.karyotype.margins import margins_of
from karyogram.karyotype.readings import Reading, read_text
from karyogram.karyotype.together import EVIDENCE
from karyogram.labels import AUTOSOMES, LABELS
from karyogram.metrics.classification import expected_calibration_error, wilson_interval
from karyogram.metrics.detection import assign_pairs, iou_matrix
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
    boxes: Annotation

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


@cache
def read_truth() -> Mapping[str, Reading | None]:
    """Return the adjudicated pictures: what each holds, None where that cannot be told."""
    files = (HERE / name for name in ("adjudication.csv", "adjudication_train.csv"))
    rows = [row for file in files for row in csv.DictReader(file.read_text("utf-8").splitlines())]
    return {row["picture"]: read_text(row["truth"]) if row["truth"] else None for row in rows}


def is_plain(counts: Mapping[str, int]) -> bool:
    """Tell whether these copies of each class are normal."""
    return all(counts[label] == 2 for label in AUTOSOMES) and (counts["X"], counts["Y"]) in (FEMALE, MALE)


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
        boxes = read_voc(DATA / "annotations" / f"{name}.xml")
        labels = [box.label for box in boxes.boxes]
        counts: Mapping[str, int] = {label: labels.count(label) for label in LABELS}
        if name in judged:
            reading = judged[name]
            if reading is None:
                continue
            counts = counts_of(reading)
        elif None in labels:
            continue
        terms = Counter({f"{'+' if n > 2 else '-'}{label}": abs(n - 2) for label, n in counts.items() if label not in "XY"})
        reading = Reading((counts["X"], counts["Y"]), +terms)
        pairs[name] = Pair(entry.case, counts, reading, read_karyotype(file), boxes)
    return pairs


def share(hits: int, total: int) -> dict[str, float | int]:
    """Return a share with its 95 % Wilson interval."""
    low, high = wilson_interval(hits, total)
    return (
        {"hits": hits, "of": total, "share": round(hits / total, 4), "low": round(low, 4), "high": round(high, 4)}
        if total
        else {"of": 0}
    )


def where_lost(pair: Pair, label: str, change: int) -> str:
    """Tell how a change was missed, going by which objects fill the boxes.

    Of a gain: a copy was not found, or found and not placed, or placed in another class; of a loss: another chromosome or a
    mask that is none holds the place. What remains was seen and is believed too little, or hidden by other changes.
    """
    found = pair.karyotype.chromosomes
    told = as_pair(pair.boxes, pair.karyotype, MARGIN)
    grown = np.array([c.bbox for c in found], float).reshape(-1, 4) + np.array([-1, -1, 1, 1]) * MARGIN
    fills = assign_pairs(iou_matrix(told.boxes, grown), 0.5)
    own = [int(k) for box, k in zip(told.labels, fills, strict=True) if box == LABELS.index(label)]
    placed = [c for c in found if c.label == label]
    if change > 0:
        read = [found[k].label for k in own if k >= 0]
        missing = {"not found": min(own, default=-1) < 0, "not placed": None in read, "called otherwise": {*read} > {label}}
    else:
        true = [found[k].id for k in own if k >= 0]
        strange = [c for c in placed if c.id not in true]
        boxed = {found[k].id for k in fills if k >= 0}
        missing = {
            "another chromosome holds its place": any(c.id in boxed for c in strange),
            "a mask that is none holds its place": bool(strange),
        }
    return next((why for why, applies in missing.items() if applies), "seen, and believed too little")


def score_cells(pairs: Mapping[str, Pair]) -> dict[str, object]:
    """Return, by cell, how many true changes were found with the right chromosome, and how many normal cells are flagged."""
    hits, totals, lost = Counter[str](), Counter[str](), defaultdict[str, Counter[str]](Counter)
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
            why = "found" if right else where_lost(pair, label, change)
            lost[kind][why] += not right
            print(f"{name}: {change:+d} x {label} {why}; {pair.karyotype.iscn or 'no text'}, {pair.findings(0)}")
    normal = [pair for pair in pairs.values() if not pair.changes]
    flagged = [pair for pair in normal if pair.findings()]
    told = [
        (f.probability, pair.changes.get(f.label, 0) * f.change > 0) for pair in pairs.values() for f in pair.karyotype.findings
    ]
    probability, right = np.array([p for p, _ in told]), np.array([r for _, r in told], bool)
    return {
        "cells": len(pairs),
        "changes_found": {kind: share(hits[kind], totals[kind]) for kind in sorted(totals)},
        "missed": {kind: dict(+reasons) for kind, reasons in sorted(lost.items()) if +reasons},
        "all_changes_found": share(sum(hits.values()), sum(totals.values())),
        "normal_cells_flagged": share(len(flagged), len(normal)),
        "normal_cells_possible_rob": share(sum(any(ROB in w for w in pair.karyotype.warnings) for pair in normal), len(normal)),
        "normal_cells_with_text": share(sum(bool(pair.karyotype.iscn) for pair in normal), len(normal)),
        "findings_calibration_error": round(expected_calibration_error(right, probability, 5), 4) if told else None,
    }


def score_cases(pairs: Mapping[str, Pair]) -> dict[str, object]:
    """Return, by case, how many with clonal changes were found with the right chromosomes, how many normal ones flagged.

    Changes are those of the clones, and those of the findings that the cells have together. The last figures are of cells in
    the light of their case: a change counts as found in a cell that shows it, or whose case has the finding and whose own
    margin speaks for it.
    """
    members = defaultdict[str, list[Pair]](list)
    for pair in pairs.values():
        members[pair.case].append(pair)
    hits, flags = Counter[str](), Counter[str]()
    total = normal = cells = shown = 0
    for name, own in sorted(members.items()):
        readings = [pair.reading for pair in own]
        origin = origin_of(readings) or FEMALE
        truth = find_clones([all_terms(reading, origin) for reading in readings]).groups
        case = make_case(name, [pair.karyotype for pair in own])
        clones = {term for clone in case.clones for term in clone.terms}
        together = {f"{'+' if found.change > 0 else '-'}{found.label}" for found in case.findings}
        for pair in own:
            for label, change in pair.changes.items():
                cells, alone = cells + 1, pair.findings().get(label, (0, 0.0))[0] * change > 0
                rob = pair.fused and any(ROB in text for text in pair.karyotype.warnings) and not pair.findings()
                shown += alone or rob or _speaks(pair.karyotype, label, change, together)
        if len(own) < CELLS:
            continue
        wanted = _terms(truth)
        robs = all(pair.fused for pair in own if pair.changes)
        for what, read in (("clones", clones), ("together", together), ("both", clones | together)):
            hits[what] += bool(wanted) and (wanted <= read or (robs and "?" in read))
            flags[what] += bool(read) and not any(pair.changes for pair in own)
        total += bool(wanted)
        normal += not any(pair.changes for pair in own)
        if wanted or clones | together:
            print(f"case {name}: {sorted(wanted)}, {case.iscn or 'no text'}, together {sorted(together)}")
    return {
        "cases_found": {what: share(hits[what], total) for what in ("clones", "together", "both")},
        "normal_cases_flagged": {what: share(flags[what], normal) for what in ("clones", "together", "both")},
        "changes_found_in_the_light_of_their_case": share(shown, cells),
    }


def _speaks(karyotype: Karyotype, label: str, change: int, together: Set[str]) -> bool:
    """Tell whether a cell speaks for a change that the cells of its case have together."""
    term = f"{'+' if change > 0 else '-'}{label}"
    sexes = {"+X": ("XXX", "XXY"), "+Y": ("XYY",), "-X": ("X",), "-Y": ("X",)}
    if term not in together and not (term == "-X" and "-Y" in together):
        return False
    margins = margins_of(karyotype)
    own = max(map(margins.of_sex, sexes[term])) if term in sexes else margins.autosomes[term]
    return bool(np.interp(own, *np.array(EVIDENCE[kind_of(label, change)]).T) > 0)


def _terms(groups: tuple[Group, ...]) -> set[str]:
    return {term for group in groups for term in group.terms}


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", choices=("train", "val", "test"), default="test")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    pairs = read_pairs(args.out, args.part)
    report = {"part": args.part, "shown_from": SHOWN} | score_cells(pairs) | score_cases(pairs)
    print(json.dumps(report, indent=1))
    if args.json:
        write_text(args.json, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

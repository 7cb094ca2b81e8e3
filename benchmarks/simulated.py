"""Simulated gains and losses: a real chromosome is added to a normal cell, or taken from it, and the cell decided anew.

    python benchmarks/opinions.py opinions/val --part val        # what the pipeline thinks of each cell, kept
    python benchmarks/simulated.py opinions/val --tune           # prices of extra copies and empty places
    python benchmarks/simulated.py opinions/val opinions/train --fit        # how far to believe a finding (BELIEF in karyogram)
    python benchmarks/simulated.py opinions/test --json benchmarks/results/simulated.json

What is added or taken is the segmenter's proposals that show the chromosome, and the opinions on them; the picture is not drawn
anew, so what the eye would see of the change beside other chromosomes is not there. Base cells are normal in number, by their
boxes or, where those deviate, by benchmarks/adjudication*.csv; cells of which that cannot be told are left out.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from findings import counts_of, is_plain, read_truth
from scipy.linalg import block_diag
from scipy.optimize import minimize
from scipy.special import expit

from karyogram.datasets.splits import tseng_case
from karyogram.files import write_text
from karyogram.karyotype.arrange import EXTRA, LEAVE, arrange, choose
from karyogram.karyotype.findings import count_classes, evidence, find_changes, kind_of
from karyogram.karyotype.margins import Margins, weigh_changes
from karyogram.labels import LABELS
from karyogram.metrics.classification import wilson_interval

#: A mask that lies so far in that of a chromosome goes with it.
INSIDE = 0.5
#: The fields of a cell that have a row for each proposal.
OBJECTS = ("first", "sure", "last", "whole")
#: How often each kind of change is met in a cell: what a finding is weighed against. Boxes of the part "train" of tseng2023,
#: rounded; without the chromosomes that have two boxes, and with losses for half of the chromosomes that have none: the
#: other half are there, nobody boxed them, or are Robertsonian translocations.
PRIOR = {"gain": 0.006, "loss": 0.005, "sex gain": 0.004, "sex loss": 0.01}
#: A finding this probable counts as one: what flags one of a hundred normal validation cells.
SHOWN = 0.1
#: Parts into which cases are dealt to see what beliefs say of cells that they were not fitted on.
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Cell:
    """Proposals of one cell and the opinions on them, first and last.

    ``owner`` (N,) is the shown chromosome that each proposal shows, -1 for none; ``truth`` (M,) the classes of those.
    """

    first: np.ndarray
    sure: np.ndarray
    last: np.ndarray
    whole: np.ndarray
    rivals: np.ndarray
    sharing: np.ndarray
    arms: np.ndarray
    owner: np.ndarray
    truth: np.ndarray
    normal: bool
    case: str


def read_cells(folders: Iterable[Path]) -> list[Cell]:
    """Read what benchmarks/opinions.py kept, but for cells of which the number cannot be told."""
    judged = read_truth()
    files = [file for folder in folders for file in sorted(folder.glob("*/opinions.npz"))]
    return [read_cell(file) for file in files if judged.get(file.parent.name, True) is not None]


def read_cell(file: Path) -> Cell:
    """Read what benchmarks/opinions.py kept of one cell."""
    kept, name = np.load(file), file.parent.name
    shown, reading = kept["shown"], read_truth().get(name)
    counts = counts_of(reading) if reading else dict(zip(LABELS, kept["counts"].tolist(), strict=True))
    last, whole = kept["probabilities"].copy(), kept["sure"].copy()
    last[shown], whole[shown] = kept["looked"], kept["whole"]
    owner = np.full(len(whole), -1)
    if len(shown):
        inside = np.maximum(kept["within"][:, shown], kept["within"][shown].T)
        owner = np.where(inside.max(1) > INSIDE, inside.argmax(1), -1)
        owner[shown] = np.arange(len(shown))
    plain = is_plain(counts) and (bool(reading) or not kept["unknown"])
    first, sure = kept["probabilities"], kept["sure"]
    pairs = kept["rivals"], kept["sharing"]
    return Cell(first, sure, last, whole, *pairs, kept["arms"], owner, kept["truth"], plain, tseng_case(name))


def part(cell: Cell, chosen: np.ndarray) -> Cell:
    """Return the cell with the chosen proposals, bool (N,), only."""
    place = np.cumsum(chosen) - 1
    rivals = cell.rivals[chosen[cell.rivals].all(1)]
    kept = {name: getattr(cell, name)[chosen] for name in OBJECTS}
    sharing = cell.sharing[chosen[cell.sharing[:, :2].astype(int)].all(1)]
    sharing = np.column_stack([place[sharing[:, :2].astype(int)], sharing[:, 2]])
    return replace(cell, **kept, rivals=place[rivals], sharing=sharing, arms=cell.arms[chosen], owner=cell.owner[chosen])


def join(one: Cell, other: Cell) -> Cell:
    """Return a cell with the proposals of both."""
    both = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in OBJECTS}
    rivals = np.concatenate([one.rivals, other.rivals + len(one.sure)])
    sharing = np.concatenate([one.sharing, other.sharing + np.array([len(one.sure), len(one.sure), 0])])
    return replace(one, **both, rivals=rivals, sharing=sharing, arms=block_diag(one.arms, other.arms).astype(bool))


@dataclass(frozen=True, eq=False)
class Answer:
    """What the program says of a cell: (label, change) -> (raw evidence, probability), and the margins of all changes."""

    found: dict[tuple[str, int], tuple[np.ndarray, float]]
    margins: Margins


def decide(cell: Cell, extra: float = EXTRA, leave: float = LEAVE) -> Answer:
    """Decide a cell as the pipeline does."""
    sharing = [(int(a), int(b), share) for a, b, share in cell.sharing]
    shown = choose(cell.first, cell.sure, cell.rivals.tolist(), cell.arms, sharing)
    last, whole = cell.last[shown], cell.whole[shown]
    classes = arrange(last, whole, extra=extra, leave=leave).classes
    belief = np.where(classes >= 0, last[np.arange(len(classes)), classes], 0.0) * whole
    changes = find_changes(count_classes(classes), classes, belief)
    found = {(f.label, int(np.sign(f.change))): (evidence(f.label, f.change, classes, belief), f.probability) for f in changes}
    return Answer(found, weigh_changes(last, whole))


def simulate(cells: list[Cell], number: int, seed: int = 0) -> Iterator[tuple[int, str, int, Cell]]:
    """Yield (number of the base cell, label, change, cell): gains and losses in turn, of all classes alike."""
    rng = np.random.default_rng(seed)
    bases = [index for index, cell in enumerate(cells) if cell.normal]
    made = 0
    while made < number:
        base, label, change = int(rng.choice(bases)), int(rng.integers(len(LABELS))), 1 - 2 * (made % 2)
        index = base if change < 0 else int(rng.integers(len(cells)))
        copies = np.flatnonzero(cells[index].truth == label)
        if not len(copies) or (change > 0) == (index == base) or (change < 0 and LABELS[label] == "X" and len(copies) < 2):
            continue
        shows = cells[index].owner == rng.choice(copies)
        cell = part(cells[base], ~shows) if change < 0 else join(cells[base], part(cells[index], shows))
        made += 1
        yield base, LABELS[label], change, cell


def is_found(answer: Answer, label: str, change: int, least: float) -> bool:
    """Tell whether the change is among the findings; a change of sex chromosomes may be told as one of the other's."""
    alike = [key for key, (_, probability) in answer.found.items() if probability >= least]
    if label in ("X", "Y"):
        return any(name in ("X", "Y") and (way == change or name != label) for name, way in alike)
    return (label, change) in alike


def share(hits: int, total: int) -> dict[str, float]:
    """Return a share with its 95 % interval."""
    low, high = wilson_interval(hits, total)
    return {"hits": hits, "of": total, "share": round(hits / max(total, 1), 4), "low": round(low, 4), "high": round(high, 4)}


def score(cells: list[Cell], number: int, extra: float = EXTRA, leave: float = LEAVE) -> dict[str, object]:
    """Return how many simulated changes are among the findings, and how many normal cells have any."""
    hits: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for _, label, change, cell in simulate(cells, number):
        answer = decide(cell, extra, leave)
        kind = kind_of(label, change)
        totals[kind] += 1
        for name, least in (("found", 0.0), ("shown", SHOWN)):
            hits[kind, name] += is_found(answer, label, change, least)
    base = [decide(cell, extra, leave) for cell in cells if cell.normal]
    flagged = {
        name: share(sum(any(p >= least for _, p in answer.found.values()) for answer in base), len(base))
        for name, least in (("found", 0.0), ("shown", SHOWN))
    }
    return {
        "changes": {kind: {name: share(hits[kind, name], totals[kind]) for name in ("found", "shown")} for kind in totals},
        "normal_cells_with_a_finding": flagged,
    }


@dataclass(frozen=True, eq=False)
class Told:
    """A finding of one simulated or normal cell: its case, kind, raw evidence, and whether it is true."""

    case: str
    kind: str
    evidence: np.ndarray
    right: bool


def fit(cells: list[Cell], number: int) -> dict[str, tuple[float, ...]]:
    """Return, for each kind of change, the weights that turn evidence into the logarithm of the odds.

    Simulated changes that were found are weighed as often as such changes are met, what was found in normal cells is false. Of
    the sex chromosomes too few are found to be fitted apart: they share the weights, and differ by how often they change,
    and by being two of 46, so that few of the program's mistakes fall on them. Prints what beliefs fitted on other cases say.
    """
    told: list[Told] = []
    tried: Counter[str] = Counter()
    for base, label, change, cell in simulate(cells, number):
        tried[kind := kind_of(label, change)] += 1
        if (label, change) in (found := decide(cell).found):
            told.append(Told(cells[base].case, kind, found[label, change][0], True))
    normal = [(cell.case, decide(cell)) for cell in cells if cell.normal]
    told += [Told(case, kind_of(*key), seen, False) for case, answer in normal for key, (seen, _) in answer.found.items()]
    dealt = {case: n % FOLDS for n, case in enumerate(sorted({cell.case for cell in cells}))}
    flagged, shown = set[int](), Counter[str]()
    for fold in range(FOLDS):
        weights = weigh([each for each in told if dealt[each.case] != fold], tried, len(normal))
        for each in told:
            if dealt[each.case] == fold and each.right:
                shown[each.kind] += believe(weights, each.kind, each.evidence) >= SHOWN
        for n, (case, answer) in enumerate(normal):
            own = [believe(weights, kind_of(*key), seen) for key, (seen, _) in answer.found.items()]
            if dealt[case] == fold and max(own, default=0.0) >= SHOWN:
                flagged.add(n)
    print(f"by beliefs fitted on other cases: {len(flagged)} of {len(normal)} normal cells flagged; simulated changes shown:")
    print({kind: f"{shown[kind]} of {tried[kind]}" for kind in sorted(tried)})
    return weigh(told, tried, len(normal))


def believe(weights: dict[str, tuple[float, ...]], kind: str, seen: np.ndarray) -> float:
    """Return the probability of a finding with this evidence."""
    constant, *slopes = weights[kind]
    return float(expit(constant + seen @ slopes))


def weigh(told: list[Told], tried: Counter[str], normal: int) -> dict[str, tuple[float, ...]]:
    """Return the weights that findings speak for; ``tried`` of each kind were simulated, ``normal`` cells could be flagged."""
    weights: dict[str, tuple[float, ...]] = {}
    for way in ("gain", "loss"):
        own = [each for each in told if each.kind.endswith(way)]
        rows, sign = np.array([each.evidence for each in own]), np.array([1.0 if each.right else -1.0 for each in own])
        weight = np.where(sign > 0, PRIOR[way] * normal / (tried[way] + tried[f"sex {way}"]), 1.0)
        start = np.array([0.0, 0.5, -0.5, -1.0])
        constant, *slopes = minimize(_loss, start, (rows, sign, weight)).x.round(2).tolist()
        oftener = PRIOR[f"sex {way}"] / PRIOR[way] * (46 - 2) / 2
        weights |= {way: (constant, *slopes), f"sex {way}": (round(constant + float(np.log(oftener)), 2), *slopes)}
    return weights


def _loss(weights: np.ndarray, rows: np.ndarray, sign: np.ndarray, weight: np.ndarray) -> float:
    """Return the logistic loss; slopes are held near what they would be if evidence were half as good as it says."""
    slack = 0.1 * float(((weights[1:] - [0.5, -0.5, -1.0]) ** 2).sum())
    return float((weight * np.logaddexp(0, -sign * (weights[0] + rows @ weights[1:]))).sum()) + slack


def main() -> None:
    """Parse, then tune, fit or score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("opinions", type=Path, nargs="+")
    parser.add_argument("--number", type=int, default=1200)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cells = read_cells(args.opinions)
    if args.fit:
        print(f"BELIEF = {fit(cells, args.number)}")
        return
    prices = list(product((3.5, 5.3), (0.0, 1.0, 2.0, 3.0))) if args.tune else [(EXTRA, LEAVE)]
    report: dict[str, object] = {"cells": len(cells), "simulated": args.number}
    for extra, leave in prices:
        report |= score(cells, args.number, extra, leave)
        print(f"EXTRA {extra}, LEAVE {leave}\n{json.dumps(report, indent=1)}", flush=True)
    if args.json:
        write_text(args.json, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

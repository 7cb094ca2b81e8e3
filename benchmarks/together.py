"""What the margin of a change says of one cell, and how often the cells of a case, simulated or normal, have a finding.

    python benchmarks/opinions.py opinions/train --part train    # and so for val and test
    python benchmarks/together.py opinions/val opinions/train
    python benchmarks/together.py opinions/test --number 500 --json benchmarks/results/together.json

Changes are simulated as by benchmarks/simulated.py; the table printed is what EVIDENCE in karyogram/karyotype/together.py is
read off. A simulated case is of cells with the same change, of any persons; normal cases are the normal cells of real ones.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from simulated import Cell, decide, read_cells, share, simulate

from karyogram.files import write_text
from karyogram.karyotype.findings import kind_of
from karyogram.karyotype.margins import Margins
from karyogram.karyotype.together import find_together
from karyogram.labels import LABELS

#: Where the margins of changed and of normal cells are counted.
EDGES = (-np.inf, -6, -4, -2, 0, 2, 4, 5, 6, np.inf)
#: Cells of a simulated case, and how many cases there are of each change.
CELLS, CASES = (3, 4, 5), 20


def together(cells: list[Cell], number: int, seed: int = 0) -> dict[str, object]:
    """Return what margins say of one cell, and how often simulated cases and normal ones have a finding of all their cells.

    Prints the share of changed and of normal cells whose margin lies between each two of ``EDGES``.
    """
    changed: dict[tuple[str, int], list[Margins]] = defaultdict(list)
    for base, label, change, cell in simulate(cells, number):
        sexes = "Y" if (cells[base].truth == LABELS.index("Y")).any() else "X"
        if change > 0 or label not in ("X", "Y") or label == sexes:
            key = {("X", 1): "XXX" if sexes == "X" else "XXY", ("Y", 1): "XYY" if sexes == "Y" else "XXY"}
            name = key.get((label, change), "X") if label in ("X", "Y") else label
            changed[name, change].append(decide(cell).margins)
    normal = defaultdict[str, list[Margins]](list)
    for cell in cells:
        if cell.normal:
            normal[cell.case].append(decide(cell).margins)

    def of(margins: Margins, name: str, change: int) -> float:
        return margins.autosomes[f"{change:+d}"[0] + name] if name in LABELS[:22] else margins.of_sex(name)

    everyone = [margins for own in normal.values() for margins in own]
    seen: dict[str, list[list[float]]] = defaultdict(lambda: [[], []])
    rng, hits, tried = np.random.default_rng(seed), Counter[str](), Counter[str]()
    for (name, change), own in sorted(changed.items()):
        kind = kind_of(name if name in LABELS else "X", change)
        seen[kind][0] += [of(margins, name, change) for margins in own]
        seen[kind][1] += [of(margins, name, change) for margins in everyone]
        wanted = {"XXX": ("X",), "XXY": ("X",), "XYY": ("Y",), "X": ("X", "Y")}.get(name, (name,))
        for _ in range(CASES if len(own) >= max(CELLS) else 0):
            size = int(rng.choice(CELLS))
            found = find_together([own[k] for k in rng.choice(len(own), size, replace=False)])
            hits[kind] += any(f.change == change and f.label in wanted for f in found)
            tried[kind] += 1
    for kind, (with_change, without) in seen.items():
        print(kind, "margin from: share of changed cells, of normal cells")
        shares = [np.histogram(values, EDGES)[0] / len(values) for values in (with_change, without)]
        for low, one, other in zip(EDGES, *shares, strict=False):
            print(f"  {low:5}: {one:.3f} {other:.5f}")
    full = [own for own in normal.values() if len(own) >= min(CELLS)]
    flagged = sum(bool(find_together(own)) for own in full)
    return {
        "simulated_cases_found": {kind: share(hits[kind], tried[kind]) for kind in sorted(tried)},
        "normal_cases_flagged": share(flagged, len(full)),
    }


def main() -> None:
    """Parse, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("opinions", type=Path, nargs="+")
    parser.add_argument("--number", type=int, default=600)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cells = read_cells(args.opinions)
    report = {"cells": len(cells), "simulated": args.number} | together(cells, args.number)
    print(json.dumps(report, indent=1))
    if args.json:
        write_text(args.json, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""The founding study's grid, as far as it was fitted here, to one page: `python benchmarks/grid.py [STUDY ...]`.

A STUDY is what `karyogram grid --preset founders --nets NET -o STUDY` left, of one network; its runs, its curves, its best
setting and its protocol are kept in benchmarks/grid. Then benchmarks/grid.md is written from all that lies there, beside the
founders' own figures (reference/founders_grid.csv beside the data, in KARYOGRAM_DATA or ../shared/data).
"""

import csv
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from scipy.stats import spearmanr

from karyogram.files import write_text

HERE = Path(__file__).parent
KEPT = HERE / "grid"
REFERENCE = (
    Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")).parent / "reference" / "founders_grid.csv"
)
#: Networks, in the page's order, and what the founders called them; they could not get the last two to run, or had none.
NETS = {
    "inception-v3": "InceptionV3",
    "inception-v3-paper": "InceptionV3 (paper head)",
    "vgg16": "VGG16",
    "resnet50": "ResNet50",
    "resnet18": "ResNet18",
    "inception-resnet-v2": "",
    "compact-v1": "",
}
COLUMN = "best_val_accuracy"
SETTINGS = [(name, rate) for name in ("Adam", "SGD", "RMSprop") for rate in (1e-4, 1e-3, 1e-2)]
HEAD = """# The founding study's grid, on a reduced protocol

    karyogram grid --preset founders --nets resnet18 --data ../shared/data/cirnet --limit 60 --side 80 --epochs 8 -o study
    python benchmarks/grid.py study

and so on for the other networks, ours without `--side`, those that the table says had four epochs with `--epochs 4`.

The preset `founders` (docs/training.md) asks for six networks, three optimizers and three rates at 224 or 299 pixels for 30
epochs, which takes a GPU. On two cores this much fits: pictures of 80 x 80 pixels (our `compact-v1`: its own 112 x 48), 60 of a
class at most (981 for training, 141 for test, 280 for validation), and few epochs. So no figure here is one of the founders'
study, and networks that begin with nothing have hardly begun; what may be compared is which setting is better than which. The
best setting is chosen by validation accuracy; test curves are drawn after that.

Split by picture, as theirs: cells and cases are shared by the parts, so scores flatter.

## The best setting of each network

"""
NOTE = """
Seconds were taken beside other work, so they only say how long it took here. "ImageNet": the convolutions begin with VGG16's
weights of Keras, brought to our input's scale (`--weights`); for the other networks there were none at hand. VGG16 has hardly
begun with any setting: what ImageNet taught it fits no chromosomes of thirty pixels (a linear reading of its features tells
0.30 of 128 pictures right, one of random features 0.55), and four epochs do not mend that; so its order says nothing.

## All settings, beside the founders'

Best validation accuracy, ours / theirs (30 epochs, 224 or 299 pixels). The last row is the rank correlation of both.

"""


def keep(study: Path) -> None:
    """Keep what the page shows of one study of one network."""
    run = json.loads((study / "run.json").read_text("utf-8"))
    (net,) = run["nets"]
    best = next(line for line in (study / "table.md").read_text("utf-8").splitlines() if line.startswith(f"| {net} |"))
    protocol = {key: run[key] for key in ("epochs", "limit", "side")} | {"weights": run["weights"] is not None}
    KEPT.mkdir(exist_ok=True)
    write_text(KEPT / f"{net}.json", json.dumps({**protocol, "best": best}, indent=1) + "\n")
    shutil.copy(study / "runs.csv", KEPT / f"runs-{net}.csv")
    shutil.copy(study / f"curves-{net}.png", KEPT / f"curves-{net}.png")


def read_runs(path: Path) -> dict[tuple[str, str, float], float]:
    """Return the best validation accuracy of each (model, optimizer, rate) of a table of runs."""
    with path.open(encoding="utf-8") as file:
        return {
            (row["model"], row["optimizer"], float(row["learning_rate"])): float(row[COLUMN]) for row in csv.DictReader(file)
        }


def best_table(nets: dict[str, dict[str, Any]]) -> str:
    """Return the rows that the studies printed, with what the networks began with before them."""
    head = (
        "| begins with | model | input | parameters | MB | optimizer | rate | best epoch | train | validation | test (95 %) |"
    )
    lines = [f"{head} training, s | latency, ms |", "|" + " --- |" * 13]
    rows = [f"| {'ImageNet' if kept['weights'] else 'nothing'} {kept['best']}" for kept in nets.values()]
    return "\n".join([*lines, *rows]) + "\n"


def settings_table(nets: dict[str, dict[str, Any]], theirs: dict[tuple[str, str, float], float]) -> str:
    """Return a row a setting, a column a network, and the rank correlation with the founders' figures."""
    runs = {net: read_runs(KEPT / f"runs-{net}.csv") for net in nets}
    lines = [f"| optimizer | rate | {' | '.join(nets)} |", "|" + " --- |" * (2 + len(nets))]
    for name, rate in SETTINGS:
        cells = []
        for net in nets:
            other = theirs.get((NETS[net], name, rate))
            cells.append(f"{runs[net][net, name, rate]:.3f}" + (f" / {other:.3f}" if other is not None else ""))
        lines.append(f"| {name} | {rate:g} | {' | '.join(cells)} |")
    ranks = []
    for net in nets:
        pairs = [(runs[net][net, *one], theirs[NETS[net], *one]) for one in SETTINGS if (NETS[net], *one) in theirs]
        ranks.append(f"{spearmanr(*zip(*pairs, strict=True)).statistic:.2f}" if pairs else "")
    return "\n".join([*lines, f"| rank correlation | | {' | '.join(ranks)} |"]) + "\n"


def main() -> None:
    """Keep the studies given, and write the page."""
    for study in sys.argv[1:]:
        keep(Path(study))
    nets = {net: json.loads((KEPT / f"{net}.json").read_text("utf-8")) for net in NETS if (KEPT / f"{net}.json").is_file()}
    curves = [f"\n![Loss and accuracy of each run of {net}, epoch by epoch](grid/curves-{net}.png)\n" for net in nets]
    page = HEAD + best_table(nets) + NOTE + settings_table(nets, read_runs(REFERENCE)) + "\n## Curves\n" + "".join(curves)
    runs = ", ".join(f"[{net}](grid/runs-{net}.csv)" for net in nets)
    write_text(HERE / "grid.md", f"{page}\nAll runs: {runs}.\n")


if __name__ == "__main__":
    main()

"""Single pictures of chromosomes, one by one and cell by cell, as `karyogram classify` reads them: what the cell is worth.

    python benchmarks/whole_cells.py --model gband                # never saw cirnet: all its cases
    python benchmarks/whole_cells.py --model gband-cirnet --test  # its held-out cases only

Writes benchmarks/results/whole-cells-MODEL.json. Needs KARYOGRAM_DATA (default ../shared/data).
"""

import argparse
import json
import os
from pathlib import Path

from karyogram.datasets.splits import read_split
from karyogram.files import write_text
from karyogram.labels import parse_label
from karyogram.metrics.classification import wilson_interval
from karyogram.singles import Answer, classify_pictures
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "cirnet"
#: What is searched in a file name -> what the pictures then are.
WAYS = {"alone": None, "with the cell": r"(\d+_\d+_\d+)\."}


def main() -> None:
    """Read, count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gband")
    parser.add_argument("--test", action="store_true", help="only the part test of benchmarks/splits/cirnet.csv")
    args = parser.parse_args()
    split = read_split(HERE / "splits" / "cirnet.csv")
    paths = [path for path in sorted(DATA.rglob("*.tiff")) if not args.test or split[path.stem].part == "test"]
    model, found = load_model(args.model, threads=2), {"model": args.model, "pictures": len(paths)}
    for way, regex in WAYS.items():
        answers = [answer for answer in classify_pictures(paths, model, regex) if isinstance(answer, Answer)]
        right = sum(answer.label == parse_label(Path(answer.path).parent.name) for answer in answers)
        interval = [round(bound, 4) for bound in wilson_interval(right, len(answers))]
        found[way] = {"read": len(answers), "right": right, "accuracy": round(right / len(answers), 4), "interval": interval}
    print(json.dumps(found, indent=1))
    write_text(HERE / "results" / f"whole-cells-{args.model}.json", json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

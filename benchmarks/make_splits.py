"""Deal the cases of both sets to train, val and test again: the same files as in benchmarks/splits, byte for byte.

    python benchmarks/make_splits.py [FOLDER]     # default: benchmarks/splits

The pictures lie in KARYOGRAM_DATA (default ../shared/data); only their names and the authors' lists are read.
"""

import os
import sys
from pathlib import Path

from karyogram.datasets import tseng
from karyogram.datasets.splits import cirnet_case, split_by_case, write_split

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))


def main() -> None:
    """Write one CSV file a set."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "splits"
    names = [path.stem for path in (DATA / "cirnet").rglob("*.tiff")]
    print(write_split(folder / "tseng2023.csv", tseng.split(DATA / "tseng2023", seed=0)))
    print(write_split(folder / "cirnet.csv", split_by_case(names, cirnet_case, test=0.25, val=0.08, seed=0)))


if __name__ == "__main__":
    main()

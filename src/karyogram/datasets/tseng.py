"""The `tseng2023` folder: pictures, boxes and the authors' lists (doi 10.1038/s41597-023-02003-7)."""

import csv
from pathlib import Path

from karyogram.datasets.splits import Entry, split_by_case, tseng_case

#: How far the boxes stand off the chromosome: left, top, right, bottom, in pixels; measured on isolated chromosomes.
MARGIN = (7.0, 8.0, 5.0, 4.0)


def listed_names(folder: Path) -> set[str]:
    """Return the names of all pictures in the authors' lists: abnormal in number or structure, or difficult."""
    names = set((folder / "difficult.txt").read_text("utf-8").split())
    for file in ("number_abnormalities.csv", "structural_abnormalities.csv"):
        rows = csv.DictReader((folder / file).read_text("utf-8").splitlines())
        names |= {row["filename"].removesuffix(".jpg") for row in rows if row["filename"]}
    return names


def split(folder: Path, seed: int = 0) -> list[Entry]:
    """Deal the cases to train, val and test; cases of listed pictures, being the hard ones, all go to test."""
    names = [path.stem for path in (folder / "annotations").glob("*.xml")]
    return split_by_case(names, tseng_case, test=0.25, val=0.06, held_out=listed_names(folder), seed=seed)

"""A folder of labelled pictures to samples: what `karyogram train` does before it fits."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from karyogram.classify.prepare import Preparation
from karyogram.datasets.splits import Entry, read_split, split_by_case, write_split
from karyogram.errors import DataError
from karyogram.files import SUFFIXES
from karyogram.training.data import Samples, prepare_crops, prepare_metaphases
from karyogram.training.orient import orient


def read_or_make_split(data: Path, out: Path, split: Path | None, case_regex: str, seed: int) -> dict[str, Entry]:
    """Return the split of a run: the given file, or the one in ``out`` from before, or a new one by ``case_regex``."""
    made = out / "split.csv"
    if split is None and not made.is_file():
        pattern = re.compile(case_regex)
        names = {path.stem for path in data.rglob("*") if path.suffix.lower() in SUFFIXES}
        cases = {name: match.group(1) for name in names if (match := pattern.search(name))}
        if not cases:
            raise DataError(f"{data}: no picture whose name matches {case_regex!r}")
        write_split(made, split_by_case(cases, cases.__getitem__, seed=seed))
    return read_split(split or made)


def prepare_folder(data: Path, split: Mapping[str, Entry], scale: float) -> Samples:
    """Prepare metaphases with VOC boxes (images/, annotations/; which end is up comes from the band table) or class folders."""
    how = Preparation(scale=Preparation().scale * scale)
    if not (data / "annotations").is_dir():
        return prepare_crops(data, split, how)
    samples = prepare_metaphases(data / "images", data / "annotations", split, how)
    table = samples.table.copy()
    table["up"] = orient(samples.canvases, table["label"])
    return replace(samples, table=table)

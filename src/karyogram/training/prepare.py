"""A folder of labelled pictures to samples: what `karyogram train` does before it fits."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from karyogram.classify.prepare import Preparation
from karyogram.datasets.splits import Entry, split_by_case
from karyogram.errors import DataError
from karyogram.files import SUFFIXES
from karyogram.training.data import Samples, prepare_crops, prepare_metaphases
from karyogram.training.orient import orient
from karyogram.training.synthetic import synthetic_samples


def make_split(data: Path, case_regex: str, seed: int) -> dict[str, Entry]:
    """Deal the pictures in ``data`` to parts; the first group of ``case_regex``, searched in a name, is the case.

    Pictures whose names do not match are left out. Raises DataError if none matches, or if too few cases are left.
    """
    pattern = re.compile(case_regex)
    names = {path.stem for path in data.rglob("*") if path.suffix.lower() in SUFFIXES}
    cases = {name: match.group(1) for name in names if (match := pattern.search(name)) and match.group(1)}
    if not cases:
        raise DataError(f"{data}: no picture whose name matches {case_regex!r}")
    entries = split_by_case(cases, cases.__getitem__, seed=seed)
    if all(entry.part != "train" for entry in entries):
        number = len(set(cases.values()))
        raise DataError(f"{data}: too few cases ({number}) to leave one for training: give more, or a split of your own")
    return {entry.name: entry for entry in entries}


def prepare_folder(
    data: Path, split: Mapping[str, Entry], how: Preparation, segmenter: str | None = None, drawn: int = 0
) -> Samples:
    """Prepare metaphases with VOC boxes (images/, annotations/; which end is up comes from the band table) or class folders.

    ``segmenter``, a model's name or file, cuts out the metaphases' chromosomes that touch or cross, too. The chromosomes of
    ``drawn`` drawn metaphases are added for training.
    """
    if not (data / "annotations").is_dir():
        return prepare_crops(data, split, how)
    samples = prepare_metaphases(data / "images", data / "annotations", split, how, segmenter)
    table = samples.table.copy()
    table["up"] = orient(samples.canvases, table["label"], table["part"] == "train")
    if not drawn:
        return replace(samples, table=table)
    more = synthetic_samples(how, range(drawn))
    return Samples(np.concatenate([samples.canvases, more.canvases]), np.concatenate([table, more.table]), how)

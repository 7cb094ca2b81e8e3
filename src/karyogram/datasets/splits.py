"""Splits by case: which pictures train, which choose (val), which judge (test). Never by picture.

A split lives in a CSV file with the columns ``name,case,part`` that training and scoring both read; the ones behind the
shipped models are committed in ``benchmarks/splits``.
"""

import csv
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from karyogram.errors import DataError
from karyogram.files import write_text
from karyogram.tables import to_csv

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Entry:
    """One picture of a split: its name (file name without suffix), its case, and its part."""

    name: str
    case: str
    part: str


def tseng_case(name: str) -> str:
    """Return the case of a `tseng2023` picture name (no suffix).

    >>> tseng_case("1050211_1"), tseng_case("103082"), tseng_case("unknow002")
    ('105021', '10308', 'unknow002')
    """
    return name if name.startswith("unknow") else re.sub(r"_\d+$", "", name)[:-1]


def cirnet_case(name: str) -> str:
    """Return the case of a `cirnet` picture name (no suffix): the third field.

    >>> cirnet_case("1_1_56131_115966_1341591")
    '56131'
    """
    return name.split("_")[2]


def cirnet_cell(name: str) -> str:
    """Return the cell of a `cirnet` picture name (no suffix): its last three fields.

    >>> cirnet_cell("1_1_56131_115966_1341591")
    '56131_115966_1341591'
    """
    return "_".join(name.split("_")[2:])


def split_by_case(
    names: Iterable[str],
    case_of: Callable[[str], str],
    *,
    test: float = 0.2,
    val: float = 0.1,
    held_out: Iterable[str] = (),
    seed: int = 0,
) -> list[Entry]:
    """Deal whole cases to train, val and test.

    ``test`` and ``val`` are shares of the pictures. Every case of a ``held_out`` picture goes to test, even if that
    exceeds the share; the rest are dealt in an order fixed by ``seed``. Entries come back in name order.
    """
    names = sorted(names)
    sizes: dict[str, int] = {}
    for name in names:
        sizes[case_of(name)] = sizes.get(case_of(name), 0) + 1
    part = {case_of(name): "test" for name in held_out if case_of(name) in sizes}
    others = sorted(set(sizes) - set(part))
    random.Random(seed).shuffle(others)
    goals = {"test": test * len(names) - sum(sizes[case] for case in part), "val": val * len(names)}
    for case in others:
        chosen = next((p for p in ("test", "val") if goals[p] > 0), "train")
        part[case] = chosen
        if chosen in goals:
            goals[chosen] -= sizes[case]
    return [Entry(name, case_of(name), part[case_of(name)]) for name in names]


def folds_by_case(names: Iterable[str], case_of: Callable[[str], str], folds: int = 5, seed: int = 0) -> list[list[Entry]]:
    """Return ``folds`` splits, each of which tests on other whole cases and trains on the rest; every picture is tested once.

    Cases are dealt, the largest first, to the fold that holds the fewest pictures; ``seed`` orders cases of one size. Raises
    DataError for fewer cases than folds.
    """
    names = sorted(names)
    cases: dict[str, int] = {}
    for name in names:
        cases[case_of(name)] = cases.get(case_of(name), 0) + 1
    if len(cases) < folds:
        raise DataError(f"{len(cases)} cases cannot be dealt to {folds} folds")
    order = sorted(cases)
    random.Random(seed).shuffle(order)
    sizes, fold_of = [0] * folds, {}
    for case in sorted(order, key=lambda c: -cases[c]):
        fold_of[case] = sizes.index(min(sizes))
        sizes[fold_of[case]] += cases[case]
    return [
        [Entry(name, case_of(name), "test" if fold_of[case_of(name)] == fold else "train") for name in names]
        for fold in range(folds)
    ]


def write_split(path: str | Path, entries: Iterable[Entry]) -> Path:
    """Write a split as CSV with the columns name, case, part."""
    return write_text(path, to_csv(("name", "case", "part"), ((e.name, e.case, e.part) for e in entries)))


def read_split(path: str | Path) -> dict[str, Entry]:
    """Read a split CSV into {name: entry}. Raises DataError if it is none or if a case stands in two parts."""
    path = Path(path)
    try:
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not rows or not {"name", "case", "part"} <= set(rows[0]):
        raise DataError(f"{path}: not a split file: it needs the columns name, case, part")
    entries = {row["name"]: Entry(row["name"], row["case"], row["part"]) for row in rows}
    if len(entries) != len(rows):
        raise DataError(f"{path}: a name stands in it twice")
    _check(path, entries)
    return entries


def _check(path: Path, entries: Mapping[str, Entry]) -> None:
    part_of: dict[str, str] = {}
    for entry in entries.values():
        if entry.part not in PARTS:
            raise DataError(f"{path}: {entry.name} has the part {entry.part!r}, not one of {', '.join(PARTS)}")
        if part_of.setdefault(entry.case, entry.part) != entry.part:
            raise DataError(f"{path}: case {entry.case} is in {part_of[entry.case]} and in {entry.part}")

"""Classes of pictures of single chromosomes: class folders, or what ``karyogram classify`` wrote."""

import csv
import io
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.datasets.material import class_pictures
from karyogram.errors import DataError
from karyogram.labels import INDEX


@dataclass(frozen=True)
class Single:
    """One picture and its class, an index into ``LABELS``, with the probability that was claimed for it."""

    path: Path
    label: int
    probability: float = 1.0


@dataclass(frozen=True)
class Singles:
    """All that the file or folder ``source`` tells; ``by_folder`` is true if the folders' names are the classes."""

    source: Path
    pictures: Sequence[Single]
    by_folder: bool


@dataclass(frozen=True, eq=False)
class Answers:
    """N pictures: ``truth`` int (N,), ``said`` int (N,), -1 where nothing was, ``probability`` float (N,), 0 there."""

    paths: list[Path]
    truth: np.ndarray
    said: np.ndarray
    probability: np.ndarray


def match_answers(truth: Singles, said: Singles, wanted: Container[str] | None = None) -> Answers:
    """Return the pictures of ``truth`` beside what was said of them; ``wanted`` are names without suffix.

    Pictures are the same if their file names are; where a name stands twice, if the names of their folders are, too. Without
    ``wanted``, pictures of which nothing was said are left out. Raises DataError if no picture is left, or if a name stands
    twice where both sides' folders are classes and tell nothing apart.
    """
    depth = 1
    if twin := _twin(truth) or _twin(said):
        if truth.by_folder and said.by_folder:
            raise DataError(f"{twin}: another picture has the same name, so it cannot be told which class answers which")
        depth = 2
    answers = {single.path.parts[-depth:]: (single.label, single.probability) for single in said.pictures}
    found = [single for single in truth.pictures if wanted is None or single.path.stem in wanted]
    known = [(single, answers.get(single.path.parts[-depth:])) for single in found]
    kept = [(single, answer) for single, answer in known if answer or wanted is not None]
    if not any(answer for _, answer in kept):
        raise DataError(f"{said.source}: nothing to score against {truth.source}")
    given = [answer or (-1, 0.0) for _, answer in kept]
    return Answers(
        [single.path for single, _ in kept],
        np.array([single.label for single, _ in kept]),
        np.array([label for label, _ in given]),
        np.array([probability for _, probability in given]),
    )


def _twin(singles: Singles) -> Path | None:
    """Return a picture whose file name another one has, too; None if there is none."""
    seen: set[str] = set()
    for single in singles.pictures:
        if single.path.name in seen:
            return single.path
        seen.add(single.path.name)
    return None


def read_folders(folder: Path) -> Singles | None:
    """Read class folders; None if there is no picture. Raises DataError if a folder of pictures names no class."""
    pictures = [Single(path, INDEX[label]) for path, label in class_pictures(folder)]
    return Singles(folder, pictures, by_folder=True) if pictures else None


def read_predictions(path: Path) -> Singles:
    """Read a ``predictions.csv``. Raises DataError, naming file and line."""
    try:
        table = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
        rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if lacking := {"path", "label", "probability"} - set(table.fieldnames or ()):
        raise DataError(f"{path}: no predictions: the column {min(lacking)} is missing")
    pictures = []
    for line, row in rows:
        try:
            probability = float(row["probability"])
            if not 0 <= probability <= 1:
                raise ValueError(f"probability {probability}")
            pictures.append(Single(Path(row["path"]), INDEX[row["label"]], probability))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: line {line} is no prediction: {error}") from error
    return Singles(path, pictures, by_folder=False)

"""Truth in class folders beside what ``karyogram classify`` wrote: one class a picture."""

import csv
import io
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.datasets.material import class_pictures
from karyogram.errors import DataError
from karyogram.labels import INDEX


@dataclass(frozen=True, eq=False)
class Answers:
    """N pictures: ``truth`` int (N,), ``said`` int (N,), -1 where nothing was, ``probability`` float (N,), 0 there."""

    paths: list[Path]
    truth: np.ndarray
    said: np.ndarray
    probability: np.ndarray


def read_answers(truth: Path, predictions: Path, wanted: Container[str] | None = None) -> Answers:
    """Return the pictures of class folders beside the rows of a ``predictions.csv``; ``wanted`` are names without suffix.

    A row belongs to the picture whose folder and file name are the same. Without ``wanted``, pictures without a row are left
    out. Raises DataError, naming the file, if it is no table of predictions, or if no picture is left.
    """
    rows = read_predictions(predictions)
    found = [(path, label) for path, label in class_pictures(truth) if wanted is None or path.stem in wanted]
    known = [(path, label, rows.get((path.parent.name, path.name))) for path, label in found]
    kept = [row for row in known if row[2] is not None or wanted is not None]
    if not any(row[2] for row in kept):
        raise DataError(f"{predictions}: nothing to score against {truth}")
    said = [answer or (-1, 0.0) for *_, answer in kept]
    return Answers(
        [path for path, *_ in kept],
        np.array([INDEX[label] for _, label, _ in kept]),
        np.array([index for index, _ in said]),
        np.array([probability for _, probability in said]),
    )


def read_predictions(path: Path) -> dict[tuple[str, str], tuple[int, float]]:
    """Return {(folder, file name): (class, probability)} of a ``predictions.csv``. Raises DataError, naming file and line."""
    try:
        table = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
        rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if lacking := {"path", "label", "probability"} - set(table.fieldnames or ()):
        raise DataError(f"{path}: no predictions: the column {min(lacking)} is missing")
    answers = {}
    for line, row in rows:
        try:
            name = Path(row["path"])
            probability = float(row["probability"])
            if not 0 <= probability <= 1:
                raise ValueError(f"probability {probability}")
            answers[name.parent.name, name.name] = INDEX[row["label"]], probability
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: line {line} is no prediction: {error}") from error
    return answers

"""Truth beside results: VOC files and the ``karyotype.json`` files that ``karyogram analyze`` wrote."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.datasets.voc import Annotation, read_voc
from karyogram.errors import AnnotationError, DataError
from karyogram.labels import INDEX, LABELS
from karyogram.metrics.detection import grow_boxes
from karyogram.metrics.metaphases import Pair
from karyogram.records import Karyotype


@dataclass(frozen=True)
class PairFiles:
    """Where truth and result of one picture are; None for what is not there."""

    name: str
    truth: Path | None
    result: Path | None


def find_pairs(truth: Path, out: Path, wanted: Iterable[str] | None = None) -> list[PairFiles]:
    """Return the files of the ``wanted`` pictures, or of all that have truth, in name order.

    ``truth`` is one VOC file or a folder of them, read recursively; a picture's name is its truth file's path in that
    folder without ``.xml``. Its result is ``out/<name>/karyotype.json`` or ``out/<name>.json``. Raises DataError if
    there is no truth file at all.
    """
    if truth.is_dir():
        files = {file.relative_to(truth).as_posix()[: -len(".xml")]: file for file in truth.rglob("*.xml")}
    else:
        files = {truth.stem: truth} if truth.is_file() else {}
    if not files:
        raise DataError(f"{truth}: no VOC file (.xml) here")
    names = sorted(files if wanted is None else set(wanted))
    return [PairFiles(name, files.get(name), _result_file(out, name)) for name in names]


def _result_file(out: Path, name: str) -> Path | None:
    candidates = (out / name / "karyotype.json", out / f"{name}.json")
    return next((file for file in candidates if file.is_file()), None)


def read_names(path: str | Path) -> list[str]:
    """Read a text file of picture names, one a line; empty lines do not count. Raises DataError if there is none."""
    path = Path(path)
    try:
        names = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not names:
        raise DataError(f"{path}: holds no names")
    return names


def read_karyotype(path: str | Path) -> Karyotype:
    """Read one ``karyotype.json``. Raises AnnotationError, naming file and reason, if it is none."""
    path = Path(path)
    try:
        return Karyotype.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (AnnotationError, UnicodeDecodeError, OverflowError, RecursionError) as error:
        raise AnnotationError(f"{path}: {error}") from error


def read_pair(files: PairFiles, margin: tuple[float, float, float, float]) -> Pair:
    """Read truth and result of one picture; a missing result is one that found nothing.

    Predicted boxes are grown by ``margin`` (left, top, right, bottom) pixels, not past the picture. Raises
    AnnotationError, naming file and reason, if there is no truth, if a file is broken, or if the two disagree in size.
    """
    if files.truth is None:
        raise AnnotationError(f"{files.name}: no truth file of that name")
    truth = read_voc(files.truth)
    if files.result is None:
        return as_pair(truth, Karyotype(truth.filename, truth.width, truth.height), margin)
    try:
        return as_pair(truth, read_karyotype(files.result), margin)
    except ValueError as error:
        raise AnnotationError(f"{files.result}: {error}") from error


def as_pair(truth: Annotation, karyotype: Karyotype, margin: tuple[float, float, float, float]) -> Pair:
    """Return truth and prediction as arrays, predicted boxes grown by ``margin`` (left, top, right, bottom) pixels.

    Raises ValueError if the karyotype is of a picture of another size, or holds a class, box or score that is none.
    """
    size, true_size = (karyotype.width, karyotype.height), (truth.width, truth.height)
    _table([size], 2)
    if all(true_size) and size != true_size:
        raise ValueError(f"a picture of {size[0]} x {size[1]} pixels, its truth has {true_size[0]} x {true_size[1]}")
    found = karyotype.chromosomes
    unknown = next((c for c in found if c.label is not None and c.label not in LABELS), None)
    if unknown is not None:
        raise ValueError(f"chromosome {unknown.id} has the label {unknown.label!r}, which is no class")
    numbers = _table([(*c.bbox, c.score, c.probability) for c in found], 6)
    if not np.isfinite(numbers).all() or (numbers[:, :2] >= numbers[:, 2:4]).any():
        raise ValueError("a chromosome has a box without area, or a number that is none")
    return Pair(
        boxes=_table([box.bbox for box in truth.boxes], 4),
        labels=_classes([box.label for box in truth.boxes]),
        predicted_boxes=grow_boxes(numbers[:, :4], margin, *size),
        predicted_labels=_classes([c.label for c in found]),
        score=numbers[:, 4],
        probability=numbers[:, 5],
    )


def _table(rows: list[tuple[float, ...]], columns: int) -> np.ndarray:
    try:
        return np.array(rows, float).reshape(len(rows), columns)
    except (TypeError, ValueError) as error:
        raise ValueError("a size, box, score or probability is not made of numbers") from error


def _classes(labels: list[str | None]) -> np.ndarray:
    return np.array([-1 if label is None else INDEX[label] for label in labels], int)

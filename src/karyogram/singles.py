"""Pictures of single chromosomes to classes, one by one or cell by cell."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from karyogram.classify.explain import sensitivity_map, sensitivity_profile
from karyogram.classify.predict import Prediction, join, predict
from karyogram.classify.prepare import prepare
from karyogram.draw.explain import draw_explanation
from karyogram.errors import explain
from karyogram.files import read_picture, write_text
from karyogram.karyotype.arrange import arrange
from karyogram.karyotype.review import review_reasons
from karyogram.labels import INDEX, LABELS
from karyogram.segment.single import find_single
from karyogram.shape.size import cell_scale
from karyogram.tables import to_csv
from karyogram.weights.record import Model

R = TypeVar("R")

#: So many chromosomes of a cell tell its size: fewer may be just its large ones, or its small ones.
ENOUGH = 30


@dataclass(frozen=True)
class Answer:
    """One row of ``predictions.csv``; ``flipped`` is true if a further half turn puts the short arm up.

    ``scale``, which is not in the file, brought the chromosome to the size that the model knows.
    """

    path: str
    label: str
    probability: float
    second_label: str
    second_probability: float
    flipped: bool
    review: str
    scale: float = 1.0


#: Columns of ``predictions.csv``.
COLUMNS = ("path", "label", "probability", "second_label", "second_probability", "flipped", "review")


@dataclass(frozen=True)
class Failure:
    """A picture that could not be classified, and why."""

    path: str
    error: str


def classify_pictures(paths: Sequence[Path], model: Model, cell_regex: str | None = None) -> Iterator[Answer | Failure]:
    """Yield an answer or a failure for each picture of one chromosome.

    With ``cell_regex``, searched in the file name, pictures whose first group agrees are one cell and decided
    jointly. Pictures that it does not match, or not with that group, stand alone.
    """
    cells: dict[str, list[Path]] = {}
    for path in paths:
        match = re.search(cell_regex, path.name) if cell_regex else None
        name = match.group(1) if match else None
        cells.setdefault(f"/{path}" if name is None else name, []).append(path)
    for members in cells.values():
        yield from _classify_cell(members, model)


def _classify_cell(paths: Sequence[Path], model: Model) -> Iterator[Answer | Failure]:
    found, failed = try_each(lambda path: find_single(read_picture(path).pixels), [(path, (path,)) for path in paths])
    yield from failed
    scale = singles_scale(np.array([chromosome.area for _, (_, chromosome) in found]))
    told, failed = try_each(lambda flat, chromosome: predict(model, flat, [chromosome], scale), found)
    yield from failed
    if not told:
        return
    said = join([prediction for _, prediction in told])
    for (path, _), opinion in zip(told, decide_cell(said) if len(told) > 1 else decide_alone(said), strict=True):
        row = opinion.probabilities
        yield Answer(
            str(path),
            LABELS[opinion.label],
            round(float(row[opinion.label]), 4),
            LABELS[opinion.second],
            round(float(row[opinion.second]), 4),
            opinion.flipped,
            "; ".join(opinion.review),
            scale,
        )


def try_each(one: Callable[..., R], given: Sequence[tuple[Path, Any]]) -> tuple[list[tuple[Path, R]], list[Failure]]:
    """Return what ``one`` makes of what is given of each picture, and the failures: no bad picture takes others with it."""
    done, failed = [], []
    for path, arguments in given:
        try:
            done.append((path, one(*arguments)))
        except Exception as error:  # whatever a strange picture makes a library stumble over
            failed.append(Failure(str(path), explain(path, error)))
    return done, failed


def singles_scale(areas: np.ndarray) -> float:
    """Return the scale for chromosomes of one cell, from their areas (N,) in pixels; 1 where they are too few to tell."""
    return cell_scale(int(areas.sum()), len(areas)) if len(areas) >= ENOUGH else 1.0


@dataclass(frozen=True, eq=False)
class Opinion:
    """What is decided of one chromosome: class, runner-up, ``probabilities`` (24,), whether to turn it, reasons to look."""

    label: int
    second: int
    probabilities: np.ndarray
    flipped: bool
    review: tuple[str, ...]


def decide_alone(said: Prediction) -> list[Opinion]:
    """Decide each chromosome by its own picture."""
    return _opinions(said, said.probabilities.argmax(1))


def decide_cell(said: Prediction) -> list[Opinion]:
    """Decide chromosomes together that are one cell's, or a part of it."""
    placed = arrange(said.probabilities, np.ones(len(said.up))).classes
    return _opinions(said, np.where(placed >= 0, placed, said.probabilities.argmax(1)))


def _opinions(said: Prediction, labels: np.ndarray) -> list[Opinion]:
    opinions = []
    for label, row, up, whole in zip(labels.tolist(), said.probabilities, said.up, said.whole, strict=True):
        second = int(np.argsort(row)[-2 if label == int(row.argmax()) else -1])
        reasons = review_reasons(label, row, float(whole), float(up), extra=False, at_border=False)
        opinions.append(Opinion(label, second, row, bool(up < 0.5), reasons))
    return opinions


def explain_answer(answer: Answer, model: Model) -> np.ndarray:
    """Return a drawing, uint8 (H, W, 3) RGB, of where the model looked to give an answer, beside both classes' ideograms.

    The picture is read again. Raises PictureError if it has gone or changed.
    """
    flat, chromosome = find_single(read_picture(answer.path).pixels)
    canvas = prepare(flat, chromosome, model.metadata["preparation"], answer.scale)
    canvas = np.ascontiguousarray(canvas[::-1, ::-1]) if answer.flipped else canvas
    index = INDEX[answer.label]
    opinions = [(answer.label, answer.probability), (answer.second_label, answer.second_probability)]
    return draw_explanation(canvas, sensitivity_map(model, canvas, index), sensitivity_profile(model, canvas, index), opinions)


def write_predictions(path: Path, answers: Sequence[Answer]) -> None:
    """Write ``predictions.csv``."""
    write_text(path, to_csv(COLUMNS, ([getattr(answer, column) for column in COLUMNS] for answer in answers)))

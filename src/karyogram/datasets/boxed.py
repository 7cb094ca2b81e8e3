"""What a file of any kind says of one metaphase, as arrays: the common form in which truth and results are scored."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from karyogram.datasets.voc import Annotation
from karyogram.labels import INDEX, LABELS
from karyogram.metrics.detection import grow_boxes
from karyogram.metrics.metaphases import Pair
from karyogram.records import Candidate, Chromosome, Karyotype

#: Left, top, right, bottom, in pixels.
Margin = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Boxed:
    """The chromosomes of one picture of ``width`` x ``height`` pixels, 0 where the file does not tell.

    ``boxes`` are float (N, 4), xmin, ymin, xmax, ymax in pixels, ``labels`` int (N,), an index into ``LABELS`` or -1, ``score``
    (N,) how sure the object is, ``probability`` (N,) how sure its class. The last ``spare`` are candidates that were not taken.
    """

    width: int
    height: int
    boxes: np.ndarray
    labels: np.ndarray
    score: np.ndarray
    probability: np.ndarray
    spare: int = 0


def make_boxed(
    size: tuple[int, int],
    rows: Sequence[tuple[float, ...]],
    labels: Sequence[str | None],
    where: Sequence[object],
    spare: int = 0,
) -> Boxed:
    """Check and join what a file says: ``size`` (width, height), ``rows`` xmin, ymin, xmax, ymax, score, probability.

    ``where`` is what errors call each object; the last ``spare`` of them were not taken. Raises ValueError for a class, box or
    number that is none.
    """
    _table([size], 2)
    for label, name in zip(labels, where, strict=True):
        if label is not None and label not in LABELS:
            raise ValueError(f"chromosome {name} has the label {label!r}, which is no class")
    numbers = _table(rows, 6)
    if not np.isfinite(numbers).all() or (numbers[:, :2] >= numbers[:, 2:4]).any():
        raise ValueError("a chromosome has a box without area, or a number that is none")
    classes = np.array([-1 if label is None else INDEX[label] for label in labels], int)
    return Boxed(*size, numbers[:, :4], classes, numbers[:, 4], numbers[:, 5], spare)


def _table(rows: Sequence[tuple[float, ...]], columns: int) -> np.ndarray:
    try:
        return np.array(rows, float).reshape(len(rows), columns)
    except (TypeError, ValueError) as error:
        raise ValueError("a size, box, score or probability is not made of numbers") from error


def of_annotation(annotation: Annotation) -> Boxed:
    """Return the boxes of a VOC file; all are sure."""
    rows = [(*box.bbox, 1.0, 1.0) for box in annotation.boxes]
    labels = [box.label for box in annotation.boxes]
    return make_boxed((annotation.width, annotation.height), rows, labels, range(1, len(rows) + 1))


def of_karyotype(karyotype: Karyotype) -> Boxed:
    """Return the tight boxes of a karyotype's masks, candidates last. Raises ValueError as :func:`make_boxed` does."""
    spare = len(karyotype.candidates)
    found: tuple[Chromosome | Candidate, ...] = (*karyotype.chromosomes, *karyotype.candidates)
    rows = [(*c.bbox, c.score, c.probability) for c in found]
    where = [*(c.id for c in karyotype.chromosomes), *(f"candidate {number}" for number in range(1, spare + 1))]
    return make_boxed((karyotype.width, karyotype.height), rows, [c.label for c in found], where, spare)


def pair_up(truth: Boxed, said: Boxed | None, margin: Margin) -> Pair:
    """Return truth and prediction of one picture; None is a result that found nothing.

    Predicted boxes are grown by ``margin`` (left, top, right, bottom) pixels, not past the picture. Raises ValueError if the
    two are of pictures of different sizes.
    """
    said = said or make_boxed((truth.width, truth.height), [], [], [])
    size, true_size = (said.width, said.height), (truth.width, truth.height)
    if all(size) and all(true_size) and size != true_size:
        raise ValueError(f"a picture of {size[0]} x {size[1]} pixels, its truth has {true_size[0]} x {true_size[1]}")
    limits = [side or other or np.inf for side, other in zip(size, true_size, strict=True)]
    grown = grow_boxes(said.boxes, margin, *limits)
    return Pair(truth.boxes, truth.labels, grown, said.labels, said.score, said.probability, said.spare)


def as_pair(truth: Annotation, karyotype: Karyotype, margin: Margin) -> Pair:
    """Return a VOC file's boxes and a karyotype's. Raises ValueError as :func:`pair_up` and :func:`of_karyotype` do."""
    return pair_up(of_annotation(truth), of_karyotype(karyotype), margin)

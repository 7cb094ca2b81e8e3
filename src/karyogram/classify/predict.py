"""Canvases to opinions."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import expit, softmax

from karyogram.classify.cell import canvas_sizes
from karyogram.classify.prepare import prepare
from karyogram.records import Instance
from karyogram.weights.record import Model

BATCH = 64
#: What a second opinion on the class counts against the classifier's own, and the least probability it can give.
OPINION, FLOOR = 1.0, 0.02

#: The ways to look at a canvas without changing its class: (rows, columns) steps, and whether they turn the short arm down.
VIEWS = (((1, 1), False), ((-1, 1), True))
#: A canvas is looked at again unless its class and which end is up are this probable. On validation pictures about every fourth
#: is, and nothing is lost against four views of each.
SURE, SURE_UP = 0.97, 0.9


@dataclass(frozen=True, eq=False)
class Prediction:
    """Opinions on N chromosomes: ``probabilities`` (N, 24), ``up`` (N,) P(short arm up), ``whole`` (N,) P(one whole one).

    ``sizes`` (N, 2) is how large they are on their canvases, see :func:`karyogram.classify.cell.canvas_sizes`.
    """

    probabilities: np.ndarray
    up: np.ndarray
    whole: np.ndarray
    sizes: np.ndarray


def predict(
    model: Model, flat: np.ndarray, instances: Sequence[Instance], scale: float = 1.0, views: int = len(VIEWS)
) -> Prediction:
    """Ask the model about chromosomes of one flattened picture, uint8 (H, W).

    ``scale`` brings them to the reference size, see :func:`karyogram.shape.size.cell_scale`.
    """
    how = model.metadata["preparation"]
    return predict_canvases(model, [prepare(flat, item, how, scale) for item in instances], views)


def join(predictions: Sequence[Prediction]) -> Prediction:
    """Return the opinions of several predictions as one, in their order."""
    return Prediction(*(np.concatenate([getattr(p, field.name) for p in predictions]) for field in fields(Prediction)))


def combine(probabilities: np.ndarray, opinions: np.ndarray) -> np.ndarray:
    """Return class probabilities (N, 24) that heed a second opinion, (N, 24) not normalised.

    A weighted geometric mean; the second opinion's floor keeps a class that it never thought of possible.
    """
    logits = np.log(np.maximum(probabilities, 1e-9)) + OPINION * np.log(opinions + FLOOR)
    return np.asarray(softmax(logits, axis=1))


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the class probabilities (N, 24) of two looks together, both (N, 24): their geometric mean, which sums to one."""
    logits = np.log(np.maximum(one, 1e-9)) + np.log(np.maximum(other, 1e-9))
    return np.asarray(softmax(logits / 2, axis=1))


def predict_canvases(model: Model, canvases: Sequence[np.ndarray], views: int = len(VIEWS)) -> Prediction:
    """Ask the model about prepared canvases, uint8 (h, w) each.

    At most the first ``views`` of ``VIEWS`` are taken, all but the first only of canvases in doubt; their logits are averaged.
    """
    if not len(canvases):
        return Prediction(*(np.zeros(shape, np.float32) for shape in ((0, 24), 0, 0, (0, 2))))
    stack = np.stack(canvases)
    logits, looks, asked = np.zeros((len(stack), 26)), np.zeros((len(stack), 1)), np.arange(len(stack))
    for (rows, columns), turned in VIEWS[:views]:
        classes, up, whole = _run(model, np.ascontiguousarray(stack[asked, ::rows, ::columns]))
        logits[asked] += np.column_stack([classes, -up if turned else up, whole])
        looks[asked] += 1
        mean = logits / looks
        probabilities, ups = softmax(mean[:, :24] / model.metadata["temperature"], axis=1), expit(mean[:, 24])
        asked = np.flatnonzero((probabilities.max(1) < SURE) | (np.maximum(ups, 1 - ups) < SURE_UP))
        if not len(asked):
            break
    return Prediction(probabilities, ups, expit(mean[:, 25]), canvas_sizes(stack))


def _run(model: Model, canvases: np.ndarray) -> list[np.ndarray]:
    """Return the model's three outputs, in batches that bound the memory."""
    starts = range(0, len(canvases), BATCH)
    parts = [model.session.run(None, {"canvases": canvases[start : start + BATCH]}) for start in starts]
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]

"""All chromosomes of a cell looked at together: what one picture leaves open, the others of its cell may close."""

import numpy as np
from scipy.special import softmax

from karyogram.weights.record import Model

#: Probabilities below this tell the second stage nothing more.
LEAST = 1e-5


def canvas_sizes(canvases: np.ndarray) -> np.ndarray:
    """Return float32 (N, 2), pixels: square root of the area, and height, of the chromosome on each canvas uint8 (N, h, w)."""
    inside = canvases > 0
    area, height = inside.sum((1, 2)), inside.any(2).sum(1)
    return np.stack([np.sqrt(area), height], 1).astype(np.float32)


def gather_evidence(probabilities: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return what the second stage is told of the N chromosomes of a cell, float32 (N, 26).

    Log-probabilities of the classes, from ``probabilities`` (N, 24); then the logarithm of both ``sizes`` (N, 2), relative to
    the cell's mean, so that a cell's magnification does not matter.
    """
    logs = np.log(np.maximum(probabilities, LEAST))
    sizes = np.log(np.maximum(sizes, 1.0))
    return np.concatenate([logs, sizes - sizes.mean(0, keepdims=True)], 1).astype(np.float32)


def refine(model: Model, probabilities: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return class probabilities (N, 24) after each chromosome of a cell was compared with all others of it.

    ``model`` is of the kind "cell"; ``probabilities`` (N, 24) are what single canvases say, ``sizes`` (N, 2) what
    :func:`canvas_sizes` measures. The order of chromosomes does not matter. One alone stays as it is.
    """
    if len(probabilities) < 2:
        return probabilities
    (logits,) = model.session.run(None, {"evidence": gather_evidence(probabilities, sizes)})
    return np.asarray(softmax(logits / model.metadata["temperature"], axis=1))

"""The image-similarity baseline: what a straightened chromosome looks like, compared with what each class looks like.

No network takes part. Matching along the straightened axis is how chromosomes were classified before there were any: Groen,
ten Kate, Smeulders and Young, Pattern Recogn. Lett. 9:211 (1989).
"""

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.special import softmax

from karyogram.errors import ModelError
from karyogram.files import write_bytes
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.shape.straighten import straighten

#: Rows and columns that every strip is resampled to, whatever the chromosome's size.
LENGTH, WIDTH = 96, 16
#: What one unit of correlation counts, in nats; chosen on validation cases.
SHARPNESS = 80.0
#: How often strips are turned to agree with their class, at most.
ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Templates:
    """What classes look like: ``strips`` float32 (M, h, w), each of mean 0 and norm 1, and ``labels`` int (M,), 0..23."""

    strips: np.ndarray
    labels: np.ndarray


def make_strip(flat: np.ndarray, instance: Instance) -> tuple[np.ndarray, float]:
    """Return (strip float32 (LENGTH, WIDTH), length) of one chromosome of a dark-on-white picture, uint8 (H, W).

    The chromosome is straightened, cut to its mask and resampled; stain is bright, 0..255, and 0 outside. Its length in pixels,
    which the strip does not show, comes beside it. Raises ValueError for an empty mask.
    """
    mask = np.pad(instance.mask, 2)
    own = flat[instance.window()] if instance.pixels is None else instance.pixels
    straight, solid = straighten(np.pad(own, 2, constant_values=255), mask)
    columns = np.flatnonzero(solid.any(0))
    stain = (255.0 - straight[:, columns[0] : columns[-1] + 1]).astype(np.float32)
    return np.asarray(cv2.resize(stain, (WIDTH, LENGTH), interpolation=cv2.INTER_AREA)), float(len(straight))


def fit_templates(strips: np.ndarray, labels: np.ndarray) -> Templates:
    """Return one template a class, the mean of its strips, (N, h, w), with ``labels`` int (N,), 0..23.

    Nobody needs to know which end of a strip is up: the strips of a class are turned until they agree. Only the part of a strip
    that a half turn negates tells its ends apart. The sign of that part's first principal component turns a strip first; then
    each is turned to agree with the mean of all, again and again, until nothing changes.
    """
    found = np.unique(labels)
    means = [_agree(_normalise(strips[labels == label])).mean(0) for label in found]
    return Templates(_normalise(np.stack(means)), found)


def keep_all(strips: np.ndarray, labels: np.ndarray) -> Templates:
    """Return every strip, (N, h, w), as a template of its own: nearest neighbour instead of class means."""
    return Templates(_normalise(strips), np.asarray(labels))


def predict_similarity(templates: Templates, strips: np.ndarray) -> np.ndarray:
    """Return class probabilities float64 (N, 24) of strips (N, h, w).

    A class is as likely as the normalised correlation, -1..1, of the strip with its best template, in the better of both
    orientations; ``SHARPNESS`` makes probabilities of it. A class without template gets the correlation -1.
    """
    wanted = _normalise(strips).reshape(len(strips), -1)
    best = np.full((len(strips), len(LABELS)), -1.0)
    for turned in (templates.strips, _turn(templates.strips)):
        correlation = wanted @ turned.reshape(len(turned), -1).T
        for label in np.unique(templates.labels):
            best[:, label] = np.maximum(best[:, label], correlation[:, templates.labels == label].max(1))
    return np.asarray(softmax(SHARPNESS * best, axis=1))


def fit_lengths(lengths: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return mean and standard deviation, float64 (24, 2), of the logarithm of each class's relative length.

    ``lengths`` (N,) are relative to the cell, in any unit. The spread is that of all classes together. The mean of a class that
    does not occur is infinite.
    """
    logs = np.log(lengths)
    means = np.array([logs[labels == i].mean() if (labels == i).any() else np.inf for i in range(len(LABELS))])
    spread = np.sqrt(np.mean((logs - means[labels]) ** 2))
    return np.stack([means, np.full(len(LABELS), max(spread, 1e-3))], 1)


def predict_length(fitted: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return class probabilities float64 (N, 24) that relative lengths (N,) alone tell; multiply to add this cue to another."""
    distance = (np.log(lengths)[:, None] - fitted[:, 0]) / fitted[:, 1]
    return np.asarray(softmax(-(distance**2) / 2, axis=1))


def save_templates(path: str | Path, templates: Templates) -> Path:
    """Write templates as .npz, atomically."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, strips=templates.strips, labels=templates.labels)
    return write_bytes(path, buffer.getvalue())


def load_templates(path: str | Path) -> Templates:
    """Read what :func:`save_templates` wrote. Raises ModelError, naming file and reason, for anything else."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            templates = Templates(stored["strips"], stored["labels"])
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # on broken archives NumPy raises whatever it stumbles over
        raise ModelError(f"{path}: no templates: {error}") from error
    strips, labels = templates.strips, templates.labels
    if strips.ndim != 3 or strips.dtype.kind != "f" or labels.shape != strips.shape[:1] or labels.dtype.kind != "i":
        raise ModelError(f"{path}: no templates: strips {strips.dtype} {strips.shape}, labels {labels.dtype} {labels.shape}")
    if not np.isin(labels, np.arange(len(LABELS))).all():
        raise ModelError(f"{path}: no templates: a label is not within 0..{len(LABELS) - 1}")
    return templates


def _normalise(strips: np.ndarray) -> np.ndarray:
    """Return strips (N, h, w) with mean 0 and norm 1 each, float32; one without contrast becomes 0."""
    values = strips.astype(np.float32) - strips.mean((1, 2), keepdims=True, dtype=np.float32)
    return values / np.maximum(np.sqrt((values**2).sum((1, 2), keepdims=True)), 1e-6)


def _turn(strips: np.ndarray) -> np.ndarray:
    """Return strips (N, h, w) after a half turn."""
    return strips[:, ::-1, ::-1]


def _agree(strips: np.ndarray) -> np.ndarray:
    """Return the strips of one class, (N, h, w), each turned or not so that they agree."""
    odd = ((strips - _turn(strips)) / 2).reshape(len(strips), -1)
    _, vectors = np.linalg.eigh(odd @ odd.T)
    sign = np.where(vectors[:, -1] >= 0, 1, -1)
    for _ in range(ROUNDS):
        better = np.where(odd @ (sign @ odd) >= 0, 1, -1)
        if (better == sign).all():
            break
        sign = better
    return np.where(sign[:, None, None] > 0, strips, _turn(strips))

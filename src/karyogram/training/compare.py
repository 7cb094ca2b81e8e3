"""Models compared on the same single chromosomes: the scores of each, and whether two differ by more than chance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from karyogram.classify.predict import predict_canvases
from karyogram.classify.prepare import prepare
from karyogram.datasets.material import read_single
from karyogram.errors import DataError
from karyogram.labels import INDEX
from karyogram.metrics.classification import score_answers
from karyogram.training.data import gather
from karyogram.weights.record import Model


def ask_models(models: Mapping[str, Model], named: Sequence[tuple[Path, str]]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the classes, int (N,), of pictures with their labels, and the probabilities that each model gives, float (N, 24).

    Each picture shows one chromosome and is read once; what cannot be read is left out with a warning. Raises DataError if
    nothing is left.
    """

    def one(pair: tuple[Path, str]) -> list[tuple[int, list[np.ndarray]]]:
        path, label = pair
        flat, item = read_single(path)
        canvases = [prepare(flat, item, model.metadata["preparation"]) for model in models.values()]
        return [(INDEX[label], canvases)]

    rows = gather(one, named, jobs=1)
    if not rows:
        raise DataError(f"none of the {len(named)} pictures could be read")
    shown = zip(*(canvases for _, canvases in rows), strict=True)
    said = {
        name: predict_canvases(model, canvases).probabilities
        for (name, model), canvases in zip(models.items(), shown, strict=True)
    }
    return np.array([label for label, _ in rows]), said


def compare_answers(truth: np.ndarray, said: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return a row of scores for each model, the first being what the others are compared with.

    ``truth`` is int (N,), ``said`` the probabilities float (N, 24) of each. ``better`` and ``worse`` count the chromosomes that
    only this model, or only the first, has right; ``p`` is how often chance alone parts these as unevenly: McNemar,
    Psychometrika 12:153 (1947), doi 10.1007/BF02295996, exact.
    """
    rows: list[dict[str, Any]] = []
    first = next(iter(said.values())).argmax(1) == truth
    for name, probabilities in said.items():
        best = probabilities.argmax(1)
        right = best == truth
        better, worse = int((right & ~first).sum()), int((first & ~right).sum())
        p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
        scores = score_answers(truth, best, probabilities.max(1))
        rows.append({"model": name, **scores, "better": better, "worse": worse, "p": p})
    return rows

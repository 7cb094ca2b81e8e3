"""Joins of pieces, right and wrong, cut from composites: what teaches the judge about crossings."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from karyogram.classify.prepare import Preparation, cell_scale, prepare
from karyogram.datasets.compose import Composite, compose
from karyogram.datasets.cutouts import load_cutouts
from karyogram.image.background import flatten
from karyogram.records import Instance
from karyogram.segment.join import candidates
from karyogram.segment.pieces import find_pieces
from karyogram.training.data import FIELDS, Samples
from karyogram.training.segmentation import targets

#: A join this like a pasted chromosome (IoU of masks) is one; less like any than the second number, it is none.
RIGHT, WRONG = 0.85, 0.65


def candidate_samples(
    library: Path, how: Preparation, numbers: Sequence[int], grounds: Sequence[np.ndarray] = (), jobs: int = 2
) -> Samples:
    """Compose one picture for each seed in ``numbers`` and prepare its right joins and as many wrong ones, all for training."""
    from joblib import Parallel, delayed

    cutouts = load_cutouts(library)

    def one(seed: int) -> list[tuple[np.ndarray, int]]:
        return list(_from_composite(compose(cutouts, seed, grounds=grounds), how, np.random.default_rng(seed)))

    rows = [row for found in Parallel(n_jobs=jobs)(delayed(one)(seed) for seed in numbers) for row in found]
    table = np.array([(label, 0.5, "train", "composite", "composite", -1) for _, label in rows], dtype=FIELDS)
    return Samples(np.stack([canvas for canvas, _ in rows]), table, how)


def _from_composite(made: Composite, how: Preparation, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """Yield (canvas, label or -1) of the joins that a perfect segmentation map of the composite allows."""
    flat = flatten(made.picture)
    mean_area = float(np.mean([item.area for item in made.instances]))
    scale = cell_scale(round(mean_area * len(made.instances)), len(made.instances))
    wrong: list[Instance] = []
    right = 0
    for _, item in candidates(flat, find_pieces(targets(made).astype(np.float32)), mean_area):
        ious = np.array([_iou(item, other) for other in made.instances])
        if ious.max() >= RIGHT:
            right += 1
            yield prepare(flat, item, how, scale), made.labels[int(ious.argmax())]
        elif ious.max() < WRONG:
            wrong.append(item)
    for index in rng.permutation(len(wrong))[: max(right, 4)]:
        yield prepare(flat, wrong[index], how, scale), -1


def _iou(one: Instance, other: Instance) -> float:
    common = one.common(other)
    return common / (one.area + other.area - common)


def join_samples(first: Samples, second: Samples) -> Samples:
    """Return both sets as one. They must be prepared alike."""
    canvases = np.concatenate([first.canvases, second.canvases])
    return Samples(canvases, np.concatenate([first.table, second.table]), first.how)

"""What composites are made of, from the training part of a folder of boxed metaphases: cut-outs and empty backgrounds."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from karyogram.classify.predict import predict
from karyogram.datasets.cutouts import Cutout, make_cutout, save_cutouts
from karyogram.datasets.grounds import empty_ground, load_grounds, save_grounds
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import Entry
from karyogram.errors import DataError
from karyogram.labels import INDEX
from karyogram.training.data import gather, read_boxed
from karyogram.weights.catalogue import load_model

#: Every so many training pictures, from this one on, give cut-outs and backgrounds.
CUTOUTS, GROUNDS = slice(0, None, 2), slice(5, None, 14)
#: A judge keeps a cut-out that it gives more than this probability of being one whole chromosome, and of its class.
WHOLE, CLASS = 0.6, 0.5
#: A background is the upper left square of a picture, the larger of these sides that fits.
SIDES = (600, 512)


def make_library(
    data: Path, split: Mapping[str, Entry], out: Path, judge: str | None = None, jobs: int = 2
) -> tuple[Path, list[np.ndarray]]:
    """Return (path of the library of cut-outs, backgrounds) of ``data``; what already lies in ``out`` is not made again.

    Only the part "train" of ``split`` is read. ``judge`` is the name or file of a classifier that throws out doubtful cut-outs.
    Raises DataError if there is no cut-out, ModelError if there is no such judge.
    """
    names = sorted(name for name, entry in split.items() if entry.part == "train")
    library, grounds = out / "library.npz", out / "grounds.npz"
    if judge is not None:
        load_model(judge)  # a judge that cannot be opened is an error of its own, not one of each picture
    if not library.is_file():
        cutouts = gather(lambda name: find_cutouts(data, name, judge), names[CUTOUTS], jobs)
        if not cutouts:
            raise DataError(f"{data}: no chromosome could be cut out of the part train of the split")
        save_cutouts(library, cutouts)
    if not grounds.is_file():
        rng = np.random.default_rng(0)
        save_grounds(grounds, gather(lambda name: find_ground(data, name, rng), names[GROUNDS], 1))
    return library, load_grounds(grounds)


def find_cutouts(data: Path, name: str, judge: str | None = None) -> list[Cutout]:
    """Return the isolated chromosomes of one boxed metaphase, each brought to the reference size."""
    picture, truth = read_boxed(data / "images", data / "annotations", name)
    found = find_isolated(picture, truth)
    if found is None:
        return []
    pairs = [(item, INDEX[label]) for box, item in found.whole.items() if (label := truth.boxes[box].label) is not None]
    if judge is not None:
        opinion = predict(load_model(judge, threads=1), found.flat, [item for item, _ in pairs], found.scale, views=1)
        sure = zip(pairs, opinion.whole, opinion.probabilities, strict=True)
        pairs = [pair for pair, whole, classes in sure if whole > WHOLE and classes[pair[1]] > CLASS]
    return [
        make_cutout(_resize(found.flat[item.window()], found.scale), _resize(item.mask * 1.0, found.scale) >= 0.5, label)
        for item, label in pairs
    ]


def find_ground(data: Path, name: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the empty background of one boxed metaphase; none if the picture is small or shows nothing."""
    picture, _ = read_boxed(data / "images", data / "annotations", name)
    ground = empty_ground(picture, rng)
    side = next((s for s in SIDES if ground is not None and min(ground.shape) >= s), None)
    return [] if ground is None or side is None else [ground[:side, :side]]


def _resize(values: np.ndarray, scale: float) -> np.ndarray:
    return np.asarray(cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))

"""What the first stage says of all chromosomes of a boxed cell: the material that the second stage learns from.

The first stage knows its own training cells too well: there it is surer, and more often right, than it will be elsewhere. So
each canvas is looked at again in worn states (turned, bent, re-exposed; :mod:`karyogram.training.augment`), where it errs more.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from karyogram.classify.cell import canvas_sizes
from karyogram.classify.predict import combine, predict_canvases
from karyogram.classify.prepare import prepare
from karyogram.datasets.detected import match_boxes
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.voc import Annotation
from karyogram.files import write_bytes
from karyogram.image.background import flatten
from karyogram.labels import INDEX
from karyogram.pipeline import Reader, find_chromosomes, make_reader
from karyogram.segment.detect import Detections
from karyogram.training.augment import augment
from karyogram.training.data import gather, read_boxed
from karyogram.weights.record import Model

#: How many worn states of each canvas are looked at, besides the canvas itself.
WORN = 3


@dataclass(frozen=True, eq=False)
class Opinions:
    """The N chromosomes of one cell that were cut out in one way.

    ``looks`` float32 (1 + WORN, N, 24): the first stage's probabilities, of the canvas as it is, then worn. ``sizes`` float32
    (N, 2), see :func:`karyogram.classify.cell.canvas_sizes`. ``labels`` int16 (N,): class, -1 for what is no boxed chromosome.
    """

    looks: np.ndarray
    sizes: np.ndarray
    labels: np.ndarray


def read_opinions(data: Path, name: str, reader: Reader) -> list[Opinions]:
    """Return the isolated chromosomes of a boxed metaphase, then all that the pipeline finds in it; one may be missing."""
    picture, truth = read_boxed(data / "images", data / "annotations", name)
    how = reader.classifier.metadata["preparation"]
    cells = []
    isolated = find_isolated(picture, truth)
    if isolated is not None and isolated.whole:
        canvases = [prepare(isolated.flat, item, how, isolated.scale) for item in isolated.whole.values()]
        cells.append(form_opinions(reader.classifier, canvases, None, labels_of(truth, list(isolated.whole))))
    flat = flatten(picture)
    found = find_chromosomes(flat, reader)
    if found.instances and truth.boxes:
        boxes, _ = match_boxes(Detections(found.instances, found.opinions, np.ones(len(found.instances))), truth)
        filled = {index: box for box, index in boxes.items()}
        canvases = [prepare(flat, item, how, found.scale) for item in found.instances]
        labels = labels_of(truth, [filled.get(index, -1) for index in range(len(canvases))])
        cells.append(form_opinions(reader.classifier, canvases, found.opinions, labels))
    return cells


def labels_of(truth: Annotation, boxes: list[int]) -> np.ndarray:
    """Return int16 (N,): the class of each box, -1 where there is no box or its class is unknown."""
    names = [truth.boxes[box].label if box >= 0 else None for box in boxes]
    return np.array([INDEX[name] if name else -1 for name in names], np.int16)


def form_opinions(model: Model, canvases: list[np.ndarray], second: np.ndarray | None, labels: np.ndarray) -> Opinions:
    """Ask the first stage about canvases, uint8 (h, w), as they are and worn; ``second`` (N, 24) is the segmenter's opinion."""
    stack = np.stack(canvases)
    looks = [predict_canvases(model, canvases).probabilities]
    generator = torch.Generator().manual_seed(int(stack.sum(dtype=np.int64)))
    for _ in range(WORN):
        worn, _ = augment(torch.from_numpy(stack)[:, None].float() / 255, torch.zeros(len(stack)), generator)
        looks.append(predict_canvases(model, list((worn[:, 0] * 255).round().to(torch.uint8).numpy()), views=1).probabilities)
    looks = looks if second is None else [combine(look, second) for look in looks]
    return Opinions(np.stack(looks).astype(np.float32), canvas_sizes(stack), labels)


def make_opinions(data: Path, names: Iterable[str], folder: Path, model: str, jobs: int = 2) -> list[Opinions]:
    """Return the opinions of a classifier, by name or file, on the pictures ``names``; what ``folder`` holds is read."""

    def one(name: str) -> list[Opinions]:
        path = folder / f"{name}.npz"
        if not path.is_file():
            save_opinions(path, read_opinions(data, name, make_reader(model, threads=1)))
        return load_opinions(path)

    folder.mkdir(parents=True, exist_ok=True)
    return gather(one, names, jobs)


def save_opinions(path: Path, cells: list[Opinions]) -> None:
    """Write the opinions on one picture, one set a way of cutting out, into a .npz; atomic."""
    buffer = io.BytesIO()
    np.savez(
        buffer, **{f"{field.name}{k}": getattr(cell, field.name) for k, cell in enumerate(cells) for field in fields(Opinions)}
    )
    write_bytes(path, buffer.getvalue())


def load_opinions(path: Path) -> list[Opinions]:
    """Read what :func:`save_opinions` wrote."""
    with np.load(path) as saved:
        count = len(saved.files) // len(fields(Opinions))
        return [Opinions(*(saved[f"{field.name}{k}"] for field in fields(Opinions))) for k in range(count)]

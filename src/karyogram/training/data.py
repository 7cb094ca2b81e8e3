"""Pictures to one memory-mapped array of canvases, prepared once and read by every run."""

import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.crop import find_photograph
from karyogram.datasets.detected import extract_detected
from karyogram.datasets.isolated import PIECES, Sample, cut_across, extract_samples
from karyogram.datasets.material import class_pictures, read_single
from karyogram.datasets.splits import Entry, cirnet_cell
from karyogram.datasets.voc import Annotation, read_voc
from karyogram.errors import DataError, KaryogramError
from karyogram.files import read_picture, write_text
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.labels import INDEX
from karyogram.shape.pose import outline, upright_angle
from karyogram.weights.catalogue import OUTLINER, load_model

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Samples:
    """``canvases`` uint8 (N, h, w) and ``table`` (N,) with label (-1: not one whole chromosome), up, part, name, cell, box.

    ``up`` is 1 where the short arm is up on the canvas, 0 where it is down, between where nobody knows.
    """

    canvases: np.ndarray
    table: np.ndarray
    how: Preparation


def make_table(rows: Sequence[tuple[int, float, str, str, str, int]]) -> np.ndarray:
    """Return rows of label, up, part, name, cell, box as the table of :class:`Samples`, as wide as the longest name."""
    width = max((len(text) for row in rows for text in row[3:5]), default=1)
    texts = [("part", "U5"), ("name", f"U{width}"), ("cell", f"U{width}")]
    return np.array(rows, dtype=[("label", "i2"), ("up", "f4"), *texts, ("box", "i2")])


def save_samples(folder: Path, samples: Samples) -> None:
    """Write canvases.npy, table.npy and preparation.json."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "canvases.npy", samples.canvases)
    np.save(folder / "table.npy", samples.table)
    write_text(folder / "preparation.json", json.dumps(asdict(samples.how)))


def load_samples(folder: Path) -> Samples:
    """Map what :func:`save_samples` wrote; the canvases stay on disk until they are read."""
    try:
        how = Preparation(**json.loads((folder / "preparation.json").read_text("utf-8")))
        return Samples(np.load(folder / "canvases.npy", mmap_mode="r"), np.load(folder / "table.npy"), how)
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise DataError(f"{folder}: no prepared samples: {error}") from error


def gather(one: Callable[[T], list[R]], items: Iterable[T], jobs: int) -> list[R]:
    """Return all that ``one`` makes of all items, in their order; an item that cannot be read is left out with a warning."""

    def tried(item: T) -> list[R] | KaryogramError:
        try:
            return one(item)
        except KaryogramError as error:
            return error

    rows: list[R] = []
    for result in Parallel(n_jobs=jobs)(delayed(tried)(item) for item in items):
        if isinstance(result, KaryogramError):
            warnings.warn(f"left out: {result}", stacklevel=3)
        else:
            rows += result
    return rows


def read_boxed(images: Path, annotations: Path, name: str) -> tuple[np.ndarray, Annotation]:
    """Return (picture uint8 (H, W) dark on white, its boxes) of ``annotations/name.xml``.

    The picture may be of any format karyogram reads and on any ground. Raises AnnotationError or PictureError, naming the file.
    """
    annotation = annotations / f"{name}.xml"
    truth = read_voc(annotation)
    picture = read_picture(find_photograph(annotation, truth.filename, images)).pixels
    return to_dark_on_white(picture, find_ground(picture)), truth


def prepare_metaphases(
    images: Path, annotations: Path, split: Mapping[str, Entry], how: Preparation, segmenter: str | None = None, jobs: int = 2
) -> Samples:
    """Cut the chromosomes of every picture named by the split, with clusters and fragments as counterexamples.

    The isolated ones are cut out by threshold; ``segmenter``, the name or file of a model, cuts out the others too. What cannot
    be read is left out with a warning; raises DataError if nothing is left, ModelError if there is no such segmenter.
    """
    if segmenter is not None:
        load_model(segmenter, "segmenter", 1)  # one that cannot be opened is an error of its own, not one of each picture

    def one(numbered: tuple[int, Entry]) -> list[tuple[Sample, Entry]]:
        seed, entry = numbered
        picture, truth = read_boxed(images, annotations, entry.name)
        rng = np.random.default_rng(seed)
        if segmenter is None:
            return [(s, entry) for s in extract_samples(picture, truth, how, rng)]
        models = load_model(segmenter, "segmenter", 1), load_model(OUTLINER, "outliner", 1)
        return [(s, entry) for s in extract_detected(picture, truth, how, rng, *models)]

    entries = sorted(split.values(), key=lambda e: e.name)
    rows = gather(one, enumerate(entries), jobs)
    if not rows:
        raise DataError(f"{images}: no chromosome could be cut out of any of the {len(entries)} pictures of the split")
    table = make_table([(s.label, 0.5, e.part, e.name, e.name, s.box) for s, e in rows])
    return Samples(np.stack([s.canvas for s, _ in rows]), table, how)


def prepare_crops(folder: Path, split: Mapping[str, Entry], how: Preparation, jobs: int = 2) -> Samples:
    """Prepare class folders of pictures that each show one chromosome, short arm up; pieces cut off some are counterexamples.

    What cannot be read is left out with a warning; raises DataError if nothing is left or if a folder names no class.
    """

    def one(numbered: tuple[int, tuple[Path, str]]) -> list[tuple[np.ndarray, tuple[int, float, str, str, str, int]]]:
        seed, (path, label) = numbered
        rng = np.random.default_rng(seed)
        flat, item = read_single(path)
        up = 1.0 if abs(upright_angle(outline(item))[0]) < 45 else 0.5
        origin = split[path.stem].part, path.stem, cirnet_cell(path.stem)
        rows = [(prepare(flat, item, how), (INDEX[label], up, *origin, 0))]
        if rng.random() < PIECES:
            rows.append((prepare(flat, cut_across(item, rng), how), (-1, 0.5, *origin, -1)))
        return rows

    found = sorted((path, label) for path, label in class_pictures(folder) if path.stem in split)
    rows = gather(one, enumerate(found), jobs)
    if not rows:
        raise DataError(f"{folder}: no chromosome found in any of the {len(found)} pictures of the split that are here")
    return Samples(np.stack([canvas for canvas, _ in rows]), make_table([row for _, row in rows]), how)

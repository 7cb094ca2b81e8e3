"""Pictures to one memory-mapped array of canvases, prepared once and read by every run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.isolated import Sample, extract_samples
from karyogram.datasets.splits import Entry, cirnet_cell
from karyogram.datasets.voc import read_voc
from karyogram.errors import DataError
from karyogram.files import read_picture, write_text
from karyogram.labels import INDEX, parse_label
from karyogram.segment.single import find_single
from karyogram.shape.pose import outline, upright_angle

FIELDS = [("label", "i2"), ("up", "f4"), ("part", "U5"), ("name", "U64"), ("cell", "U64"), ("box", "i2")]


@dataclass(frozen=True, eq=False)
class Samples:
    """``canvases`` uint8 (N, h, w) and ``table`` (N,) with label (-1: not one whole chromosome), up, part, name, cell, box.

    ``up`` is 1 where the short arm is up on the canvas, 0 where it is down, between where nobody knows.
    """

    canvases: np.ndarray
    table: np.ndarray
    how: Preparation


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
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{folder}: no prepared samples: {error}") from error


def prepare_metaphases(images: Path, annotations: Path, split: Mapping[str, Entry], how: Preparation, jobs: int = 2) -> Samples:
    """Cut the isolated chromosomes of every picture named by the split, with clusters and fragments as counterexamples."""

    def one(entry: Entry, seed: int) -> list[tuple[Sample, Entry]]:
        picture = read_picture(images / f"{entry.name}.jpg").pixels
        truth = read_voc(annotations / f"{entry.name}.xml")
        return [(s, entry) for s in extract_samples(picture, truth, how, np.random.default_rng(seed))]

    entries = sorted(split.values(), key=lambda e: e.name)
    lists = Parallel(n_jobs=jobs)(delayed(one)(entry, seed) for seed, entry in enumerate(entries))
    rows = [pair for found in lists for pair in found]
    table = np.array([(s.label, 0.5, e.part, e.name, e.name, s.box) for s, e in rows], dtype=FIELDS)
    return Samples(np.stack([s.canvas for s, _ in rows]), table, how)


def prepare_crops(folder: Path, split: Mapping[str, Entry], how: Preparation, jobs: int = 2) -> Samples:
    """Prepare class folders of pictures that each show one chromosome, short arm up."""

    def one(path: Path) -> tuple[np.ndarray, float]:
        flat, item = find_single(read_picture(path).pixels)
        angle, _ = upright_angle(outline(item))
        return prepare(flat, item, how), 1.0 if abs(angle) < 45 else 0.5

    paths = sorted(p for p in folder.rglob("*") if p.stem in split)
    prepared = Parallel(n_jobs=jobs)(delayed(one)(path) for path in paths)
    labels = [parse_label(path.parent.name) for path in paths]
    unknown = sorted({p.parent.name for p, label in zip(paths, labels, strict=True) if label is None})
    if unknown or not paths:
        raise DataError(f"{folder}: no class folders of known pictures, or folders of no class: {', '.join(unknown)}")
    rows = [
        (INDEX[str(label)], up, split[p.stem].part, p.stem, cirnet_cell(p.stem), 0)
        for p, label, (_, up) in zip(paths, labels, prepared, strict=True)
    ]
    return Samples(np.stack([canvas for canvas, _ in prepared]), np.array(rows, dtype=FIELDS), how)

"""What benchmarks/recognition.py learns from and tests on: single chromosomes on canvases, and how they are dealt to parts."""

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.splits import Entry, cirnet_case, folds_by_case, read_split, tseng_case
from karyogram.files import read_picture
from karyogram.labels import LABELS
from karyogram.segment.single import find_single
from karyogram.singles import singles_scale
from karyogram.training.data import Samples, load_samples, save_samples
from karyogram.training.pictures import image_level_split
from karyogram.training.prepare import prepare_folder

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
PARTS = 5
#: The founding study's shares of train, test and validation.
SHARES = (0.7, 0.1, 0.2)
CASE_OF = {"cirnet": cirnet_case, "tseng2023": tseng_case}
#: How each set's pictures are laid on the canvas: those of cirnet are smaller than the reference.
HOW = {"cirnet": Preparation(scale=1.25 * Preparation().scale), "tseng2023": Preparation()}


def prepared(name: str, work: Path) -> Samples:
    """Return the whole chromosomes of a set, prepared once and kept in ``work``."""
    folder = work / name
    if not (folder / "preparation.json").is_file():
        suffix = "*.tiff" if name == "cirnet" else "*.jpg"
        entries = {path.stem: Entry(path.stem, "", "train") for path in sorted((DATA / name).rglob(suffix))}
        samples = prepare_folder(DATA / name, entries, HOW[name])
        whole = samples.table["label"] >= 0
        save_samples(folder, replace(samples, canvases=samples.canvases[whole], table=samples.table[whole]))
    return load_samples(folder)


def at_cell_scale(name: str, work: Path, samples: Samples) -> np.ndarray:
    """Return the canvases (N, h, w) of a set as they are when a chromosome's cell is known: at the cell's scale.

    Those of metaphases are so from the start. The others are prepared a second time, once, and kept in ``work``.
    """
    path = work / f"{name}-at-cell-scale.npy"
    if name != "cirnet":
        return samples.canvases
    if not path.is_file():
        pictures = {picture.stem: picture for picture in (DATA / name).rglob("*.tiff")}
        names, cells = samples.table["name"].tolist(), samples.table["cell"]
        found = [find_single(read_picture(pictures[stem]).pixels) for stem in names]
        areas, how = np.array([item.area for _, item in found]), Preparation()
        scales = [singles_scale(areas[cells == cell]) for cell in cells]
        np.save(path, np.stack([prepare(*one, how, scale) for one, scale in zip(found, scales, strict=True)]))
    return np.load(path, mmap_mode="r")


def deal(name: str, split: str, part: int, samples: Samples) -> Samples:
    """Return the samples with their part of one split. By picture means by chromosome: cells lie in all parts."""
    table = samples.table.copy()
    keys = [f"{row['name']}#{row['box']}" for row in table]
    if split == "picture":
        entries = {entry.name: entry for entry in image_level_split(keys, SHARES, seed=part)}
    else:
        by_name = {entry.name: entry for entry in folds_by_case(set(table["name"].tolist()), CASE_OF[name], PARTS)[part]}
        entries = {key: by_name[key.rpartition("#")[0]] for key in keys}
    table["part"] = [entries[key].part for key in keys]
    return replace(samples, table=table)


def look_alikes(work: Path, number: int, seed: int, copies: int = 1, of_y: int = 1) -> Samples:
    """Return so many isolated chromosomes of each class of tseng2023's part train, widened, all of the part "train".

    Each comes in so many ``copies``, Y ``of_y`` times as often.
    """
    samples, split = prepared("tseng2023", work), read_split(HERE / "splits" / "tseng2023.csv")
    rng, rows = np.random.default_rng(seed), []
    known = np.array([name in split and split[name].part == "train" for name in samples.table["name"].tolist()])
    for label, name in enumerate(LABELS):
        own = np.flatnonzero(known & (samples.table["label"] == label))
        rows += [rng.choice(own, min(number, len(own)), replace=False)] * (of_y if name == "Y" else 1)
    chosen = np.sort(np.concatenate(rows * copies))
    table = samples.table[chosen].copy()
    table["part"] = "train"
    return Samples(widen(samples.canvases[chosen], rng), table, samples.how)


def widen(canvases: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return canvases uint8 (N, h, w) stretched by up to 1.4 across and shrunk to no less than 0.78 along, each at random."""
    height, width = canvases.shape[1:]
    made = []
    for canvas in canvases:
        across, along = rng.uniform(1.0, 1.4), rng.uniform(0.78, 1.0)
        shift = (width - 1) / 2 * (1 - 1 / across), (height - 1) / 2 * (1 - 1 / along)
        matrix = np.array([[1 / across, 0, shift[0]], [0, 1 / along, shift[1]]])
        made.append(cv2.warpAffine(canvas, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))
    return np.stack(made)


def beside(samples: Samples, others: Samples) -> Samples:
    """Return both in one set, prepared as the first one is."""
    canvases, table = (np.concatenate([getattr(one, key) for one in (samples, others)]) for key in ("canvases", "table"))
    return Samples(canvases, table, samples.how)

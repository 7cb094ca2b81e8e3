"""What composites are made of, from a user's own pictures: cut-outs, listed cell by cell, and empty backgrounds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from karyogram.datasets.crop import UNKNOWN, find_photograph
from karyogram.datasets.cutouts import Cutout, load_cutouts, make_cutout
from karyogram.datasets.grounds import empty_ground, load_grounds
from karyogram.datasets.isolated import find_isolated
from karyogram.datasets.splits import cirnet_cell
from karyogram.datasets.voc import read_voc
from karyogram.errors import DataError, PictureError
from karyogram.files import find_pictures, read_picture
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.labels import INDEX, parse_label
from karyogram.records import Instance
from karyogram.segment.single import find_single

#: Of so many metaphases, one gives its background.
GROUND_STEP = 8


@dataclass(frozen=True, eq=False)
class Material:
    """Cut-outs and empty backgrounds, uint8 with the ground near 255."""

    cutouts: list[Cutout] = field(default_factory=list)
    grounds: list[np.ndarray] = field(default_factory=list)


def find_material(source: Path) -> list[Callable[[], Material]]:
    """Return a reader for each file that gives material, in the order in which their cut-outs make a library.

    ``source`` is a library (.npz, with the backgrounds of a ``grounds.npz`` beside it, or a folder that holds
    ``library.npz``), a folder with ``images`` and ``annotations`` (VOC), or a folder of class folders of pictures that
    each show one chromosome. A reader raises a KaryogramError that names its file. Raises DataError if ``source`` is
    none of these.
    """
    if source.is_file():
        return [partial(read_library, source)]
    if (source / "library.npz").is_file():
        return [partial(read_library, source / "library.npz")]
    readers: list[Callable[[], Material]]
    annotations, images = source / "annotations", source / "images"
    if annotations.is_dir() and images.is_dir():
        files = sorted(annotations.rglob("*.xml"))
        readers = [partial(read_boxed, path, images, number % GROUND_STEP == 0) for number, path in enumerate(files)]
    else:
        readers = [partial(read_labelled, path, label) for path, label in class_pictures(source)]
    if not readers:
        raise DataError(f"{source}: no class folders of pictures, no images and annotations, no library.npz")
    return readers


def read_library(path: Path) -> Material:
    """Read a library and, if there are any, the backgrounds beside it."""
    grounds = path.with_name("grounds.npz")
    return Material(load_cutouts(path), load_grounds(grounds) if grounds.is_file() else [])


def read_boxed(annotation: Path, images: Path, with_ground: bool) -> Material:
    """Cut the isolated chromosomes out of one metaphase, at its own scale; paint them out for a background if asked to."""
    truth = read_voc(annotation)
    picture = read_picture(find_photograph(annotation, truth.filename, images)).pixels
    picture = to_dark_on_white(picture, find_ground(picture))
    found = find_isolated(picture, truth)
    pairs = [(item, truth.boxes[box].label) for box, item in found.whole.items()] if found else []
    cutouts = [make_cutout(found.flat[i.window()], i.mask, INDEX[label]) for i, label in pairs if found and label]
    ground = empty_ground(picture, np.random.default_rng(0)) if with_ground else None
    return Material(cutouts, [] if ground is None else [ground])


def read_single(path: Path) -> tuple[np.ndarray, Instance]:
    """Return what :func:`karyogram.segment.single.find_single` finds in a file. Raises PictureError, naming the file."""
    picture = read_picture(path).pixels
    try:
        return find_single(picture)
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def read_labelled(path: Path, label: str) -> Material:
    """Cut out the one chromosome that a picture shows, at the picture's own scale."""
    flat, item = read_single(path)
    return Material([make_cutout(flat[item.window()], item.mask, INDEX[label])])


def class_pictures(source: Path) -> list[tuple[Path, str]]:
    """Return (path, label) of the pictures in class folders, cell by cell.

    The outermost folder that names a class tells it, so that class folders may lie in others (``train/7``), and others in them.
    What lies in a folder ``unknown``, or in none, is left out. Raises DataError if a folder of pictures names no class.
    """
    found: list[tuple[Path, str]] = []
    unknown: set[str] = set()
    for path, _ in find_pictures([source]):
        folders = path.relative_to(source).parts[:-1]
        if not folders or UNKNOWN in folders:
            continue
        if label := next(filter(None, map(parse_label, folders)), None):
            found.append((path, label))
        else:
            unknown.add("/".join(folders))
    if unknown:
        raise DataError(f"{source}: these folders of pictures name no class (1 to 22, X, Y): {', '.join(sorted(unknown))}")
    return sorted(found, key=lambda pair: (_cell(pair[0].stem), INDEX[pair[1]], pair[0]))


def _cell(stem: str) -> str:
    """Return the cell a picture's name tells: of CIR-Net's five fields the last three, else all but the last field."""
    return cirnet_cell(stem) if stem.count("_") == 4 else stem.rpartition("_")[0] or stem

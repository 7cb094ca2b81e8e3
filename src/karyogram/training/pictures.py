"""Class folders of single chromosomes to one uint8 tensor: each picture itself, grey on white, padded and resized."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from karyogram.datasets.material import class_pictures
from karyogram.datasets.splits import Entry
from karyogram.errors import DataError, PictureError
from karyogram.files import read_picture
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.labels import INDEX
from karyogram.segment.single import find_single
from karyogram.shape.straighten import straighten
from karyogram.training.data import gather


@dataclass(frozen=True, eq=False)
class Pictures:
    """``pixels`` uint8 (N, h, w), ``straight`` the same straightened, ``labels`` int64 (N,), ``parts`` N names of parts."""

    pixels: Tensor
    straight: Tensor
    labels: Tensor
    parts: np.ndarray

    def rows(self, part: str) -> Tensor:
        """Return the places of a part, int64 (n,)."""
        return torch.from_numpy(np.flatnonzero(self.parts == part))


def find_classes(folder: Path, limit: int | None = None, seed: int = 0) -> dict[str, tuple[Path, str]]:
    """Return {name without suffix: (path, label)} of class folders' pictures, at most ``limit`` a class, drawn by ``seed``.

    Raises DataError if there is none, if a folder names no class, or if two pictures share a name.
    """
    classes: dict[str, list[Path]] = {}
    for path, label in sorted(class_pictures(folder), key=lambda pair: pair[0].stem):
        classes.setdefault(label, []).append(path)
    if not classes:
        raise DataError(f"{folder}: no picture in a class folder")
    rng = np.random.default_rng(seed)
    named: dict[str, tuple[Path, str]] = {}
    for label, members in classes.items():
        for path in (members[i] for i in sorted(rng.permutation(len(members))[:limit])):
            if path.stem in named:
                raise DataError(f"{path}: another picture has the same name, {named[path.stem][0]}")
            named[path.stem] = path, label
    return named


def image_level_split(names: Sequence[str], shares: tuple[float, float, float], seed: int = 0) -> list[Entry]:
    """Deal single pictures to train, test and val by ``shares``, in an order fixed by ``seed``.

    Pictures of one cell and one case land in several parts, so scores on such a split flatter: it serves to repeat studies
    that used it. Each picture stands as a case of its own. Use :func:`karyogram.datasets.splits.split_by_case` otherwise.
    """
    order = np.random.default_rng(seed).permutation(sorted(names)).tolist()
    ends = np.rint(np.cumsum(shares) * len(order)).astype(int)
    parts = {
        name: part
        for part, begin, end in zip(("train", "test", "val"), [0, *ends], ends, strict=False)
        for name in order[begin:end]
    }
    return [Entry(name, name, parts[name]) for name in sorted(parts)]


def load_pictures(
    found: Mapping[str, tuple[Path, str]], split: Mapping[str, Entry], height: int, width: int, straightened: bool
) -> Pictures:
    """Read the pictures named by both ``found`` and ``split``, in name order; what cannot be read is left out with a warning.

    ``found`` is what :func:`find_classes` returns. With ``straightened``, those of the part "train" are also straightened (a
    picture in which no chromosome is found is kept as it is); otherwise ``straight`` is empty. Raises DataError if the part
    "train" or "val" is empty.
    """

    def one(name: str) -> list[tuple[np.ndarray, np.ndarray | None, int, str]]:
        path, label = found[name]
        pixels = read_picture(path).pixels
        part = split[name].part
        plain = to_dark_on_white(pixels, find_ground(pixels))
        straight = fit_picture(_straight(plain), height, width) if straightened and part == "train" else None
        return [(fit_picture(plain, height, width), straight, INDEX[label], part)]

    rows = gather(one, sorted({*found} & {*split}), jobs=1)
    parts = np.array([part for *_, part in rows])
    for part in ("train", "val"):
        if part not in parts:
            raise DataError(f"none of the {len(rows)} pictures that could be read is in the part {part}")
    pixels = torch.from_numpy(np.stack([picture for picture, *_ in rows]))
    straight = (
        torch.from_numpy(np.stack([picture if s is None else s for picture, s, *_ in rows])) if straightened else pixels[:0]
    )
    return Pictures(pixels, straight, torch.tensor([label for _, _, label, _ in rows]), parts)


def fit_picture(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pad a picture, dark on white, with white to the shape of ``height`` x ``width`` and resize it: uint8 (height, width)."""
    h, w = picture.shape
    tall, wide = max(h, -(-w * height // width)), max(w, -(-h * width // height))
    top, left = (tall - h) // 2, (wide - w) // 2
    padded = np.full((tall, wide), 255, np.uint8)
    padded[top : top + h, left : left + w] = picture
    how = cv2.INTER_AREA if tall > height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(padded, (width, height), interpolation=how))


def _straight(plain: np.ndarray) -> np.ndarray:
    try:
        clean, chromosome = find_single(plain)
        mask = np.zeros(clean.shape, bool)
        mask[chromosome.window()] = chromosome.mask
        return straighten(clean, mask)[0]
    except (PictureError, ValueError):
        return plain

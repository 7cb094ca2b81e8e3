"""What an outliner learns from: real cells with chromosomes of the same cell laid across, every mask of which is known.

The masks to be mended are the program's own: each picture is read as far as the choice of the cell.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from karyogram.datasets.compose import Scene, compose, find_place, pose
from karyogram.datasets.cutouts import Cutout, make_cutout, to_density, to_grey
from karyogram.datasets.isolated import Found, find_isolated
from karyogram.files import write_bytes
from karyogram.image.background import flatten
from karyogram.labels import INDEX
from karyogram.metrics.masks import depth_map, mask_iou
from karyogram.pipeline import Reader, find_candidates, make_reader
from karyogram.records import Instance
from karyogram.segment.levels import threshold_levels
from karyogram.segment.outlines import SIDE, crop, meets, show
from karyogram.training.data import gather, read_boxed

#: How chromosomes are laid into a real cell, and at most how many.
PASTE, MOST = Scene(touching=0.25, crossing=0.65, bend=0.08), 16
#: Beside that, chromosomes of one cell alone, laid down anew.
ANEW = Scene(size=(600, 600), chromosomes=(24, 36), touching=0.3, crossing=0.4)
#: A mask is to become that of the chromosome that it agrees with by this much (IoU).
ALIKE = 0.35


@dataclass(frozen=True, eq=False)
class Views:
    """``views`` uint8 (n, 3, SIDE, SIDE), see :func:`karyogram.segment.outlines.show`, and whose each pixel is.

    ``masks`` uint8 (n, SIDE, SIDE): 0 not the chromosome's, 1 its own, 2 its own and another's.
    """

    views: np.ndarray
    masks: np.ndarray


def make_views(data: Path, names: Iterable[str], folder: Path, jobs: int = 2) -> list[Views]:
    """Return the views that boxed metaphases give, reading from ``folder`` what was made there before and making the rest."""

    def one(name: str) -> list[Views]:
        path = folder / f"{name}.npz"
        if not path.is_file():
            made = read_views(data, name, make_reader(threads=1))
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **vars(made))
            write_bytes(path, buffer.getvalue())
            return [made]
        with np.load(path) as saved:
            return [Views(*(saved[field.name] for field in fields(Views)))]

    folder.mkdir(parents=True, exist_ok=True)
    return gather(one, names, jobs)


def read_views(data: Path, name: str, reader: Reader) -> Views:
    """Return the views of one boxed metaphase, with chromosomes laid across and laid down anew; chance is drawn by its name."""
    rng = np.random.default_rng(list(name.encode()))
    picture, truth = read_boxed(data / "images", data / "annotations", name)
    found, rows = find_isolated(picture, truth), []
    known = {box: item for box, item in found.whole.items() if truth.boxes[box].label} if found else {}
    if found and known:
        cutouts = [make_cutout(found.flat[i.window()], i.mask, INDEX[str(truth.boxes[b].label)]) for b, i in known.items()]
        made = compose(cutouts, int(rng.integers(2**31)), ANEW)
        rows = [*find_meetings(*lay_across(found, cutouts, rng), reader)]
        rows += find_meetings(flatten(made.picture), made.instances, reader)
    views, masks = zip(*rows, strict=True) if rows else ((), ())
    return Views(np.array(views, np.uint8).reshape(-1, 3, SIDE, SIDE), np.array(masks, np.uint8).reshape(-1, SIDE, SIDE))


def lay_across(found: Found, cutouts: Sequence[Cutout], rng: np.random.Generator) -> tuple[np.ndarray, list[Instance]]:
    """Return a flattened picture with some of its chromosomes laid across others, and all chromosomes whose masks are known."""
    density, levels, known = to_density(found.flat), threshold_levels(found.flat), list(found.whole.values())
    taken = levels.masks[2].copy() if levels else np.zeros(density.shape, bool)
    for _ in range(MOST):
        patch = pose(cutouts[int(rng.integers(len(cutouts)))].density, rng, PASTE.bend, 1.0)
        place = find_place(patch > 0, taken, known, rng, PASTE)
        if place is not None:
            item = Instance(patch > 0, place[1], place[0])
            density[item.window()] += patch
            taken[item.window()] |= item.mask
            known.append(item)
    return np.clip(to_grey(density) + 0.5, 0, 255).astype(np.uint8), known


def find_meetings(flat: np.ndarray, known: Sequence[Instance], reader: Reader) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Yield (view, mask) of each chromosome that the program finds, that meets another, and whose mask is ``known``."""
    found = find_candidates(flat, reader)
    chosen = [found.instances[number] for number in found.chosen]
    depth, truth = depth_map(chosen, flat.shape), depth_map(known, flat.shape)
    iou = mask_iou(known, chosen)
    for number, item in enumerate(chosen):
        row = int(iou[:, number].argmax())
        if iou[row, number] >= ALIKE and meets(item, depth):
            own = np.zeros(flat.shape, np.uint8)
            own[known[row].window()] = known[row].mask
            mask, shared = (crop(255 * layer, item, found.scale) > 127 for layer in (own, own & (truth > 1)))
            yield show(flat, item, depth, found.scale), mask.astype(np.uint8) + (mask & shared)

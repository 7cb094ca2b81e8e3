"""The `mfish` folder: DAPI metaphases with a class for every pixel (Advanced Digital Imaging Research, 2000)."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from karyogram.files import read_picture
from karyogram.labels import AUTOSOMES, LABELS
from karyogram.records import Instance

#: Label of a pixel that two chromosomes share.
OVERLAP = 255
#: Parts of a chromosome below this many pixels are specks of the labelling.
SPECK = 20


@dataclass(frozen=True, eq=False)
class LabelledMetaphase:
    """``picture`` uint8 (H, W), bright on black; chromosomes as masks that may share pixels, with class indices.

    ``overlap`` bool (H, W): the pixels labelled as shared. ``sure`` tells of each chromosome whether it is one: homologues that
    touch are one object here, and nobody knows where one ends.
    """

    picture: np.ndarray
    instances: list[Instance]
    labels: list[int]
    sure: list[bool]
    overlap: np.ndarray


def metaphase_names(folder: Path) -> list[str]:
    """Return the names of all labelled metaphases, sorted."""
    return sorted(path.name.removesuffix("_labels.png") for path in folder.glob("*_labels.png"))


def slide_of(name: str) -> str:
    """Return the slide a metaphase is from: pictures of one slide belong to one part of a split."""
    return name[:3]


def read_metaphase(folder: Path, name: str) -> LabelledMetaphase:
    """Read one metaphase. Raises PictureError if either file is none."""
    picture = read_picture(folder / f"{name}_dapi.png").pixels
    marks = read_picture(folder / f"{name}_labels.png").pixels
    overlap = marks == OVERLAP
    instances, labels, sure = [], [], []
    for index, label in enumerate(LABELS):
        found = chromosomes_of(marks == index + 1, overlap)
        instances += found
        labels += [index] * len(found)
        sure += [len(found) >= 2 if label in AUTOSOMES else True] * len(found)
    return LabelledMetaphase(picture, instances, labels, sure, overlap)


def chromosomes_of(mask: np.ndarray, overlap: np.ndarray) -> list[Instance]:
    """Return the chromosomes of one class, bool (H, W), each with the shared pixels, bool (H, W), that it borders on.

    Parts of the class on both sides of shared pixels are one chromosome.
    """
    kernel = np.ones((3, 3), np.uint8)
    count, zones, stats, _ = cv2.connectedComponentsWithStats(overlap.astype(np.uint8), connectivity=8)
    beside = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    own = [zone for zone in range(1, count) if (beside & (zones == zone)).sum() > 0.05 * stats[zone, cv2.CC_STAT_AREA]]
    full = (mask | np.isin(zones, own)).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(full, connectivity=8)
    found = []
    for part in range(1, count):
        x, y, w, h, _ = (int(v) for v in stats[part])
        crop = parts[y : y + h, x : x + w] == part
        if (crop & mask[y : y + h, x : x + w]).sum() >= SPECK:
            found.append(Instance(crop, x, y))
    return found

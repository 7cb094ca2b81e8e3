"""Real backgrounds for composites: photographs with their chromosomes painted out."""

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from karyogram.errors import DataError
from karyogram.files import write_bytes
from karyogram.image.background import flatten
from karyogram.segment.levels import threshold_levels

#: Stained objects below this area (pixels) are dirt, and dirt belongs to a background.
DIRT = 40
#: What is darker than this on a flattened ground covers no hole: it may be a nucleus.
NUCLEUS = 215


def empty_ground(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Return a flattened metaphase without its chromosomes, uint8 (H, W), ground near 255; None if nothing was found in it.

    Nuclei, dirt and stain streaks stay. Each chromosome is covered with pixels from the same picture moved by a random
    offset, again and again until all are covered, so that grain and noise stay real.
    """
    flat = flatten(picture)
    levels = threshold_levels(flat)
    if levels is None:
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats(levels.masks[0].astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= DIRT
    large[0] = False
    stained = cv2.dilate(large[labels].astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    ground, open_pixels = flat.copy(), stained.copy()
    for _ in range(60):
        if count == 1 or not open_pixels.any():
            break
        offset = int(rng.integers(flat.shape[0])), int(rng.integers(flat.shape[1]))
        moved = np.roll(flat, offset, (0, 1))
        usable = open_pixels & ~np.roll(stained, offset, (0, 1)) & (moved > NUCLEUS)
        ground[usable] = moved[usable]
        open_pixels &= ~usable
    return ground


def save_grounds(path: Path, grounds: Sequence[np.ndarray]) -> None:
    """Write backgrounds, uint8 (H, W) each, into one compressed .npz; atomic."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, *grounds)
    write_bytes(path, buffer.getvalue())


def load_grounds(path: Path) -> list[np.ndarray]:
    """Read what :func:`save_grounds` wrote. Raises DataError if it is none."""
    try:
        with np.load(path) as data:
            grounds = [data[key] for key in data.files]
        if any(ground.dtype != np.uint8 or ground.ndim != 2 for ground in grounds):
            raise ValueError("holds more than grey pictures")
        return grounds
    except Exception as error:  # on broken files zipfile and NumPy raise whatever they stumble over
        raise DataError(f"{path}: no backgrounds: {' '.join(str(error).split())}") from error

"""A library of exactly masked single chromosomes at native scale: what the composer pastes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.errors import DataError
from karyogram.files import write_bytes
from karyogram.labels import LABELS


@dataclass(frozen=True, eq=False)
class Cutout:
    """One chromosome: ``density`` float32 (h, w), optical density (0 outside the mask), and its class index."""

    density: np.ndarray
    label: int

    @property
    def mask(self) -> np.ndarray:
        """Bool (h, w)."""
        return self.density > 0


def to_density(flat: np.ndarray) -> np.ndarray:
    """Return the optical density -log10(transmittance), float32, of a flattened picture, uint8, ground at 255.

    Densities of chromosomes that lie on each other add (Beer-Lambert).
    """
    return -np.log10(np.maximum(flat, 1).astype(np.float32) / 255)


def to_grey(density: np.ndarray) -> np.ndarray:
    """Inverse of :func:`to_density`, as float32 grey levels with the ground at 255."""
    return 255 * np.power(np.float32(10), -density)


def make_cutout(flat: np.ndarray, mask: np.ndarray, label: int) -> Cutout:
    """Cut one chromosome out of a flattened crop, uint8 (h, w), by its bool (h, w) mask."""
    return Cutout(np.where(mask, np.maximum(to_density(flat), 1e-3), 0).astype(np.float32), label)


def save_cutouts(path: Path, cutouts: Sequence[Cutout]) -> None:
    """Write cut-outs into one compressed .npz: densities as uint8 (1/200), ragged, end to end; atomic."""
    shapes = np.array([c.density.shape for c in cutouts], np.int32)
    pixels = np.concatenate([np.ceil(np.minimum(c.density, 1.27) * 200).astype(np.uint8).ravel() for c in cutouts])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, shapes=shapes, pixels=pixels, labels=np.array([c.label for c in cutouts], np.int16))
    write_bytes(path, buffer.getvalue())


def load_cutouts(path: Path) -> list[Cutout]:
    """Read what :func:`save_cutouts` wrote. Raises DataError if it is none."""
    try:
        with np.load(path) as data:
            shapes, pixels, labels = data["shapes"], data["pixels"], data["labels"]
        ends = np.cumsum(shapes.prod(1))
        if pixels.dtype != np.uint8 or pixels.shape != (ends.max(initial=0),) or not np.isin(labels, range(len(LABELS))).all():
            raise ValueError("its densities, sizes and classes do not belong together")
        return [
            Cutout(pixels[end - h * w : end].reshape(h, w).astype(np.float32) / 200, int(label))
            for end, (h, w), label in zip(ends, shapes, labels, strict=True)
        ]
    except Exception as error:  # on broken files zipfile and NumPy raise whatever they stumble over
        raise DataError(f"{path}: no library of cut-outs: {' '.join(str(error).split())}") from error

"""What lies around the chromosomes of a composite: empty slide, nuclei, stain streaks, debris; all as optical densities."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from karyogram.datasets.cutouts import to_density

#: The optical density of each grey level of a flattened picture, float32 (256,).
DENSITY = to_density(np.arange(256))


def lay(density: np.ndarray, patch: np.ndarray, y: int, x: int) -> None:
    """Add a patch, float32 (h, w), to a density, float32 (H, W), in place; the part that hangs over the border is lost."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + patch.shape[0], density.shape[0]), min(x + patch.shape[1], density.shape[1])
    if top < bottom and left < right:
        density[top:bottom, left:right] += patch[top - y : bottom - y, left - x : right - x]


def draw_ground(size: tuple[int, int], grounds: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return the density, float32 (H, W), of a random cut of a real background, turned and mirrored; 0 without one.

    ``grounds`` are flattened empty backgrounds, uint8; one that is smaller than ``size`` is enlarged.
    """
    if not len(grounds):
        return np.zeros(size, np.float32)
    ground = np.rot90(grounds[int(rng.integers(len(grounds)))], int(rng.integers(4)))
    ground = ground[:, ::-1] if rng.random() < 0.5 else ground
    scale = max(want / have for want, have in zip(size, ground.shape, strict=True))
    if scale > 1:
        enlarged = [math.ceil(scale * have) for have in ground.shape]
        ground = cv2.resize(np.ascontiguousarray(ground), enlarged[::-1], interpolation=cv2.INTER_LINEAR)
    top, left = (int(rng.integers(have - want + 1)) for want, have in zip(size, ground.shape, strict=True))
    return DENSITY[ground[top : top + size[0], left : left + size[1]]]


def add_nucleus(density: np.ndarray, rng: np.random.Generator) -> None:
    """Lay an interphase nucleus, a mottled disc far wider than a chromosome, across the border of the picture."""
    height, width = density.shape
    along, radii = rng.uniform(), rng.uniform(45, 80, 2)
    y, x = ((0.0, along * width), (height, along * width), (along * height, 0.0), (along * height, width))[int(rng.integers(4))]
    side = 2 * int(radii.max()) + 8
    middle = side / 2, side / 2
    shape = middle, (2 * radii).tolist(), rng.uniform(0, 180)
    disc = cv2.ellipse(np.zeros((side, side), np.float32), shape, 1.0, cv2.FILLED)
    mottle = cv2.GaussianBlur(rng.standard_normal((side, side), np.float32), (0, 0), 2)
    disc = cv2.GaussianBlur(disc, (0, 0), 1.5) * (1 + mottle) * np.float32(rng.uniform(0.15, 0.6))
    lay(density, disc, int(y - side / 2), int(x - side / 2))


def add_streaks(density: np.ndarray, rng: np.random.Generator, most: int) -> None:
    """Draw up to ``most`` stain streaks across the picture: curved wisps, 4 to 20 pixels wide, that come and go."""
    height, width = density.shape
    number = int(rng.integers(most + 1))
    if not number:
        return
    half = np.zeros((height // 2 + 1, width // 2 + 1), np.float32)
    t = np.linspace(0, 1, 24)[:, None]
    for _ in range(number):
        turns = rng.uniform(0, 2 * np.pi, 2)
        start, end = 0.5 + np.stack([np.cos(turns), np.sin(turns)], 1)
        start, pull, end = np.stack([start, rng.uniform(0, 1, 2), end]) * half.shape[::-1]
        path = ((1 - t) ** 2 * start + 2 * t * (1 - t) * pull + t**2 * end).astype(np.int32)
        line = cv2.polylines(np.zeros_like(half), [path], False, 1.0, int(rng.integers(1, 8)))
        half += cv2.GaussianBlur(line, (0, 0), rng.uniform(1, 4)) * np.float32(rng.uniform(0.02, 0.15))
    patchy = cv2.resize(rng.uniform(-0.5, 1, (12, 12)).astype(np.float32), half.shape[::-1], interpolation=cv2.INTER_CUBIC)
    half *= np.maximum(patchy, 0)
    density += cv2.resize(half, (width, height), interpolation=cv2.INTER_LINEAR)


def add_debris(density: np.ndarray, rng: np.random.Generator, most: int) -> None:
    """Scatter up to ``most`` specks, 2 to 9 pixels long, most of them pale and some black, in clumps and alone."""
    height, width = density.shape
    y = x = 0
    for _ in range(int(rng.integers(most + 1))):
        if rng.random() < 0.6:
            y, x = int(rng.integers(height)), int(rng.integers(width))
        else:
            y, x = y + int(rng.integers(-5, 6)), x + int(rng.integers(-5, 6))
        shape = (6.5, 6.5), rng.uniform(2, (9, 6)).tolist(), rng.uniform(0, 180)
        speck = cv2.ellipse(np.zeros((13, 13), np.float32), shape, 1.0, cv2.FILLED)
        lay(density, cv2.GaussianBlur(speck, (0, 0), 0.7) * np.float32(0.05 + 0.9 * rng.random() ** 3), y - 6, x - 6)

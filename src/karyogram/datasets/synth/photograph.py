"""The rest of a drawn picture: nuclei, dirt, uneven light, the microscope's blur and the camera's noise."""

import cv2
import numpy as np

#: Grey level of the empty slide.
GROUND = 238.0


def draw_nuclei(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the optical density, float32 (H, W), of no, one or two interphase nuclei near the border.

    They are round, 50 to 80 pixels in radius, finely mottled, and 0 outside. ``size`` is (H, W).
    """
    height, width = size
    density = np.zeros(size, np.float32)
    y, x = np.mgrid[:height, :width]
    for _ in range(int(rng.integers(0, 3))):
        turn, radius = rng.uniform(0, 2 * np.pi), rng.uniform(50, 80)
        dx, dy = x - width / 2 * (1 + np.cos(turn)), y - height / 2 * (1 + np.sin(turn))
        around = np.arctan2(dy, dx)
        lumps = sum(rng.normal(0, 0.025) * np.cos(n * around + rng.uniform(0, 2 * np.pi)) for n in (2, 3, 4))
        disc = np.clip((radius * (1 + lumps) - np.hypot(dx, dy)) / 3 + 0.5, 0, 1)
        mottle = 1 + 0.06 * _mottle(size, 1.5, rng) + 0.06 * _mottle(size, 8, rng)
        density = np.maximum(density, disc * mottle * rng.uniform(0.8, 1.2))
    return density.astype(np.float32)


def draw_dirt(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the optical density, float32 (H, W), of specks in focus and smudges out of focus. ``size`` is (H, W)."""
    height, width = size
    density = np.zeros(size, np.float32)
    y, x = np.mgrid[:height, :width]
    specks = [(rng.uniform(0.8, 2.5), rng.uniform(0.05, 0.5)) for _ in range(int(rng.integers(4, 15)))]
    smudges = [(rng.uniform(6, 14), rng.uniform(0.02, 0.1)) for _ in range(int(rng.integers(2, 7)))]
    for radius, depth in specks + smudges:
        dx, dy = x - rng.uniform(0, width), y - rng.uniform(0, height)
        density += depth * np.exp(-(dx**2 + dy**2) / (2 * radius**2))
    return density


def photograph(density: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture, uint8 (H, W), that a camera takes of an optical density, float (H, W).

    Light falls off to one side, the cell's cytoplasm takes a little, the lens blurs, the camera's software sharpens
    (which leaves a bright seam around what is dark), and noise is added.
    """
    height, width = density.shape
    y, x = (np.mgrid[:height, :width] - np.array([height, width])[:, None, None] / 2) / max(height, width)
    slope = rng.normal(0, 0.03, 2)
    light = GROUND * (1 + slope[0] * y + slope[1] * x + 0.006 * _mottle(density.shape, 25, rng))
    cytoplasm = rng.uniform(0.01, 0.06) / (1 + np.exp((np.hypot(y, x) - rng.uniform(0.4, 0.5)) * 30))
    clear = light * np.exp(-density - cytoplasm)
    seen = cv2.GaussianBlur(clear, (0, 0), rng.uniform(0.9, 1.2))
    sharp = seen + 0.5 * (seen - cv2.GaussianBlur(seen, (0, 0), 3.0))
    noisy = sharp + rng.uniform(1.0, 2.5) * _mottle(density.shape, 0.7, rng)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _mottle(size: tuple[int, ...], sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise, float (H, W), mean about 0, standard deviation about 1, grains of ``sigma`` pixels."""
    step = max(1, int(sigma / 3))
    small = rng.standard_normal((-(-size[0] // step), -(-size[1] // step)))
    grains = cv2.GaussianBlur(small, (0, 0), sigma / step)
    grains = cv2.resize(grains, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return grains / grains.std()

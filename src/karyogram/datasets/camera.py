"""Optical densities to the picture that a camera takes of them."""

import cv2
import numpy as np

from karyogram.datasets.cutouts import to_grey


def take_photograph(density: np.ndarray, rng: np.random.Generator, unevenness: float) -> np.ndarray:
    """Return what a camera sees of optical densities, float32 (H, W), as a picture, uint8 (H, W) dark on white.

    Light, focus, noise and JPEG in that order, as in a microscope; each is drawn at random.
    """
    seen = to_grey(density) * draw_light(density.shape, rng, unevenness)
    picture = add_noise(focus(seen, rng), rng)
    return picture if rng.random() < 0.3 else compress(picture, int(rng.integers(60, 96)))


def draw_light(size: tuple[int, ...], rng: np.random.Generator, unevenness: float) -> np.ndarray:
    """Return the light on each pixel, float32 (H, W), near 1: a slope, a fall towards the corners, and slow waves.

    ``unevenness`` is the most by which slope and fall darken a corner, as a share. A mean above 1 is a camera that saturates.
    """
    y, x = np.mgrid[-1:1:6j, -1:1:6j]
    slope, turn = rng.uniform(0, unevenness), rng.uniform(0, 2 * np.pi)
    coarse = slope * (y * np.sin(turn) + x * np.cos(turn)) / 2 - rng.uniform(0, unevenness) * (y**2 + x**2) / 2
    coarse += rng.normal(0, unevenness / 10, coarse.shape)
    level = 1.06 - 0.2 * rng.random() ** 2
    return cv2.resize((level * (1 + coarse)).astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_CUBIC)


def focus(seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur as a lens does (0.3 to 0.9 pixels), then, in every second picture, sharpen as a camera's software does.

    Sharpening leaves a bright seam around what is dark. Float32 (H, W) in and out.
    """
    blurred = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.3, 0.9))
    if rng.random() < 0.5:
        return blurred
    amount = rng.uniform(0.1, 0.5)
    return cv2.addWeighted(blurred, 1 + amount, cv2.GaussianBlur(blurred, (0, 0), 2.0), -amount, 0)


def add_noise(seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add grain, mostly little, float32 (H, W) in, uint8 out; what exceeds 255 is white."""
    grain = cv2.GaussianBlur(rng.standard_normal(seen.shape, np.float32), (0, 0), 0.6)
    return np.clip(seen + grain * np.float32(0.3 + 5 * rng.random() ** 2) + 0.5, 0, 255).astype(np.uint8)


def compress(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return a uint8 picture (H, W) as JPEG of this quality, 0 to 100, leaves it."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))

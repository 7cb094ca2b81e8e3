"""Composite metaphases: real chromosomes pasted so that every mask is known, crossings included."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from karyogram.datasets.cutouts import Cutout, to_grey
from karyogram.records import Instance


@dataclass(frozen=True)
class Scene:
    """How a composite looks. Shares are probabilities a chromosome; sizes are pixels."""

    size: tuple[int, int] = (512, 512)
    chromosomes: tuple[int, int] = (18, 34)
    touching: float = 0.35
    crossing: float = 0.25
    bend: float = 0.12
    nuclei: float = 0.4
    debris: int = 25


@dataclass(frozen=True, eq=False)
class Composite:
    """``picture`` uint8 (H, W) dark on white, the instances pasted into it (they may overlap), and their class indices.

    ``densities`` are the instances' own optical densities before the camera's blur, float32, of their masks' shapes.
    """

    picture: np.ndarray
    instances: list[Instance] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    densities: list[np.ndarray] = field(default_factory=list)


def compose(cutouts: Sequence[Cutout], seed: int, scene: Scene | None = None, grounds: Sequence[np.ndarray] = ()) -> Composite:
    """Paste chromosomes at random places and angles; bit-exact by ``seed``.

    ``cutouts`` is the library to draw from. Some are laid to touch or to cross one already there (optical densities
    add). ``grounds`` are
    optional empty real backgrounds, uint8 with the ground near 255; without them an even one is drawn.
    """
    scene = scene or Scene()
    rng = np.random.default_rng(seed)
    height, width = scene.size
    density = np.zeros((height, width), np.float32)
    taken = np.zeros((height, width), bool)
    instances: list[Instance] = []
    labels: list[int] = []
    densities: list[np.ndarray] = []
    magnification = float(np.exp(np.clip(rng.normal(0, 0.1), -0.25, 0.25)))
    contrast = float(np.exp(np.clip(rng.normal(0, 0.15), -0.3, 0.3)))
    for _ in range(int(rng.integers(*scene.chromosomes))):
        cutout = cutouts[int(rng.integers(len(cutouts)))]
        patch = pose(cutout.density, rng, scene.bend, magnification) * contrast
        place = find_place(patch > 0, taken, instances, rng, scene)
        if place is None:
            continue
        y, x = place
        h, w = patch.shape
        density[y : y + h, x : x + w] += patch
        taken[y : y + h, x : x + w] |= patch > 0
        instances.append(Instance(patch > 0, x, y))
        labels.append(cutout.label)
        densities.append(patch)
    return Composite(_photograph(density, rng, scene, grounds), instances, labels, densities)


def pose(density: np.ndarray, rng: np.random.Generator, bend: float, magnification: float) -> np.ndarray:
    """Return a cut-out's density turned, mirrored, scaled and bent at random, float32 (h, w), cropped tight."""
    h, w = density.shape
    side = int(1.25 * np.hypot(h, w) * magnification * 1.1) + 8
    angle = rng.uniform(0, 2 * np.pi)
    size = magnification * np.exp(np.clip(rng.normal(0, 0.05), -0.1, 0.1))
    curve = np.clip(rng.normal(0, bend), -2 * bend, 2 * bend)
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    v, u = np.mgrid[:side, :side].astype(np.float32) - (side - 1) / 2
    along = (np.cos(angle) * v + np.sin(angle) * u) / size
    across = mirror * (np.cos(angle) * u - np.sin(angle) * v) / size
    half = max(h, w) / 2
    if h >= w:
        across = across + curve * (along**2 / half - half / 3)
    else:
        along = along + curve * (across**2 / half - half / 3)
    maps = (across + (w - 1) / 2).astype(np.float32), (along + (h - 1) / 2).astype(np.float32)
    patch = cv2.remap(density, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    mask = cv2.remap((density > 0).astype(np.float32), *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) >= 0.5
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return density
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.where(mask[window], np.maximum(patch[window], 1e-3), 0)


def find_place(
    mask: np.ndarray, taken: np.ndarray, instances: list[Instance], rng: np.random.Generator, scene: Scene
) -> tuple[int, int] | None:
    """Return (y, x) for a mask: free, or touching or crossing what is there, as chance and the scene will; None if nowhere."""
    h, w = mask.shape
    height, width = taken.shape
    if h > height or w > width:
        return None
    kind = rng.random()
    near = instances and kind < scene.touching + scene.crossing
    crossing = kind < scene.crossing
    area = int(mask.sum())
    for _ in range(24):
        y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
        if near:
            y, x = _toward(mask, instances[int(rng.integers(len(instances)))], taken, rng, crossing)
            y, x = min(max(y, 0), height - h), min(max(x, 0), width - w)
        common = int((taken[y : y + h, x : x + w] & mask).sum())
        if near and (0.02 * area < common < 0.4 * area if crossing else common < 0.02 * area + 12):
            return y, x
        if not near and common == 0 and not _close(mask, taken, y, x):
            return y, x
    return None


def _toward(mask: np.ndarray, other: Instance, taken: np.ndarray, rng: np.random.Generator, crossing: bool) -> tuple[int, int]:
    """Return (y, x) that lays the mask across another instance, or slides it in from afar until it almost or just touches."""
    ys, xs = np.nonzero(other.mask)
    hit = int(rng.integers(len(ys)))
    my, mx = np.nonzero(mask)
    own = int(rng.integers(len(my)))
    y, x = other.y + int(ys[hit]) - int(my[own]), other.x + int(xs[hit]) - int(mx[own])
    if crossing:
        return y, x
    angle, gap = rng.uniform(0, 2 * np.pi), int(rng.integers(0, 3))
    for step in range(80, -1, -1):
        if _common(mask, taken, y + int(step * np.sin(angle)), x + int(step * np.cos(angle))):
            return y + int((step + gap) * np.sin(angle)), x + int((step + gap) * np.cos(angle))
    return y, x


def _common(mask: np.ndarray, taken: np.ndarray, y: int, x: int) -> bool:
    h, w = mask.shape
    top, left = max(0, y), max(0, x)
    bottom, right = min(taken.shape[0], y + h), min(taken.shape[1], x + w)
    if top >= bottom or left >= right:
        return False
    return bool((taken[top:bottom, left:right] & mask[top - y : bottom - y, left - x : right - x]).any())


def _close(mask: np.ndarray, taken: np.ndarray, y: int, x: int) -> bool:
    """Tell whether anything lies within two pixels of the mask."""
    return any(_common(mask, taken, y + dy, x + dx) for dy, dx in ((-3, 0), (3, 0), (0, -3), (0, 3)))


def _photograph(density: np.ndarray, rng: np.random.Generator, scene: Scene, grounds: Sequence[np.ndarray]) -> np.ndarray:
    """Return what a camera sees of optical densities, uint8 (H, W)."""
    height, width = density.shape
    density = density.copy()
    if rng.random() < scene.nuclei:
        _add_nucleus(density, rng)
    for _ in range(int(rng.integers(0, scene.debris + 1))):
        place = int(rng.integers(width)), int(rng.integers(height))
        axes = int(rng.integers(1, 5)), int(rng.integers(1, 4))
        speck = cv2.ellipse(np.zeros_like(density), place, axes, rng.uniform(0, 180), 0, 360, 1.0, cv2.FILLED)
        density += speck * np.float32(rng.uniform(0.05, 0.35))
    grey = to_grey(cv2.GaussianBlur(density, (0, 0), float(rng.uniform(0.3, 0.9))))
    if len(grounds) and rng.random() < 0.7:
        ground = grounds[int(rng.integers(len(grounds)))]
        tiles = -(-height // ground.shape[0]), -(-width // ground.shape[1])
        top = int(rng.integers(0, tiles[0] * ground.shape[0] - height + 1))
        left = int(rng.integers(0, tiles[1] * ground.shape[1] - width + 1))
        light: np.ndarray = np.tile(ground, tiles)[top : top + height, left : left + width].astype(np.float32) / 255
    else:
        coarse = rng.normal(0, 0.015, (4, 4)).astype(np.float32)
        light = np.float32(rng.uniform(0.88, 1.0)) * (1 + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    noise = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 0.6)
    picture = np.clip(grey * light + noise * np.float32(rng.uniform(0.5, 6.0)), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        return picture
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE))


def _add_nucleus(density: np.ndarray, rng: np.random.Generator) -> None:
    """Lay an interphase nucleus, a textured disc far bigger than a chromosome, across the border of the picture."""
    height, width = density.shape
    side = rng.choice(4)
    along = rng.uniform(0, 1)
    centre = ((along * width, -10), (along * width, height + 10), (-10, along * height), (width + 10, along * height))[side]
    axes = int(rng.uniform(45, 80)), int(rng.uniform(45, 80))
    disc = cv2.ellipse(
        np.zeros_like(density), (int(centre[0]), int(centre[1])), axes, rng.uniform(0, 180), 0, 360, 1.0, cv2.FILLED
    )
    texture = cv2.GaussianBlur(rng.standard_normal(density.shape, np.float32), (0, 0), 3)
    disc = cv2.GaussianBlur(disc, (0, 0), 1.5)
    density += disc * np.float32(rng.uniform(0.15, 0.45)) * (1 + texture)

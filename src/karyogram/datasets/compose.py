"""Composite metaphases: real chromosomes pasted so that every mask is known, crossings included."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from karyogram.datasets.camera import take_photograph
from karyogram.datasets.choose import choose_cell, choose_stretch
from karyogram.datasets.cutouts import Cutout
from karyogram.datasets.slide import add_debris, add_nucleus, add_streaks, draw_ground, lay
from karyogram.errors import DataError
from karyogram.karyotype.iscn import parse_counts
from karyogram.records import Instance

#: How often a chromosome is turned anew and a place is sought for it.
ATTEMPTS = 8
#: Where the empty slide is at least this dense, and not just with debris, is a nucleus: chromosomes keep off it.
NUCLEUS = 0.1
#: The stain fades over so many pixels outside of a mask, as a blur of this sigma would; measured on photographs.
FADES, FADE = 4, 1.3


@dataclass(frozen=True)
class Scene:
    """How a composite looks. Shares are probabilities a chromosome; sizes are pixels.

    ``size`` is (H, W); ``chromosomes`` are the least and the most of a picture, unless ``karyotype``, such as 46,XX, asks
    for a whole cell. ``nuclei`` is the share of pictures with a drawn nucleus, ``streaks`` and ``debris`` are the most of
    a picture, ``unevenness`` is the most by which uneven light darkens a corner, as a share.
    """

    size: tuple[int, int] = (512, 512)
    chromosomes: tuple[int, int] = (18, 34)
    touching: float = 0.35
    crossing: float = 0.25
    bend: float = 0.12
    nuclei: float = 0.4
    debris: int = 25
    streaks: int = 3
    unevenness: float = 0.1
    karyotype: str = ""


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

    ``cutouts`` is the library to draw from, listed cell by cell: the chromosomes of one picture are neighbours in it, so that
    stain and condensation agree. Some are laid to touch or to cross one already there; optical densities add
    (Beer-Lambert). One that finds no place is left out, but never one of a whole cell. ``grounds`` are optional empty real
    backgrounds, uint8 with the ground near 255.

    Raises DataError if the library is empty or lacks a class of the karyotype, if the chromosomes do not fit;
    AnnotationError if the karyotype is none.
    """
    scene = scene or Scene()
    if not cutouts:
        raise DataError("the library holds no chromosome")
    rng = np.random.default_rng(seed)
    if scene.karyotype:
        chosen = choose_cell(cutouts, parse_counts(scene.karyotype), rng)
    else:
        chosen = choose_stretch(cutouts, int(rng.integers(*scene.chromosomes, endpoint=True)), rng)
    density = draw_slide(scene, grounds, rng)
    instances, labels, densities = _lay_out(chosen, _covered(density), rng, scene)
    if len(instances) < (len(chosen) if scene.karyotype else 1):
        height, width = scene.size
        raise DataError(f"only {len(instances)} of {len(chosen)} chromosomes found a place in {width} x {height} pixels")
    for item, own in zip(instances, densities, strict=True):
        lay(density, _fade(own), item.y - FADES, item.x - FADES)
    return Composite(take_photograph(density, rng, scene.unevenness), instances, labels, densities)


def draw_slide(scene: Scene, grounds: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return the optical density of a slide without chromosomes, float32 (H, W); see :func:`compose`."""
    density = draw_ground(scene.size, grounds, rng)
    if rng.random() < scene.nuclei:
        add_nucleus(density, rng)
    add_streaks(density, rng, scene.streaks)
    add_debris(density, rng, scene.debris)
    return density


def _covered(slide: np.ndarray) -> np.ndarray:
    """Return where nuclei lie on an empty slide, bool (H, W); debris and streaks are no hindrance."""
    dense = (slide > NUCLEUS).astype(np.uint8)
    return cv2.morphologyEx(dense, cv2.MORPH_OPEN, np.ones((21, 21), np.uint8)) > 0


def _lay_out(
    chosen: Sequence[Cutout], taken: np.ndarray, rng: np.random.Generator, scene: Scene
) -> tuple[list[Instance], list[int], list[np.ndarray]]:
    """Return the instances, class indices and densities of the cut-outs that find a place; ``taken``, bool (H, W), fills up.

    A whole cell ends with the first that finds none.
    """
    instances: list[Instance] = []
    labels: list[int] = []
    densities: list[np.ndarray] = []
    magnification = float(np.exp(np.clip(rng.normal(0, 0.1), -0.25, 0.25)))
    contrast = np.float32(np.exp(np.clip(rng.normal(-0.05, 0.15), -0.35, 0.3)))
    for cutout in chosen:
        for _ in range(ATTEMPTS):
            patch = pose(cutout.density, rng, scene.bend, magnification) * contrast
            place = find_place(patch > 0, taken, instances, rng, scene)
            if place is not None:
                instance = Instance(patch > 0, place[1], place[0])
                taken[instance.window()] |= instance.mask
                instances.append(instance)
                labels.append(cutout.label)
                densities.append(patch)
                break
        else:
            if scene.karyotype:
                break
    return instances, labels, densities


def _fade(density: np.ndarray) -> np.ndarray:
    """Return a chromosome's density with ``FADES`` more pixels on each side, in which its stain fades."""
    wide = np.pad(density, FADES)
    return np.where(wide > 0, wide, cv2.GaussianBlur(wide, (0, 0), FADE))


def pose(density: np.ndarray, rng: np.random.Generator, bend: float, magnification: float) -> np.ndarray:
    """Return a cut-out's density turned, mirrored, scaled and bent at random, float32 (h, w), cropped tight."""
    h, w = density.shape
    side = int(1.25 * np.hypot(h, w) * magnification * 1.1) + 8
    angle = float(rng.uniform(0, 2 * np.pi))
    size = magnification * float(np.exp(np.clip(rng.normal(0, 0.05), -0.1, 0.1)))
    curve = float(np.clip(rng.normal(0, bend), -2 * bend, 2 * bend))
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    u = np.arange(side, dtype=np.float32) - (side - 1) / 2
    v, cos, sin = u[:, None], math.cos(angle) / size, math.sin(angle) / size
    along = cos * v + sin * u
    across = mirror * (cos * u - sin * v)
    half = max(h, w) / 2
    if h >= w:
        across = across + curve * (along**2 / half - half / 3)
    else:
        along = along + curve * (across**2 / half - half / 3)
    maps = across + (w - 1) / 2, along + (h - 1) / 2
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

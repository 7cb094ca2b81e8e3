"""Where the chromosomes of a drawn cell lie: apart, touching, or across each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from karyogram.bands import length
from karyogram.datasets.synth.chromosome import Rod, draw_chromosome
from karyogram.errors import DataError
from karyogram.records import Instance

#: Width of a chromosome in pixels, free space around one that lies apart, and around the cell.
WIDTH, GAP, MARGIN = 17.5, 4, 6
#: How often a chromosome is drawn anew before the picture counts as too small, and places tried for each drawing.
REDRAWN, PLACES = 40, 80
#: Chromosomes shorter than this share of a chromosome 1 do not cross others.
LEAST_CROSSING = 0.4
#: Least pixels that two crossing chromosomes share, and most: more, and they lie along each other.
SHARED = 0.6 * WIDTH**2, 2.0 * WIDTH**2


@dataclass(frozen=True, eq=False)
class Laid:
    """A drawn chromosome and the place of its patch: pixel [0, 0] of the rod is the picture's pixel [y, x]."""

    label: str
    rod: Rod
    x: int
    y: int

    @property
    def instance(self) -> Instance:
        """The chromosome's mask at its place."""
        return Instance(self.rod.mask, self.x, self.y)


def lay_out(
    labels: Sequence[str], closed: np.ndarray, rng: np.random.Generator, touching: float = 0.0, crossings: int = 0
) -> list[Laid]:
    """Draw one chromosome for each label and find it a place, at any angle.

    ``closed`` bool (H, W) is where none may lie. A share ``touching`` of them (0..1) is laid beside another so that the
    two masks touch without sharing a pixel; ``crossings`` long ones are laid across a long one that nothing else
    crosses; the rest lie apart, in an ellipse that fills the picture. Raises DataError if they do not fit.
    """
    order = sorted(labels, key=length, reverse=True)
    long = [i for i, label in enumerate(order) if length(label) >= LEAST_CROSSING]
    if 2 * crossings > len(long):
        raise DataError(f"{crossings} crossings need {2 * crossings} long chromosomes, the cell has {len(long)}")
    across = set(rng.permutation(long)[:crossings].tolist())
    rest = [i for i in range(len(order)) if i not in across]
    beside = set(rng.permutation(rest[1:])[: round(touching * len(order))].tolist())
    apart = [i for i in rest if i not in beside]

    laid: list[Laid] = []
    taken = np.zeros_like(closed)
    for find, members in ((_apart, apart), (_beside, sorted(beside)), (_across, sorted(across))):
        for i in members:
            placed = _place(find, order[i], laid, taken, closed, rng)
            laid.append(placed)
            taken[placed.instance.window()] |= placed.rod.mask
    return laid


def _place(
    find: Callable[..., tuple[int, int] | None],
    label: str,
    laid: list[Laid],
    taken: np.ndarray,
    closed: np.ndarray,
    rng: np.random.Generator,
) -> Laid:
    """Draw one chromosome anew until ``find`` has a place for it. Raises DataError if it never has."""
    for _ in range(REDRAWN):
        rod = draw_chromosome(label, rng, width=WIDTH, angle=rng.uniform(0, 360))
        place = find(rod, laid, taken, closed, rng)
        if place is not None:
            return Laid(label, rod, *place)
    height, width = closed.shape
    raise DataError(f"a picture of {width} x {height} pixels is too small for the chromosomes asked for")


def _apart(
    rod: Rod, laid: list[Laid], taken: np.ndarray, closed: np.ndarray, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return (x, y) with ``GAP`` free pixels around the rod, or None."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GAP + 1, 2 * GAP + 1))
    grown = cv2.dilate(np.pad(rod.mask, GAP).astype(np.uint8), kernel) > 0
    size = np.array(closed.shape[::-1])
    for radius, turn in zip(np.sqrt(rng.random(PLACES)), rng.uniform(0, 2 * np.pi, PLACES), strict=True):
        middle = size / 2 + (size / 2 - MARGIN) * radius * np.array([np.cos(turn), np.sin(turn)])
        x, y = np.rint(middle - np.array(rod.mask.shape[::-1]) / 2).astype(int).tolist()
        if not (_hits(rod.mask, x, y, closed) or _hits(grown, x - GAP, y - GAP, taken)):
            return x, y
    return None


def _beside(
    rod: Rod, laid: list[Laid], taken: np.ndarray, closed: np.ndarray, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return (x, y) where the rod touches another: pushed out of one, pixel by pixel, until it is free."""
    other = laid[int(rng.integers(len(laid)))]
    start = np.array([other.x, other.y]) + other.rod.axis.mean(0) - rod.axis.mean(0)
    turn = rng.uniform(0, 2 * np.pi)
    for step in range(max(closed.shape)):
        x, y = np.rint(start + step * np.array([np.cos(turn), np.sin(turn)])).astype(int).tolist()
        if _hits(rod.mask, x, y, closed):
            return None
        if not _hits(rod.mask, x, y, taken):
            return x, y
    return None


def _across(
    rod: Rod, laid: list[Laid], taken: np.ndarray, closed: np.ndarray, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return (x, y) where the rod crosses one long chromosome and meets no other, or None."""
    uncrossed = [
        one
        for one in laid
        if length(one.label) >= LEAST_CROSSING
        and not any(other is not one and one.instance.common(other.instance) for other in laid)
    ]
    for _ in range(PLACES):
        other = uncrossed[int(rng.integers(len(uncrossed)))]
        mine, its = (axis[int(rng.uniform(0.2, 0.8) * len(axis))] for axis in (rod.axis, other.rod.axis))
        x, y = np.rint(np.array([other.x, other.y]) + its - mine).astype(int).tolist()
        if _hits(rod.mask, x, y, closed):
            continue
        placed = Instance(rod.mask, x, y)
        shared = placed.common(other.instance)
        if SHARED[0] <= shared <= SHARED[1] and shared == int((taken[placed.window()] & rod.mask).sum()):
            return x, y
    return None


def _hits(mask: np.ndarray, x: int, y: int, taken: np.ndarray) -> bool:
    """Tell whether the mask at (x, y) leaves the picture or meets what is taken."""
    height, width = mask.shape
    if x < 0 or y < 0 or y + height > taken.shape[0] or x + width > taken.shape[1]:
        return True
    return bool((taken[y : y + height, x : x + width] & mask).any())

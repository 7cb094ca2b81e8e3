"""Pixel maps to pieces: arms and whole chromosomes, the overlaps between them, and which piece borders on which."""

from dataclasses import dataclass

import cv2
import numpy as np

#: A pixel belongs to what its map says with at least this probability.
SURE = 0.5
#: Specks below these areas (pixels) are no piece and no overlap.
LEAST_PIECE, LEAST_OVERLAP = 25, 8
#: Pieces and overlaps this close (pixels) border on each other: the width of the contact zone between them.
REACH = 4


@dataclass(frozen=True, eq=False)
class Pieces:
    """Two label images, int32 (H, W), 0 for none, and who borders on whom.

    ``pieces`` are what is left of the chromosomes when overlaps and contacts are taken away, grown back over the
    contacts; ``overlaps``
    are where two chromosomes share pixels. ``neighbours[a]`` are the pieces that piece ``a`` touches or meets at an overlap,
    ``under[a]`` the overlaps it runs into.
    """

    pieces: np.ndarray
    overlaps: np.ndarray
    neighbours: dict[int, set[int]]
    under: dict[int, set[int]]


def find_pieces(maps: np.ndarray) -> Pieces:
    """Cut maps, float (3, H, W) probabilities of chromosome, overlap and contact, into pieces."""
    chromosome, overlap, contact = (channel > SURE for channel in maps)
    chromosome |= overlap
    overlaps = _label(overlap, LEAST_OVERLAP)
    seeds = _label(chromosome & (overlaps == 0) & ~contact, LEAST_PIECE)
    pieces = _grow(seeds, chromosome & (overlaps == 0))
    count = int(pieces.max())
    neighbours: dict[int, set[int]] = {a: set() for a in range(1, count + 1)}
    under: dict[int, set[int]] = {a: set() for a in range(1, count + 1)}
    for a, b in _borders(pieces, pieces):
        neighbours[a].add(b)
    meeting: dict[int, set[int]] = {}
    for a, crossing in _borders(pieces, overlaps):
        under[a].add(crossing)
        meeting.setdefault(crossing, set()).add(a)
    for together in meeting.values():
        for a in together:
            neighbours[a] |= together - {a}
    return Pieces(pieces, overlaps, neighbours, under)


def _label(mask: np.ndarray, least: int) -> np.ndarray:
    """Return the 4-connected parts of at least ``least`` pixels as an int32 label image without gaps in its numbers."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    return np.asarray(numbers[labels]) if count > 1 else np.zeros(mask.shape, np.int32)


def _grow(seeds: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Give each pixel of ``within`` to the nearest seed, if one is within ``REACH``."""
    if not seeds.any():
        return seeds
    distance, nearest = cv2.distanceTransformWithLabels(
        (seeds == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[seeds > 0]] = seeds[seeds > 0]
    return np.where(within & (distance <= REACH), owner[nearest], seeds)


def _borders(pieces: np.ndarray, others: np.ndarray) -> set[tuple[int, int]]:
    """Return the pairs (piece, other) that lie within ``REACH`` pixels of each other in a row or column, apart from (a, a)."""
    found: set[tuple[int, int]] = set()
    same = pieces is others
    for axis in (0, 1):
        for step in range(1, REACH + 1):
            ahead, behind = np.s_[step:], np.s_[:-step]
            for first, second in ((ahead, behind), (behind, ahead)):
                a = pieces[first] if axis == 0 else pieces[:, first]
                b = others[second] if axis == 0 else others[:, second]
                meet = (a > 0) & (b > 0) & ((a != b) if same else True)
                found |= {(int(x), int(y)) for x, y in np.unique(np.stack([a[meet], b[meet]], 1), axis=0)}
    return found

"""Pieces to chromosomes: every way to join neighbours is judged, and the best way to use each piece once is chosen."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from karyogram.records import Instance
from karyogram.segment.classical import Judge
from karyogram.segment.objects import fill_holes, largest_component
from karyogram.segment.pieces import Pieces

#: A chromosome is joined from at most this many pieces, and is at most this many times the mean chromosome's area.
MOST_PIECES, LARGEST = 4, 3.6
#: At most this many joins are judged around one piece, those of few pieces first.
MOST_JOINS = 40
#: What each chromosome of a partition costs, in mean areas: of two ways that look as whole, the one with fewer
#: chromosomes wins.
PRICE = 0.05


def join_pieces(flat: np.ndarray, found: Pieces, judge: Judge, mean_area: float) -> list[Instance]:
    """Return the chromosomes of a flattened picture, uint8 (H, W), scored by the judge; they may share pixels.

    A candidate is a connected set of pieces with the overlaps they run into. The partition of the pieces into
    candidates that maximises
    the sum of area times judged wholeness is found exactly, as a set partitioning problem (mixed-integer programme, HiGHS).
    """
    joins = candidates(flat, found, mean_area)
    if not joins:
        return []
    sets, items = zip(*joins, strict=True)
    areas = np.bincount(found.pieces.ravel())
    scores = judge(items)
    worth = np.array([sum(areas[a] for a in members) / mean_area for members in sets]) * scores - PRICE
    chosen = _best_partition(sets, worth, len(areas) - 1)
    return [Instance(i.mask, i.x, i.y, float(s), i.pixels) for i, s, c in zip(items, scores, chosen, strict=True) if c]


def candidates(flat: np.ndarray, found: Pieces, mean_area: float) -> list[tuple[tuple[int, ...], Instance]]:
    """Return (pieces, instance) for every join worth judging in a flattened picture, uint8 (H, W)."""
    boxes = _boxes(found.pieces)
    areas = np.bincount(found.pieces.ravel(), minlength=len(boxes) + 1)
    sets = _connected_sets(found, areas, LARGEST * mean_area)
    return [(members, _instance(flat, found, members, boxes)) for members in sets]


def _connected_sets(found: Pieces, areas: np.ndarray, largest: float) -> Iterator[tuple[int, ...]]:
    """Yield connected sets of pieces, each once: every piece alone, then its joins up to the limits."""
    seen: set[tuple[int, ...]] = set()
    for start in found.neighbours:
        ring: list[tuple[int, ...]] = [(start,)]
        number = 0
        while ring and number < MOST_JOINS:
            wider = []
            for members in ring:
                if members not in seen:
                    seen.add(members)
                    yield members
                number += 1
                if len(members) < MOST_PIECES:
                    around = set().union(*(found.neighbours[a] for a in members)) - set(members)
                    joined = (tuple(sorted((*members, b))) for b in sorted(around))
                    wider += [m for m in joined if areas[list(m)].sum() <= largest]
            ring = sorted(set(wider))


def _boxes(labels: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return (xmin, ymin, xmax, ymax) of each label from 1 on."""
    boxes = []
    for number in range(1, int(labels.max()) + 1):
        ys, xs = np.nonzero(labels == number)
        boxes.append((int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1))
    return boxes


def _instance(flat: np.ndarray, found: Pieces, members: Sequence[int], boxes: Sequence[tuple[int, int, int, int]]) -> Instance:
    """Build a candidate: its pieces, the overlaps they run into, the gap between them, and its own share of the stain."""
    margin = 40 if any(found.under[a] for a in members) else 3
    low = np.min([boxes[a - 1][:2] for a in members], axis=0) - margin
    high = np.max([boxes[a - 1][2:] for a in members], axis=0) + margin
    x, y = (int(max(v, 0)) for v in low)
    window = np.s_[y : int(high[1]), x : int(high[0])]
    crossings = sorted(set().union(*(found.under[a] for a in members)))
    shared = np.isin(found.overlaps[window], crossings)
    mask = np.isin(found.pieces[window], members) | shared
    if len(members) > 1 or crossings:
        mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
    mask = fill_holes(largest_component(mask))
    pixels = None
    if shared.any():
        own = flat[window].astype(np.float32) / 255
        pixels = np.where(shared, np.sqrt(own), own)
        pixels = (pixels * 255 + 0.5).astype(np.uint8)
    xmin, ymin, xmax, ymax = Instance(mask, 0, 0).bbox
    tight = np.s_[ymin:ymax, xmin:xmax]
    return Instance(mask[tight], x + xmin, y + ymin, 1.0, None if pixels is None else pixels[tight])


def _best_partition(sets: Sequence[tuple[int, ...]], worth: np.ndarray, pieces: int) -> np.ndarray:
    """Return bool (len(sets),): the sets that use every piece exactly once and are worth most together."""
    rows = np.concatenate([np.array(members) - 1 for members in sets])
    columns = np.repeat(np.arange(len(sets)), [len(members) for members in sets])
    uses = csr_array((np.ones(len(rows)), (rows, columns)), shape=(pieces, len(sets)))
    result = milp(
        -worth,
        constraints=LinearConstraint(uses, 1, 1),
        integrality=np.ones(len(sets)),
        bounds=(0, 1),
        options={"time_limit": 2.0},
    )
    if result.x is None:
        return np.array([len(members) == 1 for members in sets])
    return np.asarray(result.x > 0.5)

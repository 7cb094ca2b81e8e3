"""Which of the chromosomes in a picture are the cell's, and which a neighbour's."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse.csgraph import connected_components

from karyogram.records import Instance

#: Boxes nearer to each other than this many mean chromosomes' sizes (square root of the area) belong to one group. Within 95 of
#: 100 boxed cells no gap is wider.
GAP = 6.0
#: A group apart is another cell if it has at least this many chromosomes; fewer are stragglers of the cell.
NEIGHBOUR = 8
#: More chromosomes than this in one group are two cells that mix.
MOST = 60
#: What is less surely a chromosome than this is not counted.
SURE = 0.3


def find_cell(instances: Sequence[Instance], rivals: Sequence[tuple[int, int]] = ()) -> tuple[list[int], tuple[str, ...]]:
    """Return the numbers of the instances that belong to the largest group, the cell, in order, and warnings.

    ``rivals`` are pairs that show the same chromosome: they count once, and go with the surer one. Chromosomes of
    neighbouring cells are left out, and the warnings say how many; they also say where two cells seem to mix.
    """
    if not instances:
        return [], ()
    size = float(np.sqrt(np.median([item.area for item in instances])))
    boxes = np.array([item.bbox for item in instances], float)
    apart = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:])
    near = np.hypot(*np.maximum(apart, 0).transpose(2, 0, 1)) <= GAP * size
    groups = connected_components(near, directed=False)[1]
    counts = np.bincount(groups[_distinct(instances, rivals)], minlength=groups.max() + 1)
    own = (counts < NEIGHBOUR) | (np.arange(len(counts)) == counts.argmax())
    kept = np.flatnonzero(own[groups]).tolist()
    warnings = []
    if not own.all():
        warnings.append(f"{counts[~own].sum()} objects of neighbouring cells left out")
    if counts.max() > MOST:
        warnings.append(f"{counts.max()} objects in one group: two cells may mix")
    return kept, tuple(warnings)


def _distinct(instances: Sequence[Instance], rivals: Sequence[tuple[int, int]]) -> list[int]:
    """Return the numbers of instances no two of which are rivals, the surest first."""
    against: dict[int, set[int]] = {number: set() for number in range(len(instances))}
    for a, b in rivals:
        against[a].add(b)
        against[b].add(a)
    kept: list[int] = []
    for number in sorted(against, key=lambda number: -instances[number].score):
        if instances[number].score >= SURE and not against[number] & set(kept):
            kept.append(number)
    return kept

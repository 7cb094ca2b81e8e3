"""Which of the chromosomes in a picture are the cell's, and which a neighbour's."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse.csgraph import connected_components

from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.rivals import keep_apart

#: Boxes nearer to each other than this many mean chromosomes' sizes (square root of the area) belong to one group. Within 95 of
#: 100 boxed cells no gap is wider.
GAP = 6.0
#: A group apart is another cell if it has at least this many chromosomes; fewer are stragglers of the cell. A larger one is the
#: rest of the same cell if more than this share of it is what the largest group lacks, by class.
NEIGHBOUR, LACKED = 8, 0.5
#: More chromosomes than this in one group are two cells that mix.
MOST = 60
#: What is less surely a chromosome than this is not counted.
SURE = 0.3
#: How many of each class a cell has at most, unless something is wrong with it.
COPIES = np.array([1 if label == "Y" else 2 for label in LABELS])


def find_cell(
    instances: Sequence[Instance], probabilities: np.ndarray, rivals: Sequence[tuple[int, int]] = ()
) -> tuple[list[int], tuple[str, ...]]:
    """Return the numbers of the instances that belong to the largest group, the cell, in order, and warnings.

    ``probabilities`` (N, 24) are those of the classes. ``rivals`` are pairs that show the same chromosome: they count once, and
    go with the surer one. Chromosomes of neighbouring cells are left out, and the warnings say how many; they also say where
    two cells seem to mix.
    """
    if not instances:
        return [], ()
    size = float(np.sqrt(np.median([item.area for item in instances])))
    boxes = np.array([item.bbox for item in instances], float)
    apart = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:])
    near = np.hypot(*np.maximum(apart, 0).transpose(2, 0, 1)) <= GAP * size
    groups = connected_components(near, directed=False)[1]
    surest = sorted((k for k, item in enumerate(instances) if item.score >= SURE), key=lambda k: -instances[k].score)
    counted = keep_apart(surest, rivals)
    counts = np.bincount(groups[counted], minlength=groups.max() + 1)
    copies = np.zeros((len(counts), len(LABELS)))  # of each class in each group, as far as one can tell
    np.add.at(copies, groups[counted], probabilities[counted])
    lacked = np.minimum(copies, np.maximum(COPIES - copies[counts.argmax()], 0)).sum(1)
    largest = np.arange(len(counts)) == counts.argmax()
    rest = ~largest & (counts >= NEIGHBOUR) & (lacked > LACKED * counts)
    own = (counts < NEIGHBOUR) | largest | rest
    kept = np.flatnonzero(own[groups]).tolist()
    warnings = []
    if not own.all():
        warnings.append(f"{counts[~own].sum()} objects of neighbouring cells left out")
    if rest.any():
        warnings.append(f"{counts[rest].sum()} objects lie apart, taken for the rest of the cell")
    if counts.max() > MOST:
        warnings.append(f"{counts.max()} objects in one group: two cells may mix")
    return kept, tuple(warnings)

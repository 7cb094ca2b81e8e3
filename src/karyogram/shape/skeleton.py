"""The longest way through the skeleton of a mask."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from skimage.morphology import skeletonize


def longest_path(solid: np.ndarray) -> np.ndarray:
    """Return the longest of the shortest ways between two pixels of a mask's skeleton, float64 (n, 2) x, y, n >= 1.

    ``solid`` is bool (H, W), one 8-connected part that does not touch the border. Steps to the side count 1, oblique ones the
    root of 2. Thinning: Zhang and Suen, Commun. ACM 27:236 (1984), doi 10.1145/357994.358023. Longest way: the pixel farthest
    from any pixel is one end, the pixel farthest from that the other; exact where the skeleton has no loop.
    """
    ys, xs = np.nonzero(skeletonize(solid))
    index = np.full(solid.shape, -1)
    index[ys, xs] = np.arange(len(xs))
    steps = []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = index[ys + dy, xs + dx]
        here = np.flatnonzero(other >= 0)
        steps.append(np.stack([here, other[here], np.full(len(here), np.hypot(dx, dy))]))
    start, stop, cost = np.concatenate(steps, axis=1)
    graph = coo_array((cost, (start.astype(int), stop.astype(int))), shape=(len(xs), len(xs))).tocsr()
    one_end = int(np.argmax(dijkstra(graph, directed=False, indices=0)))
    distance, before = dijkstra(graph, directed=False, indices=one_end, return_predecessors=True)
    way = [int(np.argmax(distance))]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return np.stack([xs[way], ys[way]], 1).astype(np.float64)

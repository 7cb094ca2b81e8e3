"""Two banding profiles laid beside each other, stretched and squeezed where that makes them agree."""

import numpy as np

#: How far, as a share of the length, a point may be moved.
REACH = 0.1
#: What a step costs that stretches or squeezes, in squared standard deviations of stain.
STRETCH = 0.15


def align(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return, for N pairs of profiles, where each point of the first lies on the second: int (N, P), never falling.

    ``first`` and ``second`` are float (N, P). Least sum of squared differences along a path that moves no point by more than
    ``REACH``, each stretching step costing ``STRETCH``: dynamic time warping, Sakoe and Chiba, IEEE Trans. Acoust. Speech
    Signal Process. 26:43 (1978), doi 10.1109/TASSP.1978.1163055.
    """
    pairs, points = first.shape
    reach = max(1, round(REACH * points))
    cost = np.full((pairs, points + 1, points + 1), np.inf)
    cost[:, 0, 0] = 0
    came = np.zeros((pairs, points + 1, points + 1), np.int8)
    for i in range(1, points + 1):
        for j in range(max(1, i - reach), min(points, i + reach) + 1):
            ways = np.stack([cost[:, i - 1, j - 1], cost[:, i - 1, j] + STRETCH, cost[:, i, j - 1] + STRETCH])
            came[:, i, j] = ways.argmin(0)
            cost[:, i, j] = ways.min(0) + (first[:, i - 1] - second[:, j - 1]) ** 2
    partner = np.zeros((pairs, points), int)
    for pair in range(pairs):
        i = j = points
        while i > 0:
            partner[pair, i - 1] = j - 1
            step = came[pair, i, j]
            i, j = i - (step != 2), j - (step != 1)
    return partner

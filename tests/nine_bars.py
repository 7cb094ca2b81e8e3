"""A cell for the tests of the segmenter's training."""

import numpy as np

from karyogram.training.cells import SHARED, Cell
from karyogram.training.views import SIDE


def bars(side=SIDE):
    """A cell of nine upright bars; of the last two, which cross, nobody knows whose the middle is."""
    absorbance, owners = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    boxes = [(40 + 90 * (k % 4), 40 + 120 * (k // 4), 55 + 90 * (k % 4), 100 + 120 * (k // 4)) for k in range(7)]
    boxes += [(300, 330, 315, 400), (270, 358, 345, 373)]
    for number, (left, top, right, bottom) in enumerate(boxes):
        absorbance[top:bottom, left:right] = 140
        owners[top:bottom, left:right] = number + 1
    owners[358:373, 300:315] = SHARED
    return Cell(absorbance, owners, np.array(boxes, np.float32), np.arange(9, dtype=np.int16), np.arange(9) < 7)

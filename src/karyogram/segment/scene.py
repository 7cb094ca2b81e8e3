"""Whether a picture is made like a photographed metaphase, whatever was found in it: many banded objects on a calm ground.

The limits stand between training metaphases and pictures of other things (benchmarks/domain.md).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from karyogram.records import Instance

#: Fewer objects than this may be anything; so may objects that measure less than this many pixels a side, in the mean: stars.
MANY, SMALL = 20, 12.5
#: The share of a picture's pixels that is ground, within so many grey levels of the commonest one: training cells 0.45 to 0.94.
LEAST_GROUND, NEAR = 0.5, 10
#: The spread of grey levels inside an object, as a share of its mean contrast with the ground: validation cells 0.12 to 0.27.
LEAST_BANDS = 0.05
#: Pixels at a mask's edge that say nothing of its bands.
_EDGE = 2


def looks_like_metaphase(flat: np.ndarray, instances: Sequence[Instance]) -> bool:
    """Tell whether a flattened picture, uint8 (H, W), dark on white, holds many objects with bands on a calm ground."""
    if len(instances) < MANY or np.mean([item.area for item in instances]) < SMALL**2:
        return False
    return ground_share(flat) >= LEAST_GROUND and bandedness(flat, instances) >= LEAST_BANDS


def ground_share(flat: np.ndarray) -> float:
    """Return the share of the pixels of a picture, uint8 (H, W), that are about as bright as the commonest grey level."""
    counts = np.bincount(flat.ravel(), minlength=256)
    return float(counts[max(0, counts.argmax() - NEAR) : counts.argmax() + NEAR + 1].sum() / counts.sum())


def bandedness(flat: np.ndarray, instances: Sequence[Instance]) -> float:
    """Return the median, over the objects, of the spread of grey levels inside, as a share of the object's mean contrast."""
    ground, kernel = float(np.bincount(flat.ravel()).argmax()), np.ones((2 * _EDGE + 1, 2 * _EDGE + 1), np.uint8)
    spreads = [0.0]
    for item in instances:
        inside = cv2.erode(item.mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
        levels = flat[item.y : item.y + item.mask.shape[0], item.x : item.x + item.mask.shape[1]][inside]
        spreads.append(float(levels.std() / max(1.0, ground - levels.mean())) if levels.size else 0.0)
    return float(np.median(spreads))

"""Which side is the ground on: dark on white, bright on black, or a cut-out laid on black."""

from typing import Literal

import cv2
import numpy as np

Ground = Literal["white", "black", "cut-out"]

#: A ground painted black is darker than this, a chromosome laid on it brighter.
PAINTED = 8
#: Least brightness of the rim, as a share of the core's, that a cut-out reaches and a fluorescent stain does not.
LEAST_RIM = 0.85
#: Objects of fewer pixels say nothing about rim and core.
LEAST_AREA = 30


def find_ground(picture: np.ndarray) -> Ground:
    """Tell what a grey uint8 (H, W) picture shows its chromosomes on.

    * ``white``: dark chromosomes on a bright ground (G-banding in transmitted light).
    * ``black``: bright chromosomes on a dark ground (DAPI and other fluorescent stains).
    * ``cut-out``: dark-banded chromosomes whose surroundings were painted black, as the founders' 224 x 224 crops were.

    The median of the picture's frame and of the picture tell bright from dark; a black frame painted around a
    photograph counts as a cut-out.
    """
    frame = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    if np.median(frame) >= 128:
        return "white"
    if _is_cut_out(picture):
        return "cut-out"
    return "white" if np.median(picture) >= 128 else "black"


def _is_cut_out(picture: np.ndarray) -> bool:
    """Tell cut-outs from a fluorescent stain by their edges, on a ground that is painted black.

    A stain on white is palest, so brightest, at its rim; a fluorescent chromosome fades towards it, even when its
    surroundings were painted black. The median object decides, so that a nucleus among chromosomes does not.
    """
    inside = np.pad(picture > PAINTED, 1)
    ground = picture[picture <= PAINTED]
    if not ground.size or np.mean(ground <= 2) < 0.9:
        return False
    padded = np.pad(picture, 1)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    shares = []
    for number in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[number])
        if area >= LEAST_AREA:
            own = labels[y : y + h, x : x + w] == number
            shares.append(_rim_to_core(padded[y : y + h, x : x + w][own], depth[y : y + h, x : x + w][own]))
    return bool(shares) and float(np.median(shares)) > LEAST_RIM


def _rim_to_core(levels: np.ndarray, depth: np.ndarray) -> float:
    """Return mean grey level of the rim / of the core of one object, given level and depth of its pixels, (N,) each.

    Measured from the depth that a tenth of the pixels exceeds, the rim lies at 10 to 40 %, the core beyond 60 %: the
    same after enlargement, and clear of the dark line that interpolation leaves around a cut-out.
    """
    deep = np.percentile(depth, 90)
    rim = levels[(depth > 0.1 * deep) & (depth <= max(1.0, 0.4 * deep))]
    core = levels[depth > 0.6 * deep]
    return float(rim.mean() / core.mean()) if rim.size else 0.0


def to_dark_on_white(picture: np.ndarray, ground: Ground) -> np.ndarray:
    """Return the grey uint8 (H, W) picture with dark chromosomes on a bright ground, whatever it had before."""
    if ground == "white":
        return picture
    if ground == "black":
        return 255 - picture
    inside = (picture > PAINTED).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    silhouette = cv2.drawContours(np.zeros_like(inside), contours, -1, 1, cv2.FILLED)
    return np.where(silhouette > 0, picture, np.uint8(255))

"""Which side is the ground on: dark on white, bright on black, or a cut-out laid on black."""

from typing import Literal

import cv2
import numpy as np

Ground = Literal["white", "black", "cut-out"]


def find_ground(picture: np.ndarray) -> Ground:
    """Tell what a grey uint8 (H, W) picture shows its chromosomes on.

    * ``white``: dark chromosomes on a bright ground (G-banding in transmitted light).
    * ``black``: bright chromosomes on a dark ground (DAPI and other fluorescent stains).
    * ``cut-out``: dark-banded chromosomes whose surroundings were painted black, as the founders' 224 x 224 crops were.

    The median of the picture's frame and of the picture tell bright from dark. A cut-out is told from a fluorescent
    stain by its edge: its ground is exactly black and the pixels just inside the edge, being the pale rim of a
    chromosome on white, are brighter than the core, while a fluorescent chromosome fades towards its edge.
    """
    frame = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    if np.median(frame) >= 128 or np.median(picture) >= 128:
        return "white"
    inside = picture > 8
    ground = picture[~inside]
    if ground.size == 0 or not inside.any() or np.mean(ground <= 2) < 0.9:
        return "black"
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    rim = picture[(depth > 0) & (depth <= 2)]
    core = picture[depth > min(4.0, float(depth.max()) * 0.5)]
    return "cut-out" if core.size and np.median(rim) > np.median(core) + 8 else "black"


def to_dark_on_white(picture: np.ndarray, ground: Ground) -> np.ndarray:
    """Return the grey uint8 (H, W) picture with dark chromosomes on a bright ground, whatever it had before."""
    if ground == "white":
        return picture
    if ground == "black":
        return 255 - picture
    inside = (picture > 8).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    silhouette = cv2.drawContours(np.zeros_like(inside), contours, -1, 1, cv2.FILLED)
    return np.where(silhouette > 0, picture, np.uint8(255))

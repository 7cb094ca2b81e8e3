"""What the detector says of a picture, and how its numbers are laid out."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit

from karyogram.weights.record import Model

#: The detector sees a cell at this share of the reference size; its input is padded to a multiple of ``GRID`` pixels.
NET_SCALE, GRID = 0.75, 32
#: Layout of the detector's outputs: pixels of its input between two centres' places, between two mask features.
CENTRE_STEP, MASK_STEP = 4, 2
#: Mask features; a filter is two hidden layers of as many channels and one output, with biases, on features and place.
MASK_FEATURES = 8
LAYERS = ((MASK_FEATURES + 2, 8), (8, 8), (8, 1))
FILTER = sum(inputs * outputs + outputs for inputs, outputs in LAYERS)
#: A mask is drawn in a window of this many mask features a side; places in it are given in this many input pixels.
WINDOW, PLACE = 96, 64


@dataclass(frozen=True, eq=False)
class Maps:
    """What the detector says of a picture, float32, at its own scale.

    ``centres`` (24, h/4, w/4): probability of a centre of each class. ``reach`` (4, h/4, w/4): left, up, right, down from
    there, in input pixels. ``filters`` (169, h/4, w/4). ``features`` (8, h/2, w/2).
    """

    centres: np.ndarray
    reach: np.ndarray
    filters: np.ndarray
    features: np.ndarray


def predict_maps(model: Model, flat: np.ndarray, scale: float) -> Maps:
    """Ask the detector about a flattened picture, uint8 (H, W); ``scale`` brings the cell to the detector's size."""
    height, width = (max(1, round(side * scale)) for side in flat.shape)
    small = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, 0, -height % GRID, 0, -width % GRID, cv2.BORDER_CONSTANT, value=255)
    centres, reach, filters, features = (out[0] for out in model.session.run(None, {"picture": small[None]}))
    return Maps(expit(centres), reach, filters, features)

"""What the detector sees in a picture, and how its numbers are laid out."""

from dataclasses import dataclass

import cv2
import numpy as np

from karyogram.weights.record import Model

#: The detector sees a cell at this share of the reference size; its input is padded to a multiple of ``GRID`` pixels.
NET_SCALE, GRID = 0.75, 32
#: Layout of the detector's outputs: pixels of its input between two centres' places, between two mask features.
CENTRE_STEP, MASK_STEP = 4, 2
#: Mask features; a filter is two hidden layers of as many channels and one output, with biases, on features and place.
#: Beside them lies the texture, which is what a rough mask is refined with.
MASK_FEATURES, TEXTURE = 8, 16
LAYERS = ((MASK_FEATURES + 2, 8), (8, 8), (8, 1))
FILTER = sum(inputs * outputs + outputs for inputs, outputs in LAYERS)
#: What an exported detector answers: the fields of ``Peaks``.
OUTPUTS = ("classes", "boxes", "masks", "places")
#: A centre is looked at from this probability of any one class on, and at most so many of them.
LEAST, MOST = 0.08, 160
#: A mask is drawn in a window of this many mask features a side; places in it are given in this many input pixels.
WINDOW, PLACE = 96, 64
#: The middle of it, so many mask features a side, is refined; rough logits count no further than this there.
INNER, SURE = 64, 4.0
RIM = (WINDOW - INNER) // 2


@dataclass(frozen=True, eq=False)
class Peaks:
    """What the detector sees in a picture, n things it takes for chromosomes, float32, in its own pixels, the surest first.

    ``classes`` (n, 24): probability of a centre of each class, not normalised. ``boxes`` (n, 4): left, top, right, bottom.
    ``masks`` (n, WINDOW, WINDOW): logits, a value every ``MASK_STEP`` pixels, around ``places``, int64 (n, 2): row and column
    of the centre, in steps of ``CENTRE_STEP`` pixels.
    """

    classes: np.ndarray
    boxes: np.ndarray
    masks: np.ndarray
    places: np.ndarray


def ask_detector(model: Model, flat: np.ndarray, scale: float) -> Peaks:
    """Show the detector a flattened picture, uint8 (H, W); ``scale`` brings the cell to the detector's size."""
    return Peaks(*model.session.run(list(OUTPUTS), {"picture": shrink(flat, scale)[None]}))


def shrink(flat: np.ndarray, scale: float) -> np.ndarray:
    """Return what the detector is shown, uint8 (h, w): the flattened picture resized, white added to a multiple of ``GRID``."""
    height, width = (max(1, round(side * scale)) for side in flat.shape)
    small = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(small, 0, -height % GRID, 0, -width % GRID, cv2.BORDER_CONSTANT, value=255)

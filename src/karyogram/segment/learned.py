"""Chromosomes by a small network that maps overlap and contact, and by judging how the pieces join."""

import cv2
import numpy as np
from scipy.special import expit

from karyogram.records import Instance
from karyogram.segment.classical import Judge
from karyogram.segment.join import join_pieces
from karyogram.segment.objects import remove_nuclei
from karyogram.segment.pieces import find_pieces
from karyogram.weights.record import Model

#: The network's input is padded to a multiple of this many pixels.
GRID = 32


def predict_maps(model: Model, flat: np.ndarray) -> np.ndarray:
    """Return probabilities of chromosome, overlap and contact, float32 (3, H, W), of a flattened picture, uint8 (H, W)."""
    height, width = flat.shape
    padded = cv2.copyMakeBorder(flat, 0, -height % GRID, 0, -width % GRID, cv2.BORDER_CONSTANT, value=255)
    (logits,) = model.session.run(None, {"picture": padded[None]})
    return np.asarray(expit(logits[0, :, :height, :width]))


def segment_learned(flat: np.ndarray, model: Model, judge: Judge, width: float, mean_area: float) -> list[Instance]:
    """Return the chromosomes of a flattened picture, uint8 (H, W); masks may overlap, scores are the judge's.

    ``width`` is the chromosomes' width in pixels (nuclei are told by it), ``mean_area`` the area of a mean chromosome.
    """
    maps = predict_maps(model, flat)
    maps *= remove_nuclei(maps[0] > 0.5, width)
    return join_pieces(flat, find_pieces(maps), judge, mean_area)

"""Segment Anything: a click, or a box, to a mask. The weights are optional: ``karyogram models fetch sam``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from karyogram.records import Instance
from karyogram.segment.cuts import crop
from karyogram.weights.cache import cached
from karyogram.weights.record import open_session

if TYPE_CHECKING:
    import onnxruntime

#: The encoder sees squares of this many pixels, grey levels normalised by the mean and spread of its training pictures.
INPUT = 1024
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
SPREAD = np.array([58.395, 57.12, 57.375], np.float32)
#: Labels of points that are none, and of a box's corners.
PADDING, CORNERS = -1, (2, 3)


@dataclass(frozen=True, eq=False)
class Sam:
    """The two networks, as onnxruntime sessions: ``encoder`` reads a picture once, ``decoder`` answers each prompt."""

    encoder: "onnxruntime.InferenceSession"
    decoder: "onnxruntime.InferenceSession"


@dataclass(frozen=True, eq=False)
class Embedding:
    """What the encoder says of a tile: ``features`` float32 (1, 256, 64, 64).

    The tile has ``height`` and ``width`` pixels; its pixel [0, 0] is the picture's [y, x].
    """

    features: np.ndarray
    x: int
    y: int
    height: int
    width: int


def load_sam(threads: int = 0) -> Sam:
    """Open the fetched weights, checksums verified, for ``threads`` threads (0: all cores).

    MobileSAM (Zhang et al., 2023, doi 10.48550/arXiv.2306.14289) after Segment Anything (Kirillov et al., ICCV 2023, doi
    10.1109/ICCV51070.2023.00371). Raises ModelError if they are not fetched or not intact.
    """
    files = cached("sam")
    encoder, decoder = (open_session(files[name].read_bytes(), threads) for name in ("encoder.onnx", "sam.onnx"))
    return Sam(encoder, decoder)


def embed(sam: Sam, tile: np.ndarray, x: int = 0, y: int = 0) -> Embedding:
    """Read a tile, uint8 (h, w), once for all prompts on it; its pixel [0, 0] is the picture's [y, x].

    The smaller the tile the finer the masks: they have 256 pixels on its longer side.
    """
    height, width = tile.shape
    factor = INPUT / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    large = cv2.resize(tile, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR).astype(np.float32)
    canvas = np.zeros((1, 3, INPUT, INPUT), np.float32)
    canvas[0, :, : size[1], : size[0]] = (large - MEAN[:, None, None]) / SPREAD[:, None, None]
    return Embedding(sam.encoder.run(None, {"input": canvas})[0], x, y, height, width)


def segment_point(
    sam: Sam,
    embedding: Embedding,
    points: np.ndarray,
    labels: np.ndarray,
    box: tuple[float, float, float, float] | None = None,
) -> Instance | None:
    """Return what points and box mark, its score the model's own estimate of the mask's IoU; None for an empty mask.

    ``points`` is float (N, 2), x and y in pixels of the picture, ``labels`` (N,): 1 for a point on the object, 0 for one
    beside it. ``box`` is xmin, ymin, xmax, ymax. Points alone (N > 0) or a box alone (N = 0) will do. The mask is the largest
    connected part, holes filled.

    To one point or one box the model has three answers, of which it gives the one that it rates best. Told more, it has one; a
    point labelled ``PADDING``, wherever it lies, asks for that one.
    """
    corners, kinds = (np.zeros((1, 2)), (PADDING,)) if box is None else (np.reshape(box, (2, 2)), CORNERS)
    factor = INPUT / max(embedding.height, embedding.width)
    places = (np.concatenate([np.reshape(points, (-1, 2)), corners]) - (embedding.x, embedding.y)) * factor
    masks, scores, _ = sam.decoder.run(
        None,
        {
            "image_embeddings": embedding.features,
            "point_coords": places.astype(np.float32)[None],
            "point_labels": np.concatenate([labels, kinds]).astype(np.float32)[None],
            "mask_input": np.zeros((1, 1, 256, 256), np.float32),
            "has_mask_input": np.zeros(1, np.float32),
            "orig_im_size": np.array([embedding.height, embedding.width], np.float32),
        },
    )
    mask = masks[0, 0] > 0
    if not mask.any():
        return None
    found = crop(mask, embedding.x, embedding.y)
    return Instance(found.mask, found.x, found.y, float(np.clip(scores[0, 0], 0, 1)))

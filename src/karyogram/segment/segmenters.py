"""The ways to cut a metaphase into chromosomes, by the name the user gives."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from karyogram.errors import ModelError
from karyogram.records import Instance
from karyogram.segment.classical import Judge, segment_classical
from karyogram.segment.detect import Detections, segment_learned
from karyogram.segment.levels import Levels
from karyogram.segment.objects import drop_fragments
from karyogram.shape.size import mean_area
from karyogram.weights.cache import OPTIONAL
from karyogram.weights.catalogue import SEGMENTER, load_model

#: Cuts a flattened picture, uint8 (H, W), given a judge, the threshold levels and what brings the cell to the reference size.
Cut = Callable[[np.ndarray, Judge, Levels, float], Detections]


@dataclass(frozen=True)
class Segmenter:
    """A way to cut, and what a result says of it: name and SHA-256 of its model, empty if it has none."""

    name: str
    sha256: str
    cut: Cut


@lru_cache(maxsize=4)
def open_segmenter(name: str = "auto", threads: int = 0) -> Segmenter:
    """Return the segmenter ``name``: one of ``SEGMENTERS``, or an exported segmentation network (.onnx).

    ``threads`` is how many its networks may use (0: all cores); it is kept open for the next call. Raises ModelError.
    """
    if name in SEGMENTERS:
        return SEGMENTERS[name](threads)
    if not name.endswith(".onnx"):
        raise ModelError(f"no segmenter named {name!r}; there are {', '.join(SEGMENTERS)}, or name an exported .onnx file")
    return _learned(name, threads)


def _learned(name: str, threads: int) -> Segmenter:
    model = load_model(name, "segmenter", threads)

    def cut(flat: np.ndarray, judge: Judge, levels: Levels, scale: float) -> Detections:
        return segment_learned(flat, model, judge, levels, scale)

    return Segmenter(model.name, model.sha256, cut)


def _classical(_: int) -> Segmenter:
    def cut(flat: np.ndarray, judge: Judge, levels: Levels, scale: float) -> Detections:
        return _without_opinion(drop_fragments(segment_classical(flat, judge, levels), mean_area(scale)))

    return Segmenter("classical", "", cut)


def _sam(threads: int) -> Segmenter:
    from karyogram.segment.prompts import segment_sam
    from karyogram.segment.sam import load_sam

    sam = load_sam(threads)

    def cut(flat: np.ndarray, judge: Judge, levels: Levels, scale: float) -> Detections:
        return _without_opinion(drop_fragments(segment_sam(flat, levels, sam, judge), mean_area(scale)))

    return Segmenter("sam", OPTIONAL["sam"].files["encoder.onnx"].sha256, cut)


def _without_opinion(instances: list[Instance]) -> Detections:
    """Return instances of which the segmenter thinks no class likelier than another."""
    return Detections(instances, np.ones((len(instances), 24)), np.ones(len(instances)))


#: ``auto`` is the best one that ships; ``sam`` needs weights that are fetched on request.
SEGMENTERS: dict[str, Callable[[int], Segmenter]] = {
    "auto": partial(_learned, SEGMENTER),
    "classical": _classical,
    "learned": partial(_learned, SEGMENTER),
    "sam": _sam,
}

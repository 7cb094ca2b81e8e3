"""The ways to cut a metaphase into chromosomes, by the name the user gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from karyogram.errors import ModelError
from karyogram.records import Instance
from karyogram.segment.classical import segment_classical
from karyogram.segment.detect import Look, Proposals, segment_learned
from karyogram.segment.levels import Levels
from karyogram.segment.objects import drop_fragments
from karyogram.segment.outlines import redraw
from karyogram.shape.size import mean_area
from karyogram.weights.cache import OPTIONAL
from karyogram.weights.catalogue import OUTLINER, SEGMENTER, known_names, load_model
from karyogram.weights.record import Model

#: Cuts a flattened picture, uint8 (H, W), given a classifier, the threshold levels, and what brings the cell to the reference
#: size.
Cut = Callable[[np.ndarray, Look, Levels, float], Proposals]


@dataclass(frozen=True)
class Segmenter:
    """A way to cut, name and SHA-256 of its model, empty if it has none, and the model that redraws masks, if any does."""

    name: str
    sha256: str
    cut: Cut
    outliner: Model | None = None

    def redraw(self, flat: np.ndarray, instances: Sequence[Instance], stain: np.ndarray, scale: float) -> list[Instance]:
        """Return the chosen chromosomes of a flattened picture, uint8 (H, W), redrawn where they meet, within the stain."""
        return list(instances) if self.outliner is None else redraw(flat, instances, stain, scale, self.outliner)

    def identity(self) -> dict[str, str]:
        """Return what a result says of the models that made its masks."""
        own = {"segmenter": self.name, "segmenter_sha256": self.sha256}
        if self.outliner is None:
            return own
        return {**own, "outliner": self.outliner.name, "outliner_sha256": self.outliner.sha256}


@lru_cache(maxsize=4)
def open_segmenter(name: str = "auto", threads: int = 0) -> Segmenter:
    """Return the segmenter ``name``: one of ``SEGMENTERS``, or a segmentation network by its name or exported file (.onnx).

    ``NAME+OUTLINER`` is the segmenter NAME with another model, by name or file, that redraws masks. ``threads`` is how many its
    networks may use (0: all cores); it is kept open for the next call. Raises ModelError.
    """
    cutter, _, outliner = name.partition("+")
    if outliner and not Path(name).is_file():
        return replace(open_segmenter(cutter, threads), outliner=load_model(outliner, "outliner", threads))
    if name in SEGMENTERS:
        return SEGMENTERS[name](threads)
    if not name.endswith(".onnx") and name not in known_names():
        raise ModelError(f"no segmenter named {name!r}; there are {', '.join(SEGMENTERS)}, or name an exported .onnx file")
    return _learned(name, threads)


def _learned(name: str, threads: int) -> Segmenter:
    model, outliner = load_model(name, "segmenter", threads), load_model(OUTLINER, "outliner", threads)

    def cut(flat: np.ndarray, look: Look, levels: Levels, scale: float) -> Proposals:
        return segment_learned(flat, model, look, levels, scale)

    return Segmenter(model.name, model.sha256, cut, outliner)


def _classical(_: int) -> Segmenter:
    def cut(flat: np.ndarray, look: Look, levels: Levels, scale: float) -> Proposals:
        found = segment_classical(flat, lambda items: look(items)[1], levels)
        return _without_opinion(drop_fragments(found, mean_area(scale)), look)

    return Segmenter("classical", "", cut)


def _sam(threads: int) -> Segmenter:
    from karyogram.segment.prompts import segment_sam
    from karyogram.segment.sam import load_sam

    sam = load_sam(threads)

    def cut(flat: np.ndarray, look: Look, levels: Levels, scale: float) -> Proposals:
        found = segment_sam(flat, levels, sam, lambda items: look(items)[1])
        return _without_opinion(drop_fragments(found, mean_area(scale)), look)

    return Segmenter("sam", OPTIONAL["sam"].files["encoder.onnx"].sha256, cut)


def _without_opinion(instances: list[Instance], look: Look) -> Proposals:
    """Return instances of which the segmenter thinks no class likelier than another."""
    number = len(instances)
    return Proposals(instances, np.ones((number, 24)), look(instances)[0], np.zeros((number, 0), bool))


#: ``auto`` is the best one that ships; ``sam`` needs weights that are fetched on request.
SEGMENTERS: dict[str, Callable[[int], Segmenter]] = {
    "auto": partial(_learned, SEGMENTER),
    "classical": _classical,
    "learned": partial(_learned, SEGMENTER),
    "sam": _sam,
}

"""The steps in order: read, flatten, segment, classify, arrange, describe. The page to read first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np

from karyogram.classify.predict import combine, predict
from karyogram.classify.prepare import cell_scale
from karyogram.errors import ModelError, PictureError
from karyogram.files import Picture, read_picture
from karyogram.image.background import flatten
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.karyotype.arrange import arrange
from karyogram.karyotype.describe import describe
from karyogram.records import Instance, Karyotype
from karyogram.segment.classical import segment_classical
from karyogram.segment.detect import segment_learned
from karyogram.segment.levels import threshold_levels
from karyogram.segment.objects import drop_fragments
from karyogram.segment.reconstruct import separate
from karyogram.weights.catalogue import DEFAULT, load_model
from karyogram.weights.record import Model

#: Larger pictures cannot be segmented in bounded memory.
MAX_PIXELS = 25_000_000

#: The segmenters that need no file; ``auto`` is the best one that ships. Anything else names an exported segmentation network.
SEGMENTERS = ("auto", "classical")


@dataclass(frozen=True)
class Reader:
    """What reads a metaphase: a classifier, and a segmentation network or None for the classical way."""

    classifier: Model
    segmenter: Model | None

    def identity(self) -> dict[str, str]:
        """Return what a result says of the models that made it: name and SHA-256 of both."""
        cutter = self.segmenter.identity() if self.segmenter else {"name": "classical", "sha256": ""}
        return {**self.classifier.identity(), "segmenter": cutter["name"], "segmenter_sha256": cutter["sha256"]}


def make_reader(model: str = DEFAULT, segmenter: str = "auto", threads: int = 0) -> Reader:
    """Open the models; ``segmenter`` is one of ``SEGMENTERS`` or an exported .onnx file. Raises ModelError."""
    if segmenter not in SEGMENTERS and not segmenter.endswith(".onnx"):
        raise ModelError(f"no segmenter named {segmenter!r}; there are {', '.join(SEGMENTERS)}, or name an exported .onnx file")
    classifier = load_model(model, "classifier", threads)
    return Reader(classifier, None if segmenter in SEGMENTERS else load_model(segmenter, "segmenter", threads))


def analyze(picture: str | Path | np.ndarray, model: str = DEFAULT, segmenter: str = "auto") -> Karyotype:
    """Read one metaphase: a file, or a grey uint8 (H, W) array.

    ``model`` is a shipped model's name or an exported file, ``segmenter`` one of ``SEGMENTERS`` or a file. Raises
    PictureError for what is no picture, ModelError for a model that is none. A picture without chromosomes gives an empty
    karyotype with a warning.
    """
    if isinstance(picture, str | PathLike):
        opened, name = open_metaphase(picture), str(picture)
    else:
        opened, name = dark_on_white(Picture(_grey(picture))), ""
    return read_karyotype(opened, name, make_reader(model, segmenter))


def _grey(picture: np.ndarray) -> np.ndarray:
    """Return the array, contiguous; PictureError if it is no grey picture."""
    given = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 2 or not picture.size:
        raise PictureError(f"a picture is a file or a non-empty uint8 (H, W) array, not {given}")
    return np.ascontiguousarray(picture)


def open_metaphase(path: str | Path) -> Picture:
    """Read a picture file and turn it to dark chromosomes on white.

    Raises PictureError, naming file and reason, for what is no picture and for more than ``MAX_PIXELS`` pixels.
    """
    picture = read_picture(path)
    height, width = picture.pixels.shape
    if width * height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 10**6} megapixels"
        raise PictureError(f"{path}: {width} x {height} pixels are more than a metaphase may have: {limit}")
    return dark_on_white(picture)


def dark_on_white(picture: Picture) -> Picture:
    """Turn a picture to dark chromosomes on white; its warnings say so if that changed it."""
    ground = find_ground(picture.pixels)
    notes = {"white": (), "black": ("bright on black: inverted",), "cut-out": ("cut-out on black: ground made white",)}
    return Picture(to_dark_on_white(picture.pixels, ground), (*picture.warnings, *notes[ground]))


def read_karyotype(picture: Picture, name: str, reader: Reader) -> Karyotype:
    """Read the karyotype off a dark-on-white metaphase; ``name`` is what the result calls the picture."""
    flat = flatten(picture.pixels)
    found = find_chromosomes(flat, reader)
    prediction = predict(reader.classifier, flat, found.instances, found.scale)
    probabilities = combine(prediction.probabilities, found.opinions)
    instances = [replace(item, score=float(whole)) for item, whole in zip(found.instances, prediction.whole, strict=True)]
    classes = arrange(probabilities, prediction.whole).classes
    return describe(name, picture, instances, probabilities, prediction.up, classes, reader.identity())


@dataclass(frozen=True, eq=False)
class Found:
    """The chromosomes of a picture, the factor that brings its cell to the reference size, and what the segmenter thinks.

    ``opinions`` is float (N, 24), the segmenter's own probabilities of the classes; None if it has none.
    """

    instances: list[Instance]
    scale: float
    opinions: np.ndarray | None = None


def find_chromosomes(flat: np.ndarray, reader: Reader) -> Found:
    """Segment a flattened picture, uint8 (H, W)."""
    levels = threshold_levels(flat)
    if levels is None:
        return Found([], 1.0)
    scale = cell_scale(levels.area)
    if reader.segmenter is not None:
        detections = segment_learned(flat, reader.segmenter, levels, scale)
        return Found(separate(flat, detections.instances), scale, detections.classes)

    def judge(items: Sequence[Instance]) -> np.ndarray:
        return predict(reader.classifier, flat, items, scale, views=1).whole

    return Found(drop_fragments(segment_classical(flat, judge, levels), levels.area / 46), scale)

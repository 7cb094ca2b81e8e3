"""The steps in order: read, flatten, segment, classify, arrange. The page to read first."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from karyogram.classify.predict import predict
from karyogram.classify.prepare import cell_scale
from karyogram.files import Picture, read_picture
from karyogram.image.background import flatten
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.karyotype.arrange import arrange
from karyogram.karyotype.describe import describe
from karyogram.records import Instance, Karyotype
from karyogram.segment.classical import segment_classical
from karyogram.segment.levels import Levels, threshold_levels
from karyogram.weights.catalogue import DEFAULT, load_model
from karyogram.weights.record import Model


def analyze(picture: str | Path | np.ndarray, model: str = DEFAULT) -> Karyotype:
    """Read one metaphase: a file, or a grey uint8 (H, W) array. ``model`` is a shipped model's name or an exported file.

    Raises PictureError for a file that is no picture, ModelError for a model that is none. A picture without chromosomes gives
    an empty karyotype with a warning.
    """
    if isinstance(picture, np.ndarray):
        return read_karyotype(dark_on_white(Picture(picture)), "", load_model(model))
    return read_karyotype(open_metaphase(picture), str(picture), load_model(model))


def open_metaphase(path: str | Path) -> Picture:
    """Read a picture file and turn it to dark chromosomes on white."""
    return dark_on_white(read_picture(path))


def dark_on_white(picture: Picture) -> Picture:
    """Turn a picture to dark chromosomes on white; its warnings say so if that changed it."""
    ground = find_ground(picture.pixels)
    notes = {"white": (), "black": ("bright on black: inverted",), "cut-out": ("cut-out on black: ground made white",)}
    return Picture(to_dark_on_white(picture.pixels, ground), (*picture.warnings, *notes[ground]))


def read_karyotype(picture: Picture, name: str, model: Model) -> Karyotype:
    """Read the karyotype off a dark-on-white metaphase; ``name`` is what the result calls the picture."""
    flat = flatten(picture.pixels)
    levels = threshold_levels(flat)
    instances: list[Instance] = []
    prediction = predict(model, flat, instances)
    if levels is not None:
        scale = cell_scale(levels.area)
        instances = find_instances(flat, levels, model, scale)
        prediction = predict(model, flat, instances, scale)
        instances = [replace(item, score=float(whole)) for item, whole in zip(instances, prediction.whole, strict=True)]
    classes = arrange(prediction.probabilities, prediction.whole).classes
    return describe(name, picture, instances, prediction.probabilities, prediction.up, classes, model.identity())


def find_instances(flat: np.ndarray, levels: Levels, model: Model, scale: float) -> list[Instance]:
    """Segment a flattened picture, the classifier being the judge of what is one whole chromosome."""

    def judge(items: Sequence[Instance]) -> np.ndarray:
        return predict(model, flat, items, scale, views=1).whole

    return segment_classical(flat, judge, levels)

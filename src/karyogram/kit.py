"""A model as another program takes it in: the ONNX file, a file that says all of its inputs and outputs, and test vectors.

The vectors are stages of the drawn metaphase that ships with karyogram, as PNG files, and the model's own answers to them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from karyogram.classify.predict import SURE, SURE_UP, VIEWS, predict_canvases
from karyogram.classify.prepare import prepare
from karyogram.files import write_bytes, write_picture, write_text
from karyogram.image.background import flatten
from karyogram.metrics.masks import depth_map
from karyogram.pipeline import find_candidates, make_reader, open_metaphase
from karyogram.segment import outlines, peaks
from karyogram.segment.levels import OTSU, Levels, objects_of_level, threshold_levels
from karyogram.shape.size import REFERENCE_SIZE, cell_scale
from karyogram.weights.record import Model, Preparation

#: How many chromosomes of the drawn metaphase the vectors of a classifier show, from the largest to the smallest.
CHROMOSOMES = 8
#: What a number of the detector's means, beyond its own metadata; see :mod:`karyogram.segment.peaks`.
DETECTOR = {"grid": peaks.GRID, "centre_step": peaks.CENTRE_STEP, "mask_step": peaks.MASK_STEP, "window": peaks.WINDOW}


def write_kit(data: bytes, model: Model, folder: Path, card: Mapping[str, Any] | None = None) -> list[Path]:
    """Write the kit of a classifier, a segmenter or an outliner, and return its files.

    ``data`` is the ONNX file that ``model`` was opened from, ``card`` what is known of it besides. ``model.json`` names inputs
    and outputs with types and shapes, label order and preparation; ``vectors.json`` holds expected numbers, and names the
    PNG files of the pictures they belong to.
    """
    picture = open_metaphase(Path(str(files("karyogram") / "data" / "demo.png"))).pixels
    flat = flatten(picture)
    levels = threshold_levels(flat)
    assert levels is not None  # noqa: S101  # the picture is ours, and is not blank
    pictures: dict[str, np.ndarray] = {"picture.png": picture, "flat.png": flat}
    vectors = {"stained_pixels": levels.area, "scale": cell_scale(levels.area)}
    if model.kind == "classifier":
        vectors |= _classifier_vectors(model, flat, levels, pictures)
    elif model.kind == "segmenter":
        vectors |= _segmenter_vectors(model, flat, vectors["scale"], pictures)
    else:
        vectors |= _outliner_vectors(model, flat, pictures)
    return [
        write_bytes(folder / "model.onnx", data),
        write_text(folder / "model.json", _to_text(describe_model(model, card))),
        write_text(folder / "vectors.json", _to_text(vectors)),
        *(write_picture(folder / name, pixels) for name, pixels in pictures.items()),
    ]


def describe_model(model: Model, card: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a program must know to run the model, as JSON takes it."""
    session = model.session
    said = {key: asdict(value) if isinstance(value, Preparation) else value for key, value in model.metadata.items()}
    views = [{"step": list(step), "upside_down": turned} for step, turned in VIEWS]
    own: dict[str, dict[str, Any]] = {
        "classifier": {"views": views, "look_again_below": {"class": SURE, "up": SURE_UP}},
        "segmenter": DETECTOR,
        "outliner": {"near": outlines.NEAR},
    }
    return {
        **model.identity(),
        "kind": model.kind,
        "inputs": [{"name": each.name, "type": each.type, "shape": each.shape} for each in session.get_inputs()],
        "outputs": [{"name": each.name, "type": each.type, "shape": each.shape} for each in session.get_outputs()],
        "reference_size": REFERENCE_SIZE,
        **said,
        **own[model.kind],
        "card": dict(card) if card else None,
    }


def _classifier_vectors(model: Model, flat: np.ndarray, levels: Levels, pictures: dict[str, np.ndarray]) -> dict[str, Any]:
    """Add masks and canvases to the pictures, and return what the model says of each: one look, and all it takes."""
    found = sorted(objects_of_level(flat, levels, OTSU), key=lambda item: -item.area)
    chosen = [found[round(k)] for k in np.linspace(0, len(found) - 1, CHROMOSOMES)]
    canvases = [prepare(flat, item, model.metadata["preparation"], cell_scale(levels.area)) for item in chosen]
    logits = model.session.run(["classes", "up", "whole"], {"canvases": np.stack(canvases)})
    said = predict_canvases(model, canvases)
    rows = []
    for number, (item, canvas) in enumerate(zip(chosen, canvases, strict=True)):
        names = {"mask": f"mask-{number}.png", "canvas": f"canvas-{number}.png"}
        pictures |= {names["mask"]: item.mask.astype(np.uint8) * 255, names["canvas"]: canvas}
        one = dict(zip(("classes", "up", "whole"), (_plain(each[number]) for each in logits), strict=True))
        answer = {name: _plain(getattr(said, name)[number]) for name in ("probabilities", "up", "whole")}
        rows.append({**names, "x": item.x, "y": item.y, "logits": one, "answer": answer})
    return {"chromosomes": rows}


def _segmenter_vectors(model: Model, flat: np.ndarray, scale: float, pictures: dict[str, np.ndarray]) -> dict[str, Any]:
    """Add the network's input to the pictures, and return what it sees; of a mask, how many of its logits are positive."""
    factor = scale * model.metadata["scale"]
    pictures["input.png"] = peaks.shrink(flat, factor)
    seen = peaks.ask_detector(model, flat, factor)
    areas = (seen.masks > 0).sum((1, 2)).tolist()
    return {"factor": factor, **{name: _plain(getattr(seen, name)) for name in ("classes", "boxes", "places")}, "areas": areas}


def _outliner_vectors(model: Model, flat: np.ndarray, pictures: dict[str, np.ndarray]) -> dict[str, Any]:
    """Add masks that meet and views of them, and return their places, and how many pixels of a view are the chromosome's."""
    found = find_candidates(flat, make_reader())
    chosen = [found.instances[number] for number in found.chosen]
    depth, rows = depth_map(chosen, flat.shape), []
    for number, item in enumerate(chosen):
        names = {"mask": f"mask-{number}.png", "view": f"view-{number}.png"}
        view = outlines.show(flat, item, depth, found.scale)
        pictures |= {names["mask"]: item.mask.astype(np.uint8) * 255, names["view"]: np.concatenate(view)}
        area = int((model.session.run(None, {"views": view[None]})[0] > 0).sum())
        rows.append({**names, "x": item.x, "y": item.y, "area": area})
    return {"scale": found.scale, "chromosomes": rows}


def _plain(numbers: Any) -> Any:
    return np.round(np.asarray(numbers, np.float64), 4).tolist()


def _to_text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"

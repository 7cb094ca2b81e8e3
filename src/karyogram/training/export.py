"""A fitted network to an ONNX file that needs no torch, checked against torch's own output before it is written."""

import io
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from karyogram.classify.prepare import Preparation
from karyogram.errors import ModelError
from karyogram.files import read_picture, write_bytes
from karyogram.labels import LABELS
from karyogram.segment.outlines import SIDE
from karyogram.segment.peaks import (
    CENTRE_STEP,
    GRID,
    INNER,
    LEAST,
    MASK_FEATURES,
    MASK_STEP,
    MOST,
    NET_SCALE,
    OUTPUTS,
    RIM,
    WINDOW,
)
from karyogram.training.nets.detector import Detector, reached_boxes, window_boxes
from karyogram.weights.record import open_session


class Exported(nn.Module):
    """Network plus the little that surrounds it in use: uint8 canvases in, a second look left to the caller."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, canvases: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """uint8 (N, h, w) -> logits of the classes (N, 24), of "short arm up" (N,), of "one whole chromosome" (N,)."""
        classes, up, whole = self.net(canvases[:, None].float() / 255)
        return classes, up, whole


class ExportedSegmenter(nn.Module):
    """Flattened uint8 (1, h, w), ground near 255, h and w divisible by 32, to ``OUTPUTS``: what is seen at each peak."""

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class and :class:`karyogram.segment.peaks.Peaks`."""
        centres, reach, filters, maps = self.net((255 - picture.float())[:, None] / 255)
        heat = torch.sigmoid(centres)
        peak = torch.where((heat >= nnf.max_pool2d(heat, 3, 1, 1)) & (heat >= LEAST), heat, 0.0)[0].amax(0)
        places = torch.nonzero(peak)
        places = places[torch.argsort(-peak[places[:, 0], places[:, 1]])[:MOST]]
        y, x = places.unbind(1)
        boxes = reached_boxes(reach[0, :, y, x].T, places)
        first = places * (CENTRE_STEP // MASK_STEP) + CENTRE_STEP // MASK_STEP // 2
        padded = nnf.pad(maps, (WINDOW // 2,) * 4)[0].permute(1, 2, 0)
        features = _windows(padded[..., :MASK_FEATURES], first, WINDOW)
        texture = _windows(padded[..., MASK_FEATURES:], first + RIM, INNER)
        masks = self.net.draw(features, texture, filters[0, :, y, x].T, window_boxes(boxes, places))[1]
        return heat[0, :, y, x].T, boxes, masks, places


def _windows(maps: Tensor, first: Tensor, side: int) -> Tensor:
    """Cut squares (n, c, side, side) out of maps (h, w, c) whose first rows and columns are ``first`` (n, 2)."""
    steps = torch.arange(side)
    return maps[first[:, 0, None, None] + steps[:, None], first[:, 1, None, None] + steps].permute(0, 3, 1, 2)


class ExportedCell(nn.Module):
    """The second stage for one cell, all of whose chromosomes are present."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, evidence: Tensor) -> Tensor:
        """Float (N, 26) -> log-probabilities of the classes (N, 24)."""
        logs: Tensor = self.net(evidence[None], torch.ones_like(evidence[None, :, 0], dtype=torch.bool))
        return logs[0]


class ExportedOutliner(nn.Module):
    """The network, and views as bytes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, views: Tensor) -> Tensor:
        """uint8 (N, 3, SIDE, SIDE) -> logits of the masks (N, SIDE, SIDE)."""
        logits: Tensor = self.net(views.float() / 255)
        return logits


def export(net: nn.Module, path: Path, name: str, how: Preparation, temperature: float = 1.0) -> Path:
    """Write a classifier as ONNX with preparation and label order; raise ModelError, and write nothing, if torch disagrees."""
    axes = {key: {0: "n"} for key in ("canvases", "classes", "up", "whole")}
    metadata = {"name": name, "labels": json.dumps(LABELS), "preparation": json.dumps(asdict(how))}
    metadata["temperature"] = json.dumps(temperature)
    return _write(Exported(net.eval().float()), path, _noise(3, how.height, how.width), axes, metadata)


def export_segmenter(net: Detector, path: Path, name: str) -> Path:
    """Write a segmenter as ONNX with label order and scale; raise ModelError, and write nothing, if torch disagrees."""
    axes = {"picture": {1: "h", 2: "w"}, **{key: {0: "n"} for key in OUTPUTS}}
    metadata = {"name": name, "labels": json.dumps(LABELS), "scale": json.dumps(NET_SCALE)}
    drawn = read_picture(Path(str(files("karyogram") / "data" / "demo.png"))).pixels
    example = torch.from_numpy(cv2.resize(drawn, (12 * GRID, 10 * GRID), interpolation=cv2.INTER_AREA)[None])
    return _write(ExportedSegmenter(net.eval().float()), path, example, axes, metadata)


def export_cell(net: nn.Module, path: Path, name: str, temperature: float = 1.0) -> Path:
    """Write a second stage as ONNX with label order; raise ModelError, and write nothing, if torch disagrees."""
    axes = {"evidence": {0: "n"}, "classes": {0: "n"}}
    metadata = {"name": name, "labels": json.dumps(LABELS), "temperature": json.dumps(temperature)}
    example = _noise(7, len(LABELS) + 2).float() / -32
    return _write(ExportedCell(net.eval().float()), path, example, axes, metadata)


def export_outliner(net: nn.Module, path: Path, name: str) -> Path:
    """Write an outliner as ONNX; raise ModelError, and write nothing, if torch disagrees."""
    axes = {key: {0: "n"} for key in ("views", "masks")}
    return _write(ExportedOutliner(net.eval().float()), path, _noise(3, 3, SIDE, SIDE), axes, {"name": name})


def _noise(*shape: int) -> Tensor:
    """Return uint8 of a shape, the same each time."""
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def _write(module: nn.Module, path: Path, example: Tensor, axes: dict[str, dict[int, str]], metadata: dict[str, str]) -> Path:
    """Export a module with one input, such as the ``example``; ``axes`` name input, then outputs, with their free axes."""
    source, *outputs = axes
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every fixed number; whether they do harm is checked below
        torch.onnx.export(
            module.eval(),
            (example,),
            buffer,  # type: ignore[arg-type]
            input_names=[source],
            output_names=outputs,
            dynamic_axes=axes,
            dynamo=False,
            opset_version=17,
        )
    model = onnx.load_model_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, metadata)
    data = model.SerializeToString()
    try:
        check_export(module, data, {source: example})
    except ModelError as error:
        raise ModelError(f"{path}: not written: {error}") from error
    return write_bytes(path, data)


def check_export(module: nn.Module, data: bytes, example: Mapping[str, Tensor], tolerance: float = 1e-3) -> None:
    """Raise ModelError if onnxruntime and torch differ on named inputs, relative to size, by more than ``tolerance``."""
    with torch.no_grad():
        outputs = module(*example.values())
    expected = [t.numpy() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]
    found = open_session(data).run(None, {name: value.numpy() for name, value in example.items()})
    if [a.shape for a in expected] != [b.shape for b in found]:
        raise ModelError("onnxruntime and torch answer in different shapes")
    pairs = [(a, b) for a, b in zip(expected, found, strict=True) if a.size]
    worst = max((float(np.abs(a - b).max() / (1 + np.abs(a).max())) for a, b in pairs), default=0.0)
    if not worst <= tolerance:
        raise ModelError(f"onnxruntime and torch differ by {worst:.2g}")

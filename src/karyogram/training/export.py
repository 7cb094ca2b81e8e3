"""A fitted network to an ONNX file that needs no torch, checked against torch's own output before it is written."""

import io
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from karyogram.classify.prepare import Preparation
from karyogram.errors import ModelError
from karyogram.files import write_bytes
from karyogram.labels import LABELS
from karyogram.segment.maps import GRID, NET_SCALE
from karyogram.weights.record import open_session


class Exported(nn.Module):
    """Network plus the little that surrounds it in use: uint8 canvases in, the four flips left to the caller."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, canvases: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """uint8 (N, h, w) -> logits of the classes (N, 24), of "short arm up" (N,), of "one whole chromosome" (N,)."""
        classes, up, whole = self.net(canvases[:, None].float() / 255)
        return classes, up, whole


class ExportedSegmenter(nn.Module):
    """Flattened uint8 (N, h, w), ground near 255, h and w divisible by 32, to the maps of :class:`Detector`."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        centres, reach, filters, features = self.net((255 - picture.float())[:, None] / 255)
        return centres, reach, filters, features


class ExportedCell(nn.Module):
    """The second stage for one cell, all of whose chromosomes are present."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, evidence: Tensor) -> Tensor:
        """Float (N, 26) -> log-probabilities of the classes (N, 24)."""
        logs: Tensor = self.net(evidence[None], torch.ones_like(evidence[None, :, 0], dtype=torch.bool))
        return logs[0]


def export(net: nn.Module, path: Path, name: str, how: Preparation, temperature: float = 1.0) -> Path:
    """Write a classifier as ONNX with preparation and label order; raise ModelError, and write nothing, if torch disagrees."""
    axes = {key: {0: "n"} for key in ("canvases", "classes", "up", "whole")}
    metadata = {"name": name, "labels": json.dumps(LABELS), "preparation": json.dumps(asdict(how))}
    metadata["temperature"] = json.dumps(temperature)
    return _write(Exported(net.eval().float()), path, _noise(3, how.height, how.width), axes, metadata)


def export_segmenter(net: nn.Module, path: Path, name: str) -> Path:
    """Write a segmenter as ONNX with label order and scale; raise ModelError, and write nothing, if torch disagrees."""
    free = {0: "n", 2: "h", 3: "w"}
    axes = {"picture": {0: "n", 1: "h", 2: "w"}, **dict.fromkeys(("centres", "reach", "filters", "features"), free)}
    metadata = {"name": name, "labels": json.dumps(LABELS), "scale": json.dumps(NET_SCALE)}
    return _write(ExportedSegmenter(net.eval().float()), path, _noise(1, 2 * GRID, 3 * GRID), axes, metadata)


def export_cell(net: nn.Module, path: Path, name: str, temperature: float = 1.0) -> Path:
    """Write a second stage as ONNX with label order; raise ModelError, and write nothing, if torch disagrees."""
    axes = {"evidence": {0: "n"}, "classes": {0: "n"}}
    metadata = {"name": name, "labels": json.dumps(LABELS), "temperature": json.dumps(temperature)}
    example = _noise(7, len(LABELS) + 2).float() / -32
    return _write(ExportedCell(net.eval().float()), path, example, axes, metadata)


def _noise(*shape: int) -> Tensor:
    """Return uint8 of a shape, the same each time."""
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def _write(module: nn.Module, path: Path, example: Tensor, axes: dict[str, dict[int, str]], metadata: dict[str, str]) -> Path:
    """Export a module whose one input is like ``example``; ``axes`` name input, then outputs, with their free axes."""
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
    worst = max(float(np.abs(a - b).max() / (1 + np.abs(a).max())) for a, b in zip(expected, found, strict=True))
    if not worst <= tolerance:
        raise ModelError(f"onnxruntime and torch differ by {worst:.2g}")

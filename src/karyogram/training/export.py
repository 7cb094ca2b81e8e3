"""A fitted network to an ONNX file that needs no torch, checked against torch's own output."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from karyogram.classify.prepare import Preparation
from karyogram.errors import ModelError
from karyogram.files import write_bytes
from karyogram.labels import LABELS
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


def export(net: nn.Module, path: Path, name: str, how: Preparation, temperature: float = 1.0) -> Path:
    """Write ``net`` as ONNX with its preparation and label order in the metadata; raise ModelError if torch disagrees."""
    import onnx

    module = Exported(net.eval().float()).eval()
    example = torch.randint(0, 256, (3, how.height, how.width), dtype=torch.uint8)
    buffer = path.with_suffix(".tmp")
    torch.onnx.export(
        module,
        (example,),
        str(buffer),
        input_names=["canvases"],
        output_names=["classes", "up", "whole"],
        dynamic_axes={k: {0: "n"} for k in ("canvases", "classes", "up", "whole")},
        dynamo=False,
        opset_version=17,
    )
    model = onnx.load(str(buffer))
    buffer.unlink()
    metadata = {"name": name, "labels": json.dumps(LABELS), "preparation": json.dumps(asdict(how))}
    metadata["temperature"] = json.dumps(temperature)
    onnx.helper.set_model_props(model, metadata)
    write_bytes(path, model.SerializeToString())
    check_export(module, path, {"canvases": example})
    return path


def check_export(module: nn.Module, path: Path, example: Mapping[str, Tensor], tolerance: float = 1e-3) -> None:
    """Raise ModelError if onnxruntime and torch differ on named inputs, relative to size, by more than ``tolerance``."""
    with torch.no_grad():
        outputs = module(*example.values())
    expected = [t.numpy() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]
    found = open_session(path.read_bytes()).run(None, {name: value.numpy() for name, value in example.items()})
    worst = max(float(np.abs(a - b).max() / (1 + np.abs(a).max())) for a, b in zip(expected, found, strict=True))
    if worst > tolerance:
        raise ModelError(f"{path}: onnxruntime and torch differ by {worst:.2g}")

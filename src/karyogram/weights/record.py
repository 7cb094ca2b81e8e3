"""A model file and what must be known about it: name, checksum, preparation, label order."""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from karyogram.errors import ModelError
from karyogram.labels import LABELS

if TYPE_CHECKING:
    import onnxruntime

INPUT, OUTPUTS = "canvases", ("classes", "up", "whole")


@dataclass(frozen=True, eq=False)
class Model:
    """An opened model: an onnxruntime session, its name, its SHA-256, and how it wants its canvases prepared.

    The session maps ``canvases`` uint8 (N, h, w) to logits: ``classes`` (N, 24), to be divided by ``temperature``, ``up`` (N,)
    that the short arm is up, ``whole`` (N,) that the canvas shows one whole chromosome.
    """

    name: str
    sha256: str
    preparation: dict[str, Any]
    temperature: float
    session: "onnxruntime.InferenceSession"

    def identity(self) -> dict[str, str]:
        """Return what a result says of the model that made it."""
        return {"name": self.name, "sha256": self.sha256}


def open_session(data: bytes, threads: int = 0) -> "onnxruntime.InferenceSession":
    """Open ONNX bytes on the CPU with ``threads`` threads (0: all cores). Raises ModelError if it is no ONNX model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own family of C++ exceptions without a common base
        raise ModelError(f"not a usable ONNX model: {str(error).splitlines()[0]}") from error


def open_model(data: bytes, threads: int = 0) -> Model:
    """Open the bytes of an exported model. Raises ModelError if inputs, outputs or label order are not ours."""
    session = open_session(data, threads)
    meta = session.get_modelmeta().custom_metadata_map
    inputs, outputs = [i.name for i in session.get_inputs()], tuple(o.name for o in session.get_outputs())
    if inputs != [INPUT] or outputs != OUTPUTS or not {"name", "labels", "preparation", "temperature"} <= set(meta):
        raise ModelError("an ONNX model, but not one exported by karyogram")
    if tuple(json.loads(meta["labels"])) != LABELS:
        raise ModelError("the model's label order is not karyogram's")
    digest = hashlib.sha256(data).hexdigest()
    return Model(meta["name"], digest, json.loads(meta["preparation"]), json.loads(meta["temperature"]), session)

"""A model file and what must be known about it: name, checksum, kind, and how its inputs are prepared."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from karyogram.errors import ModelError
from karyogram.labels import LABELS

if TYPE_CHECKING:
    import onnxruntime

#: kind -> (input, outputs, metadata). A classifier maps canvases uint8 (N, h, w) to logits: ``classes`` (N, 24), to be divided
#: by ``temperature``, ``up`` (N,) that the short arm is up, ``whole`` (N,) that the canvas shows one whole chromosome. A
#: segmenter maps a flattened picture uint8 (N, h, w) to logits (N, 3, h, w) of chromosome, overlap and contact.
KINDS = MappingProxyType(
    {
        "classifier": ("canvases", ("classes", "up", "whole"), ("labels", "preparation", "temperature")),
        "segmenter": ("picture", ("maps",), ("channels",)),
    }
)


@dataclass(frozen=True, eq=False)
class Model:
    """An opened model: its name, SHA-256, kind (a key of ``KINDS``), metadata, and an onnxruntime session."""

    name: str
    sha256: str
    kind: str
    metadata: Mapping[str, Any]
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


def open_model(data: bytes, kind: str = "classifier", threads: int = 0) -> Model:
    """Open the bytes of an exported model of one kind. Raises ModelError if inputs, outputs or label order are not ours."""
    session = open_session(data, threads)
    stored = session.get_modelmeta().custom_metadata_map
    expected_input, expected_outputs, keys = KINDS[kind]
    inputs, outputs = [i.name for i in session.get_inputs()], tuple(o.name for o in session.get_outputs())
    if inputs != [expected_input] or outputs != expected_outputs or not {"name", *keys} <= set(stored):
        raise ModelError(f"an ONNX model, but not a {kind} exported by karyogram")
    metadata = {key: json.loads(stored[key]) for key in keys}
    if tuple(metadata.get("labels", LABELS)) != LABELS:
        raise ModelError("the model's label order is not karyogram's")
    return Model(stored["name"], hashlib.sha256(data).hexdigest(), kind, metadata, session)

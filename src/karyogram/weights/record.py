"""A model file and what must be known about it: name, checksum, kind, and how its inputs are prepared."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from karyogram.errors import ModelError
from karyogram.labels import LABELS

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True)
class Preparation:
    """What a model wants to see: canvas size in pixels, and how much the native picture is scaled down for it."""

    height: int = 112
    width: int = 48
    scale: float = 0.75


def _labels(value: Any) -> tuple[str, ...]:
    if value != list(LABELS):
        raise ValueError("the model's label order is not karyogram's")
    return LABELS


def _preparation(value: Any) -> Preparation:
    names = [field.name for field in fields(Preparation)]
    if not isinstance(value, dict) or sorted(value) != sorted(names):
        raise ValueError(f"the model's preparation is not made of {', '.join(names)}")
    if not all(type(value[side]) is int and 0 < value[side] <= 4096 for side in ("height", "width")):
        raise ValueError("height and width of the model's preparation are not whole numbers from 1 to 4096")
    return Preparation(value["height"], value["width"], _positive("scale", value["scale"]))


def _positive(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise ValueError(f"the model's {name} is not a positive number")
    return float(value)


@dataclass(frozen=True)
class Kind:
    """What a model file must hold: its input, its outputs, and a reader for each entry of its metadata."""

    input: str
    outputs: tuple[str, ...]
    metadata: Mapping[str, Callable[[Any], Any]]


#: A classifier maps canvases uint8 (N, h, w) to logits: ``classes`` (N, 24), to be divided by ``temperature``, ``up`` (N,) that
#: the short arm is up, ``whole`` (N,) that the canvas shows one whole chromosome. A segmenter maps a flattened picture uint8
#: (1, h, w), scaled to ``scale`` times the reference size, to the fields of :class:`karyogram.segment.peaks.Peaks`. The second
#: stage maps what is known of the N chromosomes of one cell, float (N, 26), see :mod:`karyogram.classify.cell`, to logits. An
#: outliner maps views uint8 (N, 3, s, s) of chromosomes that meet others to logits of their masks (N, s, s), see
#: :mod:`karyogram.segment.outlines`.
KINDS = MappingProxyType(
    {
        "classifier": Kind(
            "canvases",
            ("classes", "up", "whole"),
            {"labels": _labels, "preparation": _preparation, "temperature": lambda value: _positive("temperature", value)},
        ),
        "segmenter": Kind(
            "picture",
            ("classes", "boxes", "masks", "places"),
            {"labels": _labels, "scale": lambda value: _positive("scale", value)},
        ),
        "cell": Kind(
            "evidence",
            ("classes",),
            {"labels": _labels, "temperature": lambda value: _positive("temperature", value)},
        ),
        "outliner": Kind("views", ("masks",), {}),
    }
)


@dataclass(frozen=True, eq=False)
class Model:
    """An opened model: its name, SHA-256, kind (a key of ``KINDS``), metadata as its kind reads it, an onnxruntime session."""

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
    """Open the bytes of an exported model of one kind.

    Raises ModelError if inputs, outputs, label order or preparation are not what karyogram exports.
    """
    session = open_session(data, threads)
    stored, expected = session.get_modelmeta().custom_metadata_map, KINDS[kind]
    inputs, outputs = [i.name for i in session.get_inputs()], tuple(o.name for o in session.get_outputs())
    if inputs != [expected.input] or outputs != expected.outputs or not {"name", *expected.metadata} <= set(stored):
        raise ModelError(f"an ONNX model, but not a {kind} exported by karyogram")
    metadata = {key: _entry(key, stored[key], read) for key, read in expected.metadata.items()}
    return Model(stored["name"], hashlib.sha256(data).hexdigest(), kind, metadata, session)


def find_kind(data: bytes) -> str:
    """Return of which kind (a key of ``KINDS``) the bytes of a model are, by the name of its input. Raises ModelError."""
    inputs = [each.name for each in open_session(data, 1).get_inputs()]
    for kind, expected in KINDS.items():
        if inputs == [expected.input]:
            return kind
    raise ModelError("an ONNX model, but none that karyogram exported")


def _entry(key: str, text: str, read: Callable[[Any], Any]) -> Any:
    """Return one entry of a model's metadata; ModelError if its reader refuses it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the model's {key} is not JSON") from error
    try:
        return read(value)
    except ValueError as error:
        raise ModelError(str(error)) from error

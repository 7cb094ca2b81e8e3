"""Weights to start from: a local file of tensors, or pytorchcv's own for ImageNet."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from karyogram.errors import ModelError
from karyogram.training.nets import Net

#: How the names of the last layers begin: they are left out where they were made for other classes.
CLASSIFIER = ("output.", "head.")
_TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def load_weights(net: nn.Module, path: Path) -> None:
    """Give ``net`` the tensors of a file, by name. The classifier stays as it is unless all its tensors fit.

    Raises ModelError, naming the first tensor that is missing, unknown or of another shape, or a file that cannot be read.
    """
    tensors = read_tensors(path)
    own = net.state_dict()
    heads = [{k: v.shape for k, v in state.items() if k.startswith(CLASSIFIER)} for state in (tensors, own)]
    if heads[0] != heads[1]:
        tensors = {name: tensor for name, tensor in tensors.items() if name not in heads[0]}
        tensors |= {name: own[name] for name in heads[1]}
    counters = {name: tensor for name, tensor in own.items() if name.endswith("num_batches_tracked")}
    tensors = counters | tensors  # files of old releases of torch do not count batches
    for name in sorted({*tensors, *own}):
        if name not in own:
            raise ModelError(f"{path}: the network has no tensor {name}")
        if name not in tensors:
            raise ModelError(f"{path}: the tensor {name} is missing")
        if tensors[name].shape != own[name].shape:
            shapes = f"{tuple(tensors[name].shape)}, in the network {tuple(own[name].shape)}"
            raise ModelError(f"{path}: the tensor {name} is {shapes}")
    net.load_state_dict(tensors)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read ``.safetensors``, or a torch file that holds tensors (alone, or as "state_dict"); no code in it is run.

    Raises ModelError, naming the file.
    """
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path.read_bytes())
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
        if not all(isinstance(tensor, Tensor) for tensor in state.values()):
            raise ValueError("it holds more than tensors")
        return dict(state)
    except Exception as error:  # torch raises whatever the file makes it stumble over
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: no file of weights: {reason}") from error


def _read_safetensors(data: bytes) -> dict[str, Tensor]:
    """Length of a JSON header as uint64, the header (name -> dtype, shape, begin and end of its bytes), the bytes."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = bytearray(data[start + begin : start + end])
        if len(raw) != end - begin:
            raise ValueError(f"the tensor {name} is cut off")
        tensors[name] = torch.frombuffer(raw, dtype=_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def imagenet_weights(net: Net) -> Path:
    """Return pytorchcv's file of ImageNet weights for a network, downloaded if need be, its SHA-1 checked by pytorchcv.

    Raises ModelError if there is none or if it cannot be had.
    """
    if net.library is None:
        raise ModelError("this network has no ImageNet weights")
    from pytorchcv.models.common.model_store import get_model_file

    try:
        return Path(get_model_file(net.library))
    except Exception as error:  # whatever network and library raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{net.library}: ImageNet weights cannot be had: {reason}") from error

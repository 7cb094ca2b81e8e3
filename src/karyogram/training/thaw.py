"""An exported model, eight bits or not, back to a network that can learn on."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn


def thaw(path: Path, net: nn.Module, show: Callable[[], object]) -> nn.Module:
    """Give ``net`` the convolutions of an exported network of the same kind; what the file does not hold stays as it is.

    An export folds each batch norm into the convolution before it. Here the norms get the mean and spread that their inputs
    have while ``show`` runs ``net`` on typical inputs, with scale and offset such that the network computes what the file
    does. The steps of eight-bit weights remain; they are finer than what training moves.
    """
    modules, norms = dict(net.named_modules()), {}
    net.load_state_dict(_plain(path, net), strict=False)
    for name, weight, bias in _convolutions(path):
        conv = modules[name]
        conv.weight.data = torch.from_numpy(weight)
        parent, _, index = name.rpartition(".")
        norm = modules.get(f"{parent}.{int(index) + 1}") if index.isdigit() else None
        if isinstance(norm, nn.BatchNorm2d):
            norms[conv] = norm
            norm.reset_running_stats()  # mean 0, variance 1
            norm.weight.data.fill_(float(np.sqrt(1 + norm.eps)))
            norm.bias.data = torch.from_numpy(bias)
        else:
            conv.bias.data = torch.from_numpy(bias)
    net.eval()
    measured = _measure(norms, show)
    for conv, (mean, variance) in measured.items():
        norm = norms[conv]
        norm.register_buffer("running_mean", mean)
        norm.register_buffer("running_var", variance)
        norm.weight.data = torch.sqrt(variance + norm.eps)
        norm.bias.data += mean
    return net


def _plain(path: Path, net: nn.Module) -> dict[str, Tensor]:
    """Return the weights that an exported file holds under the network's own names: what no batch norm was folded into."""
    stored = {tensor.name.removeprefix("net."): tensor for tensor in onnx.load(str(path)).graph.initializer}
    return {name: torch.from_numpy(numpy_helper.to_array(stored[name]).copy()) for name in net.state_dict() if name in stored}


def _convolutions(path: Path) -> Iterable[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (module name, weight, bias) of the convolutions in an exported file, dequantised."""
    graph = onnx.load(str(path)).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in values:
            whole, scale, zero = (values[name] for name in node.input)
            shape = (-1,) + (1,) * (whole.ndim - 1)
            steps = whole.astype(np.float32) - zero.astype(np.float32).reshape(shape)
            values[node.output[0]] = steps * scale.reshape(shape)
        elif node.op_type == "Identity" and node.input[0] in values:  # tensors that are alike are stored once
            values[node.output[0]] = values[node.input[0]]
    for node in graph.node:
        if node.op_type == "Conv":
            weight, bias = (values[name].copy() for name in node.input[1:3])
            yield _module_name(node.name), weight, bias


def _module_name(node: str) -> str:
    """Return "down.0.1.body.1" for "/net/down.0/down.0.1/body/body.1/Conv"."""
    parts: list[str] = []
    for part in node.strip("/").split("/")[:-1]:
        if parts and part.startswith(f"{parts[-1]}."):
            parts.pop()
        parts.append(part)
    return ".".join(parts).removeprefix("net.")


def _measure(norms: Iterable[nn.Module], show: Callable[[], object]) -> dict[nn.Module, tuple[Tensor, Tensor]]:
    """Return the mean and variance, a channel, of what each convolution that runs gives while ``show`` runs the network."""
    seen: dict[nn.Module, list[tuple[Tensor, Tensor]]] = {}

    def note(conv: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        seen.setdefault(conv, []).append((out.mean((0, 2, 3)), (out**2).mean((0, 2, 3))))

    hooks = [conv.register_forward_hook(note) for conv in norms]
    with torch.no_grad():
        show()
    for hook in hooks:
        hook.remove()
    mean = {conv: torch.stack([first for first, _ in rows]).mean(0) for conv, rows in seen.items()}
    return {conv: (mean[conv], torch.stack([s for _, s in rows]).mean(0) - mean[conv] ** 2) for conv, rows in seen.items()}

"""The networks that can be trained, by name. A name of ours carries a version, so that saved configurations keep working."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import torch
from torch import nn

from karyogram.training.nets.compact import Compact
from karyogram.training.nets.library import library_net, paper_head, vgg_head


@dataclass(frozen=True)
class Net:
    """A constructor and what its network wants to see: grey pictures of ``height`` x ``width`` pixels in ``channels`` channels.

    ``library`` is the name under which pytorchcv keeps ImageNet weights for it, or None.
    """

    make: Callable[[], nn.Module]
    channels: int
    height: int
    width: int
    library: str | None = None

    def __call__(self) -> nn.Module:
        """Return a new network with 24 outputs, its weights drawn from torch's generator."""
        return self.make()


def _of_library(name: str, side: int, head: Callable[[], nn.Module] | None = None) -> Net:
    return Net(partial(library_net, name, head), 3, side, side, name)


NETS = MappingProxyType(
    {
        "compact-v1": Net(Compact, 1, 112, 48),
        "inception-v3": _of_library("inceptionv3", 299),
        "inception-v3-paper": _of_library("inceptionv3", 299, partial(paper_head, 2048)),
        "vgg16": _of_library("vgg16", 224, partial(vgg_head, 512)),
        "resnet50": _of_library("resnet50", 224),
        "resnet18": _of_library("resnet18", 224),
        "inception-resnet-v2": _of_library("inceptionresnetv2", 299),
    }
)


def count_parameters(net: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(parameter.numel() for parameter in net.parameters())


def describe_nets() -> list[str]:
    """Return one line a network: name, parameters, input. None is given memory for its weights."""
    with torch.device("meta"):
        return [
            f"{name}: {count_parameters(net()) / 1e6:.1f} M parameters, input {net.channels} x {net.height} x {net.width}"
            for name, net in NETS.items()
        ]

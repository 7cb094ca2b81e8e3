"""The networks that can be trained, by name. A name of ours carries a version, so that saved configurations keep working."""

from functools import partial
from typing import Protocol

import torch
from torch import nn

from karyogram.training.nets.compact import Compact
from karyogram.training.nets.library import LibraryNet, paper_head, vgg_head


class Net(Protocol):
    """A constructor and what its network wants to see: grey pictures of ``height`` x ``width`` pixels in ``channels`` channels.

    ``library`` is the name under which pytorchcv keeps ImageNet weights for it, or None. Called, it returns a new network with
    24 outputs, its weights drawn from torch's generator.
    """

    channels: int
    height: int
    width: int
    library: str | None

    def __call__(self) -> nn.Module:
        """See the class."""


NETS: dict[str, Net] = {
    "compact-v1": Compact,  # type: ignore[dict-item]
    "inception-v3": LibraryNet("inceptionv3", 299),
    "inception-v3-paper": LibraryNet("inceptionv3", 299, partial(paper_head, 2048)),
    "vgg16": LibraryNet("vgg16", 224, partial(vgg_head, 512)),
    "resnet50": LibraryNet("resnet50", 224),
    "resnet18": LibraryNet("resnet18", 224),
    "inception-resnet-v2": LibraryNet("inceptionresnetv2", 299),
}


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

"""The networks of the founding study, built by pytorchcv, each with 24 outputs and for pictures of any size."""

import importlib
from collections.abc import Callable

from torch import nn

from karyogram.labels import LABELS

#: Constructor -> module of pytorchcv. They are imported one by one: its ``get_model`` imports some 300 modules and torchvision.
MODULES = {
    "inceptionv3": "inceptionv3",
    "inceptionresnetv2": "inceptionresnetv2",
    "resnet18": "resnet",
    "resnet50": "resnet",
    "vgg16": "vgg",
}


class LibraryNet:
    """Constructor of a network of pytorchcv: float (N, 3, h, w), ImageNet's mean and spread, to logits (N, 24).

    The library's final pool has a fixed size; a global mean takes its place, so h and w are free, ``side`` both by custom.
    ``head`` makes the layers that replace the library's last one, (N, features) to (N, 24).

    Inception V3: Szegedy et al., CVPR 2016, arXiv 1512.00567. Inception-ResNet V2: Szegedy et al., AAAI 2017, arXiv 1602.07261.
    ResNet: He et al., CVPR 2016, arXiv 1512.03385. VGG: Simonyan and Zisserman, ICLR 2015, arXiv 1409.1556.
    """

    channels = 3

    def __init__(self, library: str, side: int, head: Callable[[], nn.Module] | None = None) -> None:
        self.library: str | None = library
        self.height = self.width = side
        self._module, self._head = MODULES[library], head

    def __call__(self) -> nn.Module:
        """Return a new network, its weights drawn from torch's generator."""
        make = getattr(importlib.import_module(f"pytorchcv.models.{self._module}"), str(self.library))
        net: nn.Module = make(num_classes=len(LABELS))
        net.features.final_pool = nn.AdaptiveAvgPool2d(1)  # type: ignore[union-attr]
        if self._head is not None:
            net.output = self._head()
        return net


def paper_head(features: int) -> nn.Module:
    """Dropout, a layer of 256 units, batch norm: (N, features) to (N, 24).

    The founding study names these parts; that 0.2 is dropped and that the units are rectified is our reading.
    """
    return nn.Sequential(nn.Dropout(0.2), nn.Linear(features, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, len(LABELS)))


def vgg_head(features: int) -> nn.Module:
    """The founding study's head for VGG16, after global pooling: 256 units, batch norm, dropout 0.2: (N, features), (N, 24)."""
    return nn.Sequential(nn.Linear(features, 256), nn.ReLU(), nn.BatchNorm1d(256), nn.Dropout(0.2), nn.Linear(256, len(LABELS)))

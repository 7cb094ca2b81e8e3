"""Our own small network: a residual CNN that sees every native pixel and still is fast on two cores."""

import torch
from torch import Tensor, nn

from karyogram.labels import LABELS


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _thirds(x: Tensor) -> Tensor:
    """(N, c, h, w) -> (N, c, 3): means of the upper, middle and lower third, so that the head knows ends from middle."""
    h = int(x.shape[2])
    return torch.stack([x[:, :, i * h // 3 : ((i + 1) * h + 2) // 3].mean((2, 3)) for i in range(3)], 2)


class Residual(nn.Module):
    """Two 3 x 3 convolutions with a shortcut (He et al., CVPR 2016, doi 10.1109/CVPR.2016.90)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs, stride=stride)
        self.second = _convolution(outputs, outputs)
        self.shortcut = _convolution(inputs, outputs, 1, stride) if inputs != outputs or stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, h, w) -> (N, outputs, h / stride, w / stride)."""
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


class Compact(nn.Module):
    """1.6 M parameters. Space-to-depth first, so that full-resolution bands are read at a quarter of the cost.

    Input float (N, 1, h, w), 0..1, h and w divisible by 8. Output: class logits (N, 24), the logit that the short arm is up
    (N,), and the logit that the canvas holds one whole chromosome (N,).
    """

    channels, height, width, library = 1, 112, 48, None

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.PixelUnshuffle(2),
            _convolution(4, 48),
            nn.ReLU(),
            Residual(48, 48),
            Residual(48, 48),
            Residual(48, 96, 2),
            Residual(96, 96),
            Residual(96, 192, 2),
            Residual(192, 192),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * 192, len(LABELS) + 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        features = _thirds(self.trunk(x)).flatten(1)
        logits = self.head(self.dropout(features))
        return logits[:, : len(LABELS)], logits[:, -2], logits[:, -1]

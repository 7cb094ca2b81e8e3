"""Small networks that look at one chromosome's mask as a whole (U-Net, Ronneberger et al., arXiv 1505.04597)."""

import torch
from torch import Tensor, nn


def conv(inputs: int, outputs: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    """Return a convolution with batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Refiner(nn.Module):
    """Layers (n, inputs, h, w), h and w divisible by 2 for each width but the first, to one number a pixel, (n, h, w).

    A filter decides each pixel alone; this one sees that a mask has a gap where another chromosome lies across, or a branch
    that is the other's arm.
    """

    def __init__(self, inputs: int, widths: tuple[int, ...] = (16, 24, 32, 48)) -> None:
        super().__init__()
        first, *rest = widths
        self.begin = conv(inputs, first)
        self.down = nn.ModuleList(nn.Sequential(conv(i, o, 2), conv(o, o)) for i, o in zip(widths[:-1], rest, strict=True))
        self.narrow = nn.ModuleList(nn.Conv2d(o, i, 1) for i, o in zip(widths[:-1], rest, strict=True))
        self.up = nn.ModuleList(conv(i, i) for i in widths[:-1])
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.end = nn.Conv2d(first, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        levels = [self.begin(x)]
        for down in self.down:
            levels.append(down(levels[-1]))
        x = levels[-1]
        for number in range(len(self.up) - 1, -1, -1):
            x = self.up[number](torch.relu(levels[number] + self.enlarge(self.narrow[number](x))))
        return self.end(x)[:, 0]


class Outliner(nn.Module):
    """Draws a chromosome's mask anew where it meets others, see :mod:`karyogram.segment.outlines`; 0.2 M parameters.

    Input float (n, 3, SIDE, SIDE), 0..1: stain, the chromosome's own mask, all other masks. Output: logits (n, SIDE, SIDE).
    """

    def __init__(self, widths: tuple[int, ...] = (16, 24, 40, 56, 64)) -> None:
        super().__init__()
        self.net = Refiner(3, widths)

    def forward(self, x: Tensor) -> Tensor:
        """See the class. The mask as it is is where drawing begins."""
        return self.net(x) + 4 * (x[:, 1] - 0.5)

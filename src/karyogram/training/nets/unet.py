"""A small U-Net that tells chromosome, overlap and contact apart, pixel by pixel."""

from itertools import pairwise

import torch
from torch import Tensor, nn

#: What the output channels mean.
CHANNELS = ("chromosome", "overlap", "contact")


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in (inputs, outputs):
        layers += [nn.Conv2d(i, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Ronneberger et al., MICCAI 2015, doi 10.1007/978-3-319-24574-4_28; 1.8 M parameters, space-to-depth at both ends.

    Input float (N, 1, h, w), absorbance 0..1, h and w divisible by 32. Output: logits (N, 3, h, w) of ``CHANNELS``.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 96, 128, 160)) -> None:
        super().__init__()
        inputs = (4, *widths[:-1])
        self.down = nn.ModuleList(_block(i, o) for i, o in zip(inputs, widths, strict=True))
        self.up = nn.ModuleList(_block(a + b, a) for a, b in pairwise(widths))
        self.unshuffle, self.shuffle, self.pool = nn.PixelUnshuffle(2), nn.PixelShuffle(2), nn.MaxPool2d(2)
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = nn.Conv2d(widths[0], 4 * len(CHANNELS), 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.unshuffle(x)
        levels = []
        for number, block in enumerate(self.down):
            x = block(x if number == 0 else self.pool(x))
            levels.append(x)
        for block, skip in zip(reversed(self.up), reversed(levels[:-1]), strict=True):
            x = block(torch.cat([skip, self.enlarge(x)], 1))
        logits: Tensor = self.shuffle(self.last(x))
        return logits

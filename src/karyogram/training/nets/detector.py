"""A small detector: where each class's chromosomes have their middle, how far they reach, and a filter that draws each mask."""

import torch
from torch import Tensor, nn

from karyogram.labels import LABELS
from karyogram.segment.maps import FILTER, MASK_FEATURES


def _conv(inputs: int, outputs: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions around which the input passes unchanged (He et al., CVPR 2016, doi 10.1109/CVPR.2016.90)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_conv(width, width), nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, c, h, w) to the same shape."""
        return torch.relu(x + self.body(x))


class Detector(nn.Module):
    """Centres by class (Zhou et al., arXiv 1904.07850) with masks by instance filters (Tian et al., arXiv 2003.05664).

    Input float (N, 1, h, w), absorbance 0..1, h and w divisible by 32. Output, at a quarter of the size: logits of
    a centre of each class (N, 24, h/4, w/4), the reach left, up, right and down in pixels (N, 4, h/4, w/4), and filters
    (N, 169, h/4, w/4); at half of the size: mask features (N, 8, h/2, w/2).
    """

    def __init__(self, widths: tuple[int, ...] = (24, 48, 96, 160, 192), blocks: tuple[int, ...] = (1, 2, 3, 1)) -> None:
        super().__init__()
        first, *rest = widths
        self.unshuffle, self.shuffle = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.stem = _conv(4, first)
        inputs = widths[:-1]
        self.down = nn.ModuleList(
            nn.Sequential(_conv(i, o, 2), *(Residual(o) for _ in range(number)))
            for i, o, number in zip(inputs, rest, blocks, strict=True)
        )
        necks = (64, 96, 96, 96)
        self.side = nn.ModuleList(nn.Conv2d(o, n, 1) for o, n in zip(rest, necks, strict=True))
        self.up = nn.ModuleList(nn.Sequential(_conv(n, n), nn.Conv2d(n, m, 1)) for n, m in zip(necks[1:], necks, strict=False))
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = _conv(necks[0], necks[0])
        self.centres = nn.Sequential(_conv(necks[0], 64), nn.Conv2d(64, len(LABELS), 1))
        self.shapes = nn.Sequential(_conv(necks[0], 96), nn.Conv2d(96, 4 + FILTER, 1))
        self.fine = nn.Sequential(_conv(necks[0], 64), self.shuffle)
        self.features = nn.Sequential(_conv(16 + first, 32), nn.Conv2d(32, MASK_FEATURES, 1))
        nn.init.constant_(self.centres[1].bias, -4.6)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        stem = self.stem(self.unshuffle(x))
        levels, x = [], stem
        for down in self.down:
            x = down(x)
            levels.append(x)
        top = self.side[-1](levels[-1])
        for number in range(len(self.up) - 1, -1, -1):
            top = self.side[number](levels[number]) + self.enlarge(self.up[number](top))
        top = self.last(torch.relu(top))
        shapes = self.shapes(top)
        reach = 16 * nn.functional.softplus(shapes[:, :4])
        return self.centres(top), reach, shapes[:, 4:], self.features(torch.cat([self.fine(top), stem], 1))

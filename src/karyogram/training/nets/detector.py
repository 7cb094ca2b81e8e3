"""A small detector: where each class's chromosomes have their middle, how far they reach, and how each mask is drawn."""

import torch
from torch import Tensor, nn

from karyogram.labels import LABELS
from karyogram.segment.peaks import (
    CENTRE_STEP,
    FILTER,
    INNER,
    LAYERS,
    MASK_FEATURES,
    MASK_STEP,
    PLACE,
    RIM,
    SURE,
    TEXTURE,
    WINDOW,
)
from karyogram.training.nets.refiner import Refiner, conv


class Residual(nn.Module):
    """Two convolutions around which the input passes unchanged (He et al., CVPR 2016, doi 10.1109/CVPR.2016.90)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(width, width), nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, c, h, w) to the same shape."""
        return torch.relu(x + self.body(x))


def window_boxes(boxes: Tensor, place: Tensor) -> Tensor:
    """Return boxes (n, 4) of the picture in pixels of the windows around centre cells ``place`` (n, 2)."""
    ratio = CENTRE_STEP // MASK_STEP
    first = (place * ratio + ratio // 2 - WINDOW // 2).flip(1).float()
    return boxes / MASK_STEP - first.repeat(1, 2)


def reached_boxes(reach: Tensor, place: Tensor) -> Tensor:
    """Return the boxes (n, 4) that reaches (n, 4) from centre cells (n, 2) tell, in pixels of the picture."""
    centre = ((place.float() + 0.5) * CENTRE_STEP).flip(1)
    return torch.cat([centre - reach[:, :2], centre + reach[:, 2:]], 1)


def split_filters(filters: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return (weight (n, out, in), bias (n, out, 1)) of the three layers of filters (n, FILTER)."""
    layers, start = [], 0
    for inputs, outputs in LAYERS:
        weight = filters[:, start : start + inputs * outputs].reshape(-1, outputs, inputs)
        start += inputs * outputs
        layers.append((weight, filters[:, start : start + outputs, None]))
        start += outputs
    return layers


class Detector(nn.Module):
    """Centres by class (Zhou et al., arXiv 1904.07850) with masks by instance filters (Tian et al., arXiv 2003.05664).

    Input float (N, 1, h, w), absorbance 0..1, h and w divisible by 32. Output, at a quarter of the size: logits of
    a centre of each class (N, 24, h/4, w/4), the reach left, up, right and down in pixels (N, 4, h/4, w/4), and filters
    (N, FILTER, h/4, w/4); at half of the size what masks are drawn from: features and texture
    (N, MASK_FEATURES + TEXTURE, h/2, w/2).
    """

    def __init__(self, widths: tuple[int, ...] = (24, 48, 96, 160, 192), blocks: tuple[int, ...] = (1, 2, 3, 1)) -> None:
        super().__init__()
        first, *rest = widths
        self.unshuffle, self.shuffle = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.stem = conv(4, first)
        inputs = widths[:-1]
        self.down = nn.ModuleList(
            nn.Sequential(conv(i, o, 2), *(Residual(o) for _ in range(number)))
            for i, o, number in zip(inputs, rest, blocks, strict=True)
        )
        necks = (64, 96, 96, 96)
        self.side = nn.ModuleList(nn.Conv2d(o, n, 1) for o, n in zip(rest, necks, strict=True))
        self.up = nn.ModuleList(nn.Sequential(conv(n, n), nn.Conv2d(n, m, 1)) for n, m in zip(necks[1:], necks, strict=False))
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = conv(necks[0], necks[0])
        self.centres = nn.Sequential(conv(necks[0], 64), nn.Conv2d(64, len(LABELS), 1))
        self.shapes = nn.Sequential(conv(necks[0], 96), nn.Conv2d(96, 4 + FILTER, 1))
        self.fine = nn.Sequential(conv(necks[0], 64), self.shuffle)
        self.features = nn.Sequential(conv(16 + first, 32), nn.Conv2d(32, MASK_FEATURES, 1))
        self.texture = nn.Sequential(conv(16 + first, 32), nn.Conv2d(32, TEXTURE, 1))
        self.refiner = Refiner(TEXTURE + 2)
        nn.init.constant_(self.centres[1].bias, -4.6)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        centres, reach, filters, fine = self.look(x)
        return centres, reach, filters, torch.cat([self.features(fine), self.texture(fine)], 1)

    def look(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return centres, reach and filters, and what features and texture are made of (N, c, h/2, w/2)."""
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
        return self.centres(top), reach, shapes[:, 4:], torch.cat([self.fine(top), stem], 1)

    def draw(self, features: Tensor, texture: Tensor, filters: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Draw masks: rough ones, by the filters, and refined ones, both logits (n, WINDOW, WINDOW).

        ``features`` (n, MASK_FEATURES, WINDOW, WINDOW) and ``texture`` (n, TEXTURE, INNER, INNER) are cut out of the last map
        around each centre, ``filters`` (n, FILTER), ``boxes`` (n, 4) the chromosomes' boxes (left, top, right, bottom) in the
        window's pixels.
        """
        steps = (torch.arange(WINDOW, device=filters.device) + 0.5 - WINDOW // 2) * MASK_STEP / PLACE
        grid = torch.stack([steps[:, None].expand(WINDOW, WINDOW), steps[None].expand(WINDOW, WINDOW)])
        x = torch.cat([features, grid[None].expand(features.shape[0], -1, -1, -1)], 1)
        x = x.reshape(-1, MASK_FEATURES + 2, WINDOW**2)  # works for none, too
        for weight, bias in split_filters(filters):
            x = torch.baddbmm(bias, weight, x)
            x = torch.relu(x) if weight.shape[1] > 1 else x
        rough = x.reshape(-1, WINDOW, WINDOW)
        cells = torch.arange(RIM, WINDOW - RIM, device=filters.device) + 0.5
        low, high = cells - boxes[:, :2, None], boxes[:, 2:, None] - cells
        inside = torch.minimum(low, high).clamp(-4, 4) / 4
        box = torch.minimum(inside[:, 1, :, None], inside[:, 0, None, :])
        known = rough.detach()[:, RIM:-RIM, RIM:-RIM].clamp(-SURE, SURE)
        refined = known + self.refiner(torch.cat([texture, known[:, None], box[:, None]], 1))
        middle = (torch.arange(WINDOW, device=filters.device) + 0.5 - WINDOW / 2).abs() < INNER / 2
        fine = torch.where(middle[:, None] & middle, nn.functional.pad(refined, (RIM,) * 4), rough.detach())
        return rough, fine

"""What may happen to a chromosome on its way to the camera, done to a whole batch at once where the batch lives."""

import math

import torch
import torch.nn.functional as nnf
from torch import Tensor


def augment(
    canvases: Tensor, up: Tensor, generator: torch.Generator | None = None, sizes: float = 0.08
) -> tuple[Tensor, Tensor]:
    """Return (canvases, up) turned, mirrored, bent, scaled, moved, eroded, blurred and re-exposed at random.

    ``canvases`` is float (N, 1, h, w), 0..1, 0 outside the chromosome; ``up`` (N,) is the probability that the short arm is up,
    and follows the half turns. Rotation is within 14 degrees, bends within a tenth of the height; ``sizes`` is the spread of
    the logarithm of scale, which stays within 2.5 times that.
    """
    n, _, h, w = canvases.shape

    def normal(spread: float, limit: float) -> Tensor:
        return (torch.randn(n, generator=generator) * spread).clamp(-limit, limit).to(canvases.device)

    def coin() -> Tensor:
        return torch.rand(n, generator=generator).to(canvases.device) < 0.5

    turned = coin()
    angle = normal(5, 14) * math.pi / 180 + turned * math.pi
    size, stretch = torch.exp(normal(sizes, 2.5 * sizes)), torch.exp(normal(0.06, 0.15))
    mirror = torch.where(coin(), 1.0, -1.0)

    y, x = torch.meshgrid(torch.arange(h) - (h - 1) / 2, torch.arange(w) - (w - 1) / 2, indexing="ij")
    y, x = y.to(canvases)[None], x.to(canvases)[None]
    cos, sin = torch.cos(angle).view(-1, 1, 1), torch.sin(angle).view(-1, 1, 1)
    column = lambda v: v.view(-1, 1, 1)  # noqa: E731
    along = (cos * y + sin * x + column(normal(1.5, 4))) / column(size * stretch)
    across = (cos * x - sin * y + column(normal(1, 3))) * column(mirror) / column(size)
    place = along / (h / 2)
    bend = column(normal(0.03, 0.1)) * place**2 + column(normal(0.02, 0.06)) * torch.sin(math.pi * place)
    across = across + bend * h
    grid = torch.stack([across / (w / 2), along / (h / 2)], dim=-1)
    warped = nnf.grid_sample(canvases, grid, align_corners=False)
    mask = warped > 0.5 / 255

    shrunk = -nnf.max_pool2d(-mask.float(), 3, 1, 1)
    mask = torch.where(column(torch.rand(n, generator=generator) < 0.3)[:, None], shrunk > 0.5, mask)
    blurred = nnf.avg_pool2d(warped, 3, 1, 1, count_include_pad=False)
    sharpness = normal(0.5, 1.0).view(-1, 1, 1, 1)
    warped = warped + sharpness * (warped - blurred)
    exponent = torch.exp(normal(0.25, 0.6)).view(-1, 1, 1, 1)
    warped = warped.clamp(1e-3, 1) ** exponent * torch.exp(normal(0.1, 0.25)).view(-1, 1, 1, 1)
    noise = torch.randn(warped.shape, generator=generator).to(warped) * normal(0.02, 0.05).abs().view(-1, 1, 1, 1)
    return (warped + noise).clamp(1 / 255, 1) * mask, torch.where(turned, 1 - up, up)

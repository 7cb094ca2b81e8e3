"""What studies of single chromosomes do to their training pictures: a whole batch at once, where the batch lives.

Every operation takes and returns pictures, float (N, 1, h, w), 0..1, ground 1, and draws its chance from torch's generator of
their device, anew for each picture.
"""

import math
from collections.abc import Callable, Iterable, Mapping

import torch
import torch.nn.functional as nnf
from torch import Tensor

Operation = Callable[..., Tensor]


def distort(pictures: Tensor, steps: Iterable[tuple[str, Mapping[str, object]]]) -> Tensor:
    """Apply the operations of ``steps``, (name in ``OPERATIONS``, settings), in turn; values stay within 0..1."""
    for name, settings in steps:
        pictures = OPERATIONS[name](pictures, **settings).clamp(0, 1)
    return pictures


def place(pictures: Tensor, degrees: float, shift: float, scale: float) -> Tensor:
    """Turn by up to ``degrees`` either way, move by up to ``shift`` of each side, scale by 1 - ``scale`` to 1 + ``scale``."""
    angle = _uniform(pictures, -degrees, degrees) * math.pi / 180
    size = _uniform(pictures, 1 - scale, 1 + scale)
    return _warp(pictures, angle, size, _uniform(pictures, -shift, shift), _uniform(pictures, -shift, shift))


def turn(pictures: Tensor, step: int) -> Tensor:
    """Turn by a multiple of ``step`` degrees; all the way round is as likely as any other.

    The chromosome data augmentation (CDA) of Lin et al., IEEE/ACM TCBB 2020, doi 10.1109/TCBB.2020.3003445: every 15 degrees.
    """
    angle = _uniform(pictures, 0, 360 // step).floor() * step * math.pi / 180
    still = torch.zeros_like(angle)
    return _warp(pictures, angle, still + 1, still, still)


def expose(pictures: Tensor, brightness: float, contrast: float, intensity: float) -> Tensor:
    """Multiply by 1 +- ``brightness``, spread about the mean by 1 +- ``contrast``, raise to the power 1 +- ``intensity``.

    A change of saturation, which belongs to the same family, does nothing to a grey picture.
    """
    bright = (pictures * _uniform(pictures, 1 - brightness, 1 + brightness)).clamp(0, 1)
    mean = bright.mean((1, 2, 3), keepdim=True)
    spread = (mean + (bright - mean) * _uniform(pictures, 1 - contrast, 1 + contrast)).clamp(0, 1)
    return spread ** _uniform(pictures, 1 - intensity, 1 + intensity)


def blur(pictures: Tensor, sizes: tuple[int, ...], sigma: tuple[float, float]) -> Tensor:
    """Blur with a Gaussian kernel, one of the odd ``sizes`` in pixels wide, ``sigma`` within the two pixels given."""
    n, _, h, w = pictures.shape
    reach = max(sizes) // 2
    half = torch.tensor(sizes, device=pictures.device)[_uniform(pictures, 0, len(sizes)).long().flatten()] // 2
    offsets = torch.arange(-reach, reach + 1, device=pictures.device)
    kernel = torch.exp(-((offsets / _uniform(pictures, *sigma).flatten()[:, None]) ** 2) / 2) * (offsets.abs() <= half[:, None])
    kernel = (kernel / kernel.sum(1, keepdim=True)).view(n, 1, 1, -1)
    padded = nnf.pad(pictures.view(1, n, h, w), [reach] * 4, mode="replicate")
    rows = nnf.conv2d(padded, kernel, groups=n)
    return nnf.conv2d(rows, kernel.transpose(2, 3), groups=n).view(n, 1, h, w)


def low_pass(pictures: Tensor, radius: tuple[float, float], chance: float) -> Tensor:
    """Drop, in a share ``chance`` of the pictures, all frequencies above a radius within the two given, in cycles a height.

    The first feature-transform technique of D'Angelo and Nanni, Information 14:389 (2023), doi 10.3390/info14070389. Its text
    sets the mask to zero *inside* the radius and calls the result blurred; what blurs is to drop what lies outside.
    """
    _, _, h, w = pictures.shape
    up, across = torch.fft.fftfreq(h, device=pictures.device), torch.fft.rfftfreq(w, device=pictures.device)
    frequency = torch.hypot(up[:, None], across) * h
    keep = (frequency <= _uniform(pictures, *radius)) | (_uniform(pictures, 0, 1) >= chance)
    return torch.fft.irfft2(torch.fft.rfft2(pictures) * keep, s=(h, w))


def thin_spectrum(pictures: Tensor, share: tuple[float, float], chance: float) -> Tensor:
    """Drop, in a share ``chance`` of the pictures, frequencies at random: a share of them within the two given; the mean stays.

    The second feature-transform technique of D'Angelo and Nanni, Information 14:389 (2023), doi 10.3390/info14070389.
    """
    spectrum = torch.fft.rfft2(pictures)
    keep = torch.rand(spectrum.shape, device=pictures.device) >= _uniform(pictures, *share)
    keep |= _uniform(pictures, 0, 1) >= chance
    keep[..., 0, 0] = True
    return torch.fft.irfft2(spectrum * keep, s=pictures.shape[2:])


#: The names by which presets call the operations.
OPERATIONS: Mapping[str, Operation] = {f.__name__: f for f in (place, turn, expose, blur, low_pass, thin_spectrum)}


def _uniform(pictures: Tensor, low: float, high: float) -> Tensor:
    """(N, 1, 1, 1), one number a picture."""
    return low + (high - low) * torch.rand(len(pictures), 1, 1, 1, device=pictures.device)


def _warp(pictures: Tensor, angle: Tensor, size: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Turn by ``angle`` (radians), enlarge by ``size``, move by shares of the sides; all (N, 1, 1, 1)."""
    n, _, h, w = pictures.shape
    cos, sin = torch.cos(angle) / size, torch.sin(angle) / size
    entries = [cos, sin * (h / w), 2 * across, -sin * (w / h), cos, 2 * down]
    theta = torch.cat(entries, 1).view(n, 2, 3)
    grid = nnf.affine_grid(theta, [n, 1, h, w], align_corners=False)
    return 1 - nnf.grid_sample(1 - pictures, grid, align_corners=False)

"""One drawn chromosome: a bent, banded rod with a waist at its centromere."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from karyogram.bands import centromere, length, profile

#: Optical density of the palest band, and what the darkest one adds to it.
PALE, STAIN = 0.45, 1.0
#: Distance of the axis' points in pixels.
STEP = 0.25
#: A rod's bands are blurred by this standard deviation in pixels.
BAND_BLUR = 1.0


@dataclass(frozen=True, eq=False)
class Rod:
    """A drawn chromosome on a patch that it fills.

    ``density`` float32 (h, w) is its optical density, the natural logarithm of light in over light out;
    ``mask`` bool (h, w) is where it lies, the density fading to 0 within a pixel of it; ``axis`` float64 (N, 2) are x, y
    from the short arm's end to the long arm's.
    """

    density: np.ndarray
    mask: np.ndarray
    axis: np.ndarray


def draw_chromosome(
    label: str,
    rng: np.random.Generator,
    size: float = 130.0,
    width: float = 17.5,
    bend: float = 1.0,
    angle: float = 0.0,
) -> Rod:
    """Draw one chromosome of a class.

    ``size`` is the length of a chromosome 1 in pixels; the others follow by their ISCN lengths. ``width`` is the rod's
    width in pixels, ``bend`` how strongly it bends (0 is straight, 1 usual), ``angle`` how far, in degrees
    counter-clockwise, it is turned from having its short arm up. Bend, length (standard deviation 4 %), contrast and
    band positions differ from call to call with ``rng``. Raises ValueError for an unknown class.
    """
    extent = size * length(label) * float(np.exp(rng.normal(0, 0.04)))
    axis = _axis(extent, width, centromere(label), bend, np.deg2rad(angle), rng)
    margin = np.ceil(width / 2) + 2
    axis -= np.floor(axis.min(0)) - margin
    columns, rows = (int(v) for v in np.ceil(axis.max(0)) + margin + 1)

    pixels = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
    distance, nearest = cKDTree(axis).query(pixels, distance_upper_bound=width)
    nearest = np.minimum(nearest, len(axis) - 1)
    distance = np.where(np.isfinite(distance), distance, 2.0 * width)
    stain = _stain(label, len(axis), rng)
    half = _half_width(stain, extent, width, centromere(label))[nearest]

    beside = pixels - axis[nearest]
    along = np.gradient(axis, axis=0)[nearest] / STEP
    side = np.tanh((along[..., 0] * beside[..., 1] - along[..., 1] * beside[..., 0]) / 2)
    shift = side * rng.normal(0, 0.4) / STEP
    banded = stain[np.clip(np.rint(nearest + shift), 0, len(axis) - 1).astype(int)]
    across = 1 - 0.12 * np.exp(-((distance / 1.5) ** 2)) + 0.12 * (2 * distance / width) ** 4
    texture = 1 + 0.25 * cv2.GaussianBlur(rng.standard_normal((rows, columns)), (0, 0), 1.5)
    coverage = np.clip(half - distance + 0.5, 0, 1)
    density = coverage * (PALE + STAIN * banded) * across * texture
    mask = half > distance
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom, left, right = ys[0] - 1, ys[-1] + 2, xs[0] - 1, xs[-1] + 2
    window = slice(top, bottom), slice(left, right)
    return Rod(density[window].astype(np.float32), mask[window], axis - (left, top))


def _axis(extent: float, width: float, waist: float, bend: float, angle: float, rng: np.random.Generator) -> np.ndarray:
    """Return points (N, 2) x, y, ``STEP`` apart: an even curve, a swing and a kink at the centromere."""
    along = np.linspace(0, 1, max(8, round(extent / STEP)))
    curve, swing, kink = rng.normal(0, (0.7, 0.3, 0.4)) * bend
    supple = np.clip(extent / (5 * width), 0.2, 1.2)
    heading = curve * (along - 0.5) + swing * np.sin(2 * np.pi * along) + kink * np.tanh((along - waist) * extent / 6) / 2
    heading = angle + np.clip(heading * supple, -1.2, 1.2)
    return np.cumsum(np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0) * STEP


def _stain(label: str, points: int, rng: np.random.Generator) -> np.ndarray:
    """Return the darkness (points,) along one homologue: bands a little displaced, its own contrast, edges blurred."""
    along = (np.arange(points) + 0.5) / points
    bent = along + rng.normal(0, 0.006) * np.sin(np.pi * along) * np.sin(2 * np.pi * (along + rng.random()))
    expected = np.interp(bent, along, profile(label, points))
    contrast = expected ** np.exp(rng.normal(0, 0.15))
    blurred: np.ndarray = cv2.GaussianBlur(contrast[None], (0, 0), BAND_BLUR / STEP, borderType=cv2.BORDER_REPLICATE)[0]
    return blurred


def _half_width(stain: np.ndarray, extent: float, width: float, waist: float) -> np.ndarray:
    """Return the half width (N,) in pixels along the axis: round ends, a waist, dark bands a little stouter."""
    along = (np.arange(len(stain)) + 0.5) / len(stain) * extent
    to_end = np.minimum(along, extent - along)
    ends = np.sqrt(1 - (1 - np.clip(to_end / (0.4 * width), 0, 1)) ** 2)
    middle = 1 - 0.2 * np.exp(-(((along - waist * extent) / (0.15 * width)) ** 2))
    stout: np.ndarray = cv2.GaussianBlur(stain[None], (0, 0), 2.0 / STEP, borderType=cv2.BORDER_REPLICATE)[0]
    half: np.ndarray = width / 2 * ends * middle * (0.9 + 0.2 * stout)
    half[[0, -1]] = -1  # nearest to what lies beyond the ends
    return half

"""Chromosomes that lie across each other: from what is seen of all of them to what each would show alone."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from karyogram.records import Instance

#: Stain is looked for this many pixels beyond a mask: masks may be that much too narrow.
RING = 2
#: This many pixels inside its mask a chromosome is as dense as in its middle.
DEEP = 6
#: What a step between neighbouring stations of a profile weighs, against the misfit of one pixel.
STIFF = 50.0
#: What a profile's distance from the usual density weighs: it decides where a chromosome is nowhere seen alone.
USUAL = 1.0
#: What a crossed pixel, divided equally, weighs against a free one when the fading of the stain is measured.
CROSSED = 0.01
#: Optical density of a chromosome that its profile does not see.
LEAST = 1e-4


def separate(flat: np.ndarray, instances: Sequence[Instance]) -> list[Instance]:
    """Give chromosomes whose masks share pixels their own grey levels; the others are returned as they are.

    ``flat`` is the flattened picture, uint8 (H, W), ground at 255. ``pixels`` of each crossed instance becomes uint8 (h, w):
    its own share of the optical density in the crossing and ``RING`` pixels around it, the picture in the rest of its mask,
    255 where it does not reach. No density is negative, and those of all chromosomes that reach a pixel add up to what is
    seen (Beer-Lambert).

    A band runs straight across a chromosome. So the density is modelled as a profile along the axis times the fading of stain
    towards the edge of a mask, as it is where chromosomes lie free. The profiles that best explain the picture, free and
    crossed pixels together, follow from least squares, smoothed as in Whittaker, Proc. Edinb. Math. Soc. 41:63 (1922), doi
    10.1017/S0013091500077853; each crossed pixel is divided in proportion to the models.
    """
    seen = -np.log10(np.maximum(flat, 1) / 255.0)
    found = list(instances)
    for group in _crossed(instances):
        for number, own in zip(group, _divide(seen, [instances[number] for number in group]), strict=True):
            found[number] = replace(instances[number], pixels=(255 * 10**-own + 0.5).astype(np.uint8))
    return found


def _crossed(instances: Sequence[Instance]) -> list[np.ndarray]:
    """Return the groups of instances, as indices, that hang together by shared pixels."""
    pairs = [(a, b) for a, one in enumerate(instances) for b in range(a) if one.common(instances[b])]
    if not pairs:
        return []
    links = csr_array((np.ones(len(pairs)), np.transpose(pairs)), shape=(len(instances), len(instances)))
    groups = connected_components(links, directed=False)[1]
    return [np.flatnonzero(groups == number) for number in np.unique(groups[np.ravel(pairs)])]


def _divide(seen: np.ndarray, group: Sequence[Instance]) -> list[np.ndarray]:
    """Return the own density, float64 (h, w), of each instance of a group; ``seen`` is the picture's, float (H, W).

    Works on a list of all pixels of all chromosomes: a pixel in reach of two appears twice.
    """
    parts = [_reach(item, seen.shape) for item in group]
    ys, xs, depth, along = np.concatenate(parts, axis=1)
    pixels, row = np.unique((ys * seen.shape[1] + xs).astype(int), return_inverse=True)
    density = seen.ravel()[pixels]
    sizes = [part.shape[1] for part in parts]
    rim, usual = _fading(density, row, depth.astype(int), np.repeat(np.arange(len(parts)), sizes))
    starts = np.cumsum([0, *(int(part[3].max()) + 2 for part in parts)])
    places = along + np.repeat(starts[:-1], sizes)
    profile = _fit(density, row, places, rim, starts, usual)
    model = np.maximum(rim * np.interp(places, np.arange(len(profile)), profile), LEAST)
    own = np.split(density[row] * model / np.bincount(row, model)[row], np.cumsum(sizes)[:-1])

    crops = []
    for item, (ys, xs), values in zip(group, (part[:2].astype(int) for part in parts), own, strict=True):
        crop = np.zeros(np.add(item.mask.shape, 2 * RING))
        crop[ys - item.y + RING, xs - item.x + RING] = values
        crops.append(crop[RING:-RING, RING:-RING])
    return crops


def _reach(item: Instance, shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels that an instance may stain, float64 (4, n): row and column in the picture, depth, way along the axis.

    The depth is 1 at the edge of the mask and ``DEEP`` at most, 0 and less outside. The axis is a parabola about the principal
    direction of the mask; the way, in pixels, begins at 0.
    """
    mask = np.pad(item.mask, RING)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    depth = np.minimum(np.rint(np.where(mask, inside, 1 - outside)), DEEP)
    ys, xs = np.nonzero(depth > -RING)
    points = np.stack([ys, xs], 1)
    core = mask[ys, xs]
    points = points - points[core].mean(0)
    across, along = (points @ np.linalg.eigh(points[core].T @ points[core])[1]).T
    curve = np.linalg.lstsq(np.vander(along[core], 3), across[core], rcond=None)[0]
    slope = np.polyval(np.polyder(curve), along)
    along = along + (across - np.polyval(curve, along)) * slope / (1 + slope**2)
    reach = np.stack([ys + item.y - RING, xs + item.x - RING, depth[ys, xs], along - along.min()])
    return reach[:, (reach[:2] >= 0).all(0) & (reach[0] < shape[0]) & (reach[1] < shape[1])]


def _fading(density: np.ndarray, row: np.ndarray, depth: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how dense stain is at each pixel's depth, 1 being the mean within masks, and each chromosome's own mean."""
    count = np.bincount(row)[row]
    weight = np.where(count == 1, 1.0, CROSSED)
    share = density[row] / count
    within = weight * (depth > 0)
    usual = np.bincount(owner, within * share) / np.bincount(owner, within)
    level = depth + RING
    relative = share / np.maximum(usual, LEAST)[owner]
    mean = np.bincount(level, weight * relative) / np.maximum(np.bincount(level, weight), CROSSED)
    return mean[level], usual


def _fit(
    density: np.ndarray, row: np.ndarray, places: np.ndarray, rim: np.ndarray, starts: np.ndarray, usual: np.ndarray
) -> np.ndarray:
    """Return the profiles, end to end, one value a station, that best explain the density of the pixels."""
    size = int(starts[-1])
    lower = places.astype(int)
    upper = places - lower
    entries = np.concatenate([rim * (1 - upper), rim * upper])
    system = csr_array((entries, (np.tile(row, 2), np.concatenate([lower, lower + 1]))), shape=(len(density), size))
    joined = np.ones(size - 1)
    joined[starts[1:-1] - 1] = 0
    steps = diags_array([-joined, joined], offsets=[0, 1], shape=(size - 1, size))
    normal = system.T @ system + STIFF * (steps.T @ steps) + USUAL * diags_array(np.ones(size))
    return np.asarray(spsolve(normal.tocsc(), system.T @ density + USUAL * np.repeat(usual, np.diff(starts))))

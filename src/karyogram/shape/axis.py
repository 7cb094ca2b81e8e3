"""The curve that runs through the middle of a chromosome, from one end to the other."""

import cv2
import numpy as np
from scipy.linalg import solveh_banded
from scipy.spatial import cKDTree

from karyogram.shape.skeleton import longest_path

#: Bends shorter than this many chromosome widths, as a wavelength, are smoothed away.
SMOOTH = 2.0
#: How often the curve is moved to the middle between both edges.
ROUNDS = 3
#: Distance of the stations at which edges are looked for, in pixels.
FINE = 0.25
#: Up to this many chromosome widths of skeleton, the principal axis is tried as well.
SHORT = 3.0
#: and taken, unless the skeleton's curve lies so much nearer to the mask's pixels, on average.
BETTER = 0.95
#: Ends of the skeleton where the mask is thinner than this share of its median width are cut off.
TRIM = 0.9
#: Within this many widths of its ends the curve is not moved, and what is not moved weighs this much.
NEAR, UNSURE = 0.2, 0.05
#: Pixels of ground put around the mask.
PAD = 4


def medial_axis(mask: np.ndarray) -> np.ndarray:
    """Return the axis of a mask, bool (H, W), as points float32 (N, 2) x, y, 1 px apart, N >= 2, upper end first.

    The points are the middles of N equal steps between the edges of the mask, (0, 0) being the middle of the first pixel. Of
    several parts of the mask the largest counts. The curve begins as the longest path of the skeleton, cut back where it runs
    into a corner; for a short chromosome its principal axis is tried too. Then, in turns, it is smoothed, prolonged along
    its end tangents to the edge of the mask, and moved to the middle between the edges on its normals. Raises ValueError for
    an empty mask.

    Smoothing: least squares with a penalty on second differences, Whittaker, Proc. Edinb. Math. Soc. 41:63 (1923), doi
    10.1017/S0013091500077853; the banded solution: Eilers, Anal. Chem. 75:3631 (2003), doi 10.1021/ac034173t.
    """
    solid, origin = _largest_part(mask)
    depth = cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 5)
    soft = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 0.7)
    bone = _trim(longest_path(solid), depth)
    at = bone.astype(int)
    width = 2 * float(np.median(depth[at[:, 1], at[:, 0]]))
    points = np.argwhere(solid)[:, ::-1]
    curve = _centre(bone, soft, width) if len(bone) >= 5 else None
    if curve is None or len(bone) < SHORT * width:
        straight = _centre(_principal_axis(solid), soft, width)
        if curve is None or _spread(points, curve) > BETTER * _spread(points, straight):
            curve = straight
    way = _way(curve)
    number = max(2, round(way[-1]))
    axis = _at(curve, way, (way[-1] - (number - 1)) / 2 + np.arange(number)) + origin
    if (axis[-1, 1], axis[-1, 0]) < (axis[0, 1], axis[0, 0]):
        axis = axis[::-1]
    return np.ascontiguousarray(axis, np.float32)


def normals(axis: np.ndarray) -> np.ndarray:
    """Return the unit normals, float64 (N, 2) x, y, of an axis (N, 2): to the right of one who looks at the upper end."""
    path = np.asarray(axis, np.float64)
    ends, inner = np.diff(path[[0, 1, -2, -1]], axis=0)[[0, 2]], (path[2:] - path[:-2]) / 2
    tangents = np.concatenate([ends[:1], inner, ends[1:]])
    tangents /= np.maximum(np.hypot(*tangents.T), 1e-6)[:, None]
    return np.stack([tangents[:, 1], -tangents[:, 0]], 1)


def sample(
    picture: np.ndarray, points: np.ndarray, how: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    """Return a picture, float32 (H, W), at points (n, 2) or (m, n, 2) x, y: float32 (n,) or (m, n).

    ``how`` and ``border`` are OpenCV's kinds of interpolation and border; by default linear, 0 outside.
    """
    at = points.astype(np.float32).reshape(-1, points.shape[-2], 2)
    x, y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
    return cv2.remap(picture, x, y, how, borderMode=border, borderValue=0).reshape(points.shape[:-1])


def _largest_part(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest 8-connected part in its box, padded by ``PAD``, and where x, y = 0, 0 of that lies in the mask."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count == 1:
        raise ValueError("the mask is empty")
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    left, top, width, height, _ = stats[largest]
    part = labels[top : top + height, left : left + width] == largest
    return np.pad(part, PAD), np.array([left - PAD, top - PAD])


def _trim(path: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Cut off the ends of the path that run into a corner: there the mask is thinner than ``TRIM`` of its usual width."""
    at = path.astype(int)
    along = depth[at[:, 1], at[:, 0]]
    thick = np.flatnonzero(along >= TRIM * np.median(along))
    return path[thick[0] : thick[-1] + 1]


def _principal_axis(solid: np.ndarray) -> np.ndarray:
    """Return the straight line through the centre along the direction of greatest spread, across the whole mask."""
    points = np.argwhere(solid)[:, ::-1].astype(np.float64)
    middle = points.mean(0)
    _, vectors = np.linalg.eigh(np.cov(points.T) if len(points) > 1 else np.eye(2))
    along = (points - middle) @ vectors[:, 1]
    stations = np.linspace(along.min() - 0.5, along.max() + 0.5, max(5, round(np.ptp(along)) + 1))
    return middle + stations[:, None] * vectors[:, 1]


def _spread(points: np.ndarray, curve: np.ndarray) -> float:
    """Return the mean distance, in pixels, of points (n, 2) from a curve."""
    return float(cKDTree(curve).query(points)[0].mean())


def _centre(path: np.ndarray, soft: np.ndarray, width: float) -> np.ndarray:
    """Return the path smoothed, in the middle between the edges of the mask, from edge to edge; points ``FINE`` apart."""
    path = _even(path, 1.0)
    sure = np.ones(len(path))
    for _ in range(ROUNDS):
        path, sure = _recentre(_to_edges(_smooth(path, sure, width), soft), soft, width)
    return _to_edges(_smooth(path, sure, width), soft)


def _smooth(path: np.ndarray, sure: np.ndarray, width: float) -> np.ndarray:
    """Return the points, about 1 px apart, smoothed; each is held to its place with the weight ``sure``."""
    stiffness = (SMOOTH * width / (2 * np.pi)) ** 4
    ones = np.ones(len(path) - 2)
    bands = np.zeros((3, len(path)))
    bands[0, 2:] = stiffness
    bands[1, 1:] = stiffness * np.convolve(ones, [-2, -2])
    bands[2] = stiffness * np.convolve(ones, [1, 4, 1]) + sure
    return solveh_banded(bands, sure[:, None] * path, overwrite_ab=True, overwrite_b=True, check_finite=False)


def _to_edges(path: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """Prolong the path straight, or shorten it, until it begins and ends at the edge of the mask; points ``FINE`` apart."""
    path = _even(path, FINE)
    for _ in range(2):
        if sample(soft, path[:1])[0] >= 0.5:
            ahead = (path[0] - path[1]) / max(float(np.hypot(*(path[0] - path[1]))), 1e-6)
            beyond = path[0] + ahead * np.arange(FINE, sum(soft.shape), FINE)[:, None]
            free = int(np.argmax(sample(soft, beyond) < 0.5))
            path = np.concatenate([beyond[:free][::-1], path])
        else:
            first = int(np.argmax(sample(soft, path) >= 0.5))
            path = path[min(first, len(path) - 2) :]
        path = path[::-1]
    return _even(path, FINE)


def _recentre(path: np.ndarray, soft: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the points, about 1 px apart, moved to the middle between both edges, and how sure each is.

    Those without an edge near on both sides, and those near the ends, where the edges converge, stay where they are and count
    for little.
    """
    path = _even(path, 1.0)
    across = np.arange(FINE, 0.9 * width + 2 * FINE, FINE)
    normal = normals(path)
    x, y = (path[:, i, None] + np.concatenate([across, -across]) * normal[:, i, None] for i in (0, 1))
    found = cv2.remap(soft, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderValue=0)
    outside = (found < 0.5).reshape(len(path), 2, len(across))
    reach = across[np.argmax(outside, axis=2)]
    way = _way(path)
    inside = (sample(soft, path) >= 0.5) & np.all(outside.any(2), axis=1)
    inside &= (way >= NEAR * width) & (way <= way[-1] - NEAR * width)
    shift = np.where(inside, (reach[:, 0] - reach[:, 1]) / 2, 0.0)
    return path + shift[:, None] * normal, np.where(inside, 1.0, UNSURE)


def _way(path: np.ndarray) -> np.ndarray:
    """Return the way along the path to each of its points, strictly increasing."""
    steps = path[1:] - path[:-1]
    way = np.zeros(len(path))
    np.cumsum(np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-6), out=way[1:])
    return way


def _even(path: np.ndarray, step: float) -> np.ndarray:
    """Return the path as points about ``step`` px apart, at least 5."""
    way = _way(path)
    return _at(path, way, np.linspace(0, way[-1], max(5, round(way[-1] / step) + 1)))


def _at(path: np.ndarray, way: np.ndarray, stations: np.ndarray) -> np.ndarray:
    points = np.empty((len(stations), 2))
    for i in (0, 1):
        points[:, i] = np.interp(stations, way, path[:, i])
    return points

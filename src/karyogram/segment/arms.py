"""Clusters as arms that meet at crossings: each way that runs straight on through the crossings may be a chromosome."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.morphology import skeletonize

from karyogram.records import Instance
from karyogram.segment.objects import fill_holes, largest_component

#: In chromosome widths: shorter dead ends are corners of the outline; shorter links between two meeting points are a crossing;
#: longer stretches are arms, each of one chromosome.
SPUR, LINK, ARM = 0.6, 1.3, 0.8
#: A way turns by no more than this at a crossing, in degrees, and passes no more stretches.
TURN, MOST = 65.0, 7
#: Half widths of a way that belong to it.
REACH = 1.15
#: Clusters of more stretches than this are left alone: their ways are too many.
TANGLE = 60


@dataclass(frozen=True, eq=False)
class Stretch:
    """A piece of skeleton between two meeting points or ends: its number, its pixels int (n, 2) x, y in order, its two nodes.

    A node is the number of a meeting point, or -1 for a free end.
    """

    number: int
    pixels: np.ndarray
    nodes: tuple[int, int]

    def turned(self) -> "Stretch":
        """Return the same stretch, walked the other way."""
        return Stretch(self.number, self.pixels[::-1], self.nodes[::-1])


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The skeleton of a picture's stain: ``stretches``, the ``centres`` (m, 2) of meeting points, ``depth`` float32 (H, W)."""

    stretches: list[Stretch]
    centres: np.ndarray
    depth: np.ndarray
    width: float

    @cached_property
    def arms(self) -> list[np.ndarray]:
        """Pixels int (n, 2) x, y of each stretch that is an arm, without what lies in the crossings at its ends."""
        free = [self.clear(stretch) for stretch in self.stretches]
        return [pixels for pixels in free if len(pixels) >= ARM * self.width]

    def is_link(self, stretch: Stretch) -> bool:
        """Tell whether a stretch merely links two meeting points of one crossing."""
        return len(stretch.pixels) < LINK * self.width and min(stretch.nodes) >= 0

    def clear(self, stretch: Stretch) -> np.ndarray:
        """Return the pixels of a stretch that lie farther from its meeting points than these are deep."""
        kept = np.ones(len(stretch.pixels), bool)
        for node in stretch.nodes:
            if node >= 0:
                x, y = self.centres[node]
                far = np.hypot(*(stretch.pixels - (x, y)).T)
                kept &= far > self.depth[int(y), int(x)]
        return stretch.pixels[kept]


def trace_skeleton(stain: np.ndarray, width: float) -> Skeleton:
    """Return the skeleton of the stain, bool (H, W), whose chromosomes are ``width`` pixels wide; without isolated ones."""
    solid = np.pad(stain, 1)
    depth = cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 5)
    bone = skeletonize(solid)
    for stretch in _split(bone)[0]:
        if min(stretch.nodes) < 0 <= max(stretch.nodes) and len(stretch.pixels) < SPUR * width:
            bone[stretch.pixels[:, 1], stretch.pixels[:, 0]] = False
    stretches, centres = _split(skeletonize(bone))
    met = [Stretch(each.number, each.pixels - 1, each.nodes) for each in stretches if max(each.nodes) >= 0]
    return Skeleton(met, centres - 1, depth[1:-1, 1:-1], width)


def trace_ways(skeleton: Skeleton, stain: np.ndarray) -> list[Instance]:
    """Return the masks of all ways, of a stretch or more, that run straight on through crossings; ``stain`` limits them."""
    leaving: dict[int, list[Stretch]] = {}
    for stretch in skeleton.stretches:
        for each in (stretch, stretch.turned()):
            leaving.setdefault(each.nodes[0], []).append(each)
    clusters = _clusters(skeleton)
    sizes = np.bincount(clusters)
    ways = [
        way
        for cluster, stretch in zip(clusters, skeleton.stretches, strict=True)
        if sizes[cluster] <= TANGLE
        for begin in (stretch, stretch.turned())
        for way in _go_on([begin], leaving, skeleton)
    ]
    distinct = {frozenset(each.number for each in way): way for way in ways}
    return [mask for way in distinct.values() if (mask := _mask(way, skeleton, stain)) is not None]


def owned_arms(skeleton: Skeleton, instances: Sequence[Instance], share: float = 0.7) -> np.ndarray:
    """Return bool (N, A): which instance's mask holds at least ``share`` of which arm."""
    owned = np.zeros((len(instances), len(skeleton.arms)), bool)
    if not owned.size:
        return owned
    lengths = [len(arm) for arm in skeleton.arms]
    x, y = np.concatenate(skeleton.arms).T
    starts = np.cumsum([0, *lengths[:-1]])
    for row, item in enumerate(instances):
        h, w = item.mask.shape
        inside = np.flatnonzero((x >= item.x) & (y >= item.y) & (x < item.x + w) & (y < item.y + h))
        held = np.zeros(len(x), int)
        held[inside] = item.mask[y[inside] - item.y, x[inside] - item.x]
        owned[row] = np.add.reduceat(held, starts) >= share * np.array(lengths)
    return owned


def _split(bone: np.ndarray) -> tuple[list[Stretch], np.ndarray]:
    """Part a skeleton, bool (H, W), at its meeting points; lines that have none are left out."""
    square = np.ones((3, 3), np.uint8)
    meeting = bone & (cv2.filter2D(bone.astype(np.uint8), -1, square, borderType=cv2.BORDER_CONSTANT) > 3)
    count, where, _, centres = cv2.connectedComponentsWithStats(meeting.astype(np.uint8), connectivity=8)
    number, parts = cv2.connectedComponents((bone & ~meeting).astype(np.uint8), connectivity=8)
    met = np.zeros(number, bool)
    met[parts[cv2.dilate(meeting.astype(np.uint8), square) > 0]] = True
    met[0] = False
    ys, xs = np.nonzero(met[parts])
    order = np.argsort(parts[ys, xs], kind="stable")
    pixels = np.stack([xs, ys], 1)[order]
    ends = np.cumsum(np.bincount(parts[ys, xs], minlength=number)[met])
    stretches: list[Stretch] = []
    for own in np.split(pixels, ends[:-1]) if len(pixels) else []:
        line = _in_order(own)
        nodes = [int(where[y - 1 : y + 2, x - 1 : x + 2].max()) - 1 for x, y in (line[0], line[-1])]
        if len(line) == 1:  # a single pixel may join two meeting points
            x, y = line[0]
            touched = np.unique(where[y - 1 : y + 2, x - 1 : x + 2])
            touched = touched[touched > 0] - 1
            nodes = [int(touched[0]), int(touched[-1])] if len(touched) > 1 else [nodes[0], -1]
        stretches.append(Stretch(len(stretches), line, (nodes[0], nodes[1])))
    return stretches, centres[1:count]


def _in_order(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels (n, 2) of an unbranched line from one end to the other."""
    left = {(int(x), int(y)) for x, y in pixels}
    around = [(0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]
    ends = [p for p in left if sum((p[0] + dx, p[1] + dy) in left for dx, dy in around) <= 1]
    here = min(ends) if ends else min(left)
    line = [here]
    left.remove(here)
    while True:
        ahead = next(((here[0] + dx, here[1] + dy) for dx, dy in around if (here[0] + dx, here[1] + dy) in left), None)
        if ahead is None:
            return np.array(line)
        left.remove(ahead)
        line.append(ahead)
        here = ahead


def _clusters(skeleton: Skeleton) -> np.ndarray:
    """Return a number for each stretch, int (S,), the same for those that hang together."""
    number = len(skeleton.centres)
    links = np.array([s.nodes for s in skeleton.stretches if min(s.nodes) >= 0], int).reshape(-1, 2)
    graph = coo_array((np.ones(len(links)), tuple(links.T)), shape=(number, number))
    return connected_components(graph, directed=False)[1][[max(s.nodes) for s in skeleton.stretches]]


def _go_on(way: list[Stretch], leaving: dict[int, list[Stretch]], skeleton: Skeleton) -> Iterator[list[Stretch]]:
    """Yield the way and all that it can become by running on; a way neither begins nor ends with a mere link."""
    if len(skeleton.clear(way[0])) < ARM * skeleton.width:
        return
    node = way[-1].nodes[1]
    if not skeleton.is_link(way[-1]):
        yield way
    if node < 0 or len(way) >= MOST:
        return
    for ahead in leaving.get(node, []):
        if any(ahead.number == each.number for each in way):
            continue
        if skeleton.is_link(ahead) or _turn(way, ahead, skeleton) <= TURN:
            yield from _go_on([*way, ahead], leaving, skeleton)


def _turn(way: list[Stretch], ahead: Stretch, skeleton: Skeleton) -> float:
    """Return by how many degrees a way turns into a stretch, mere links left out of account."""
    before = next((each for each in reversed(way) if not skeleton.is_link(each)), way[0])
    came, goes = _direction(before.turned(), skeleton), -_direction(ahead, skeleton)
    cosine = float(came @ goes / max(np.hypot(*came) * np.hypot(*goes), 1e-6))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _direction(stretch: Stretch, skeleton: Skeleton) -> np.ndarray:
    """Return the direction, float (2,), in which a stretch leaves its first node, beyond the crossing."""
    x, y = skeleton.centres[stretch.nodes[0]]
    skip = min(int(skeleton.depth[int(y), int(x)]), max(len(stretch.pixels) - 4, 0))
    piece = stretch.pixels[skip : skip + max(4, round(1.2 * skeleton.width))]
    if len(piece) < 2:
        piece = stretch.pixels if len(stretch.pixels) > 1 else np.array([(x, y), stretch.pixels[0]])
    return (piece[-1] - piece[0]).astype(float)


def _mask(way: list[Stretch], skeleton: Skeleton, stain: np.ndarray) -> Instance | None:
    """Return the stain along a way, as wide as its arms are."""
    line = [way[0].pixels]
    for stretch in way[1:]:
        line += [skeleton.centres[stretch.nodes[0]].round().astype(int)[None], stretch.pixels]
    points = np.concatenate(line)
    for node in (way[0].nodes[0], way[-1].nodes[1]):
        if node >= 0:
            x, y = skeleton.centres[node]
            points = points[np.hypot(*(points - (x, y)).T) > 0.8 * skeleton.depth[int(y), int(x)]]
    clear = np.concatenate([skeleton.clear(stretch) for stretch in way])
    if len(points) < 2 or not len(clear):
        return None
    radius = REACH * float(np.median(skeleton.depth[clear[:, 1], clear[:, 0]])) + 0.5
    pad = int(radius) + 2
    left, top = np.maximum(points.min(0) - pad, 0)
    right, bottom = points.max(0) + pad + 1
    ground = np.ones(stain[top:bottom, left:right].shape, np.uint8)
    cv2.polylines(ground, [(points - (left, top)).astype(np.int32).reshape(-1, 1, 2)], False, 0)
    near = cv2.distanceTransform(ground, cv2.DIST_L2, 5) <= radius
    mask = fill_holes(largest_component(near & stain[top:bottom, left:right]))
    if not mask.any():
        return None
    xmin, ymin, xmax, ymax = Instance(mask, 0, 0).bbox
    return Instance(mask[ymin:ymax, xmin:xmax], int(left) + xmin, int(top) + ymin)

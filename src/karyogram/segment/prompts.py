"""Chromosomes by Segment Anything: our own objects say where to ask, a judge picks among the answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from karyogram.records import Instance
from karyogram.segment.classical import WHOLE, Judge
from karyogram.segment.cuts import crop
from karyogram.segment.levels import LEVELS, Levels, objects_of_level
from karyogram.segment.objects import drop_debris
from karyogram.segment.sam import PADDING, Sam, embed, segment_point

#: Side of a tile in chromosome widths, and how far tiles lie apart, as a share of it. A chromosome is then some 10 of the
#: model's mask pixels wide.
TILE, STEP = 24, 0.75
#: Two seeds whose masks are this much alike (IoU) are one; of two masks of which one has this share of the other, one stays.
ALIKE, HELD = 0.8, 0.5
#: Another object's centre is a negative point if it lies within this many widths of the box.
NEAR = 2.5


@dataclass(frozen=True, eq=False)
class Prompt:
    """What is asked: ``points`` float (N, 2) x, y in pixels of the picture, ``labels`` (N,), and a box or None."""

    points: np.ndarray
    labels: np.ndarray
    box: tuple[int, int, int, int] | None = None

    def bounds(self) -> np.ndarray:
        """Return xmin, ymin, xmax, ymax of what is asked for: the box, or else the first point."""
        return np.array(self.box, float) if self.box else np.tile(self.points[0], 2)


def segment_sam(flat: np.ndarray, levels: Levels, sam: Sam, judge: Judge) -> list[Instance]:
    """Return the chromosomes of a flattened picture, uint8 (H, W), each with the judge's opinion as its score.

    Masks are asked for tile by tile (:func:`find_prompts`), cut to what is stained, and rid of debris. Of all masks those
    stay that the judge finds most whole (:func:`pick_masks`); they may overlap. The score of the masks that the judge is
    shown is the model's own estimate of their IoU.
    """
    height, width = flat.shape
    tiles = cut_tiles(height, width, max(1, round(TILE * levels.width)))
    prompts = find_prompts(flat, levels, judge)
    owner = [_deepest(tiles, prompt.bounds(), width, height) for prompt in prompts]
    masks: list[Instance | None] = []
    for number in sorted(set(owner)):
        rows, columns = tiles[number]
        embedding = embed(sam, flat[rows, columns], columns.start, rows.start)
        own = (prompt for prompt, at in zip(prompts, owner, strict=True) if at == number)
        masks += [segment_point(sam, embedding, ask.points, ask.labels, ask.box) for ask in own]
    items = drop_debris(_stained(masks, levels), flat, levels.width)
    return pick_masks(items, judge(items)) if items else []


def find_prompts(flat: np.ndarray, levels: Levels, judge: Judge) -> list[Prompt]:
    """Return what to ask of a flattened picture, uint8 (H, W).

    Each object of Otsu's or a stricter threshold is asked for by its box and the centres of the smallest objects in it;
    centres of others near it are negative points. An object at Otsu's own threshold that the judge does not call whole may
    hold several chromosomes: each of the points spread over it is asked for, for both kinds of answer that the model has.
    """
    by_level = [objects_of_level(flat, levels, number) for number in range(LEVELS.index(0.0), len(LEVELS))]
    if not by_level[0]:
        return []
    seeds: list[Instance] = []
    for item in (item for level in by_level for item in level):
        if not any(_iou(item, seed) > ALIKE for seed in seeds):
            seeds.append(item)
    prompts = _box_prompts(seeds, levels.width)
    for item, whole in zip(by_level[0], judge(by_level[0]), strict=True):
        if whole < WHOLE:
            for point in spread_points(item, levels.width):
                prompts.append(Prompt(point[None], np.array([1])))
                prompts.append(Prompt(np.stack([point, point]), np.array([1, PADDING])))
    return prompts


def _box_prompts(seeds: list[Instance], width: float) -> list[Prompt]:
    inner = [[part for part in seeds if part.area < s.area and part.common(s) > ALIKE * part.area] for s in seeds]
    leaves = [seed for seed, parts in zip(seeds, inner, strict=True) if not parts]
    centres = {id(leaf): spread_points(leaf, width)[0] for leaf in leaves}
    prompts = []
    for seed, parts in zip(seeds, inner, strict=True):
        inside = {id(part) for part in (*parts, seed)}
        own = [centre for key, centre in centres.items() if key in inside]
        low, high = np.reshape(seed.bbox, (2, 2)) + np.array([[-NEAR], [NEAR]]) * width
        others = [c for key, c in centres.items() if key not in inside and (c > low).all() and (c < high).all()]
        prompts.append(Prompt(np.array(own + others), np.array([1] * len(own) + [0] * len(others)), seed.bbox))
    return prompts


def spread_points(item: Instance, width: float) -> np.ndarray:
    """Return points in an object, float (N, 2) x, y: its deepest, then the deepest a ``width`` away from those, and so on.

    What is less than a quarter width deep has none, but N is at least 1.
    """
    depth = cv2.distanceTransform(np.pad(item.mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.indices(depth.shape)
    points: list[tuple[float, float]] = []
    while not points or depth.max() >= width / 4:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        points.append((item.x + column + 0.5, item.y + row + 0.5))
        depth[np.hypot(y - row, x - column) <= width] = 0
    return np.array(points)


def cut_tiles(height: int, width: int, side: int) -> list[tuple[slice, slice]]:
    """Return the rows and columns of overlapping tiles of ``side`` pixels that cover a picture; a small picture is one tile."""
    return [(rows, columns) for rows in _spans(height, side) for columns in _spans(width, side)]


def _spans(length: int, side: int) -> list[slice]:
    if length <= side:
        return [slice(0, length)]
    count = 1 + int(np.ceil((length - side) / (side * STEP)))
    return [slice(int(start), int(start) + side) for start in np.linspace(0, length - side, count)]


def _deepest(tiles: Sequence[tuple[slice, slice]], bounds: np.ndarray, width: int, height: int) -> int:
    """Return which tile holds the bounds with the most room around; the picture's own edge is no limit."""
    left, top, right, bottom = bounds

    def room(tile: tuple[slice, slice]) -> float:
        rows, columns = tile
        sides = [(top - rows.start, rows.start > 0), (rows.stop - bottom, rows.stop < height)]
        sides += [(left - columns.start, columns.start > 0), (columns.stop - right, columns.stop < width)]
        return min((side for side, inner in sides if inner), default=0.0)

    return max(range(len(tiles)), key=lambda number: room(tiles[number]))


def _stained(masks: Iterable[Instance | None], levels: Levels) -> list[Instance]:
    """Cut masks to what is stained at the most lenient threshold, nuclei left out; what is empty then goes."""
    inside = [(item, item.mask & levels.masks[0][item.window()]) for item in masks if item is not None]
    return [replace(crop(mask, item.x, item.y), score=item.score) for item, mask in inside if mask.any()]


def pick_masks(items: Sequence[Instance], whole: np.ndarray) -> list[Instance]:
    """Return the items, scored ``whole`` (N,), that come first and hold little of those before them.

    Their order is by wholeness times the root of the area: a fragment may look as whole as the chromosome it is of.
    """
    rank = np.asarray(whole) * np.sqrt([item.area for item in items])
    kept: list[Instance] = []
    for index in np.argsort(-rank, kind="stable"):
        item = items[index]
        if all(item.common(other) < HELD * min(item.area, other.area) for other in kept):
            kept.append(replace(item, score=float(whole[index])))
    return kept


def _iou(one: Instance, other: Instance) -> float:
    common = one.common(other)
    return common / (one.area + other.area - common)

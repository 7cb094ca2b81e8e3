"""Chromosomes by thresholds, cuts and an opinion: the segmenter that needs no training of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from karyogram.records import Instance
from karyogram.segment.cuts import crop, propose_cuts
from karyogram.segment.levels import LEVELS, Levels, objects_of_level
from karyogram.segment.touching import watershed_split

#: Asked for each candidate: how sure are you (0..1) that this is one whole chromosome?
Judge = Callable[[Sequence[Instance]], np.ndarray]

#: An object judged at least this whole is not taken apart.
WHOLE = 0.6
#: How many times parts may be parted again.
ROUNDS = 4

_OTSU = LEVELS.index(0.0)


def segment_classical(flat: np.ndarray, judge: Judge, levels: Levels) -> list[Instance]:
    """Return the chromosomes of a flattened picture, uint8 (H, W), each with the judge's opinion as its score.

    Objects at Otsu's threshold that look whole are kept. Any other is replaced by the partition that looks most
    whole: the stricter
    thresholds' objects inside it, watershed, or a cut from notch to notch, again and again while that helps; or by the more
    lenient threshold's object around it, if a pale band broke a chromosome in two. ``judge`` decides what looks whole.
    """
    by_level = [objects_of_level(flat, levels, number) for number in range(len(LEVELS))]
    objects = _judged(by_level[_OTSU], judge)
    objects = _join(objects, _judged(_around(by_level[0], objects), judge))
    for _ in range(ROUNDS):
        doubtful = [i for i, item in enumerate(objects) if item.score < WHOLE]
        partitions = {i: _partitions(objects[i], by_level[_OTSU + 1 :], levels.width) for i in doubtful}
        better = _best_partitions(objects, partitions, judge)
        if not better:
            break
        objects = [part for i, item in enumerate(objects) for part in better.get(i, [item])]
    return objects


def _judged(items: Sequence[Instance], judge: Judge) -> list[Instance]:
    return [replace(item, score=float(s)) for item, s in zip(items, judge(items), strict=True)] if items else []


def _around(lenient: list[Instance], objects: list[Instance]) -> list[Instance]:
    """Return the lenient objects that hold two or more objects, one of them doubtful."""
    return [
        outer
        for outer in lenient
        if len(held := [item for item in objects if _inside(item, outer)]) >= 2 and min(i.score for i in held) < WHOLE
    ]


def _join(objects: list[Instance], outer: list[Instance]) -> list[Instance]:
    """Replace objects by the lenient object around them where that looks whole and their own mean does not."""
    for whole in outer:
        held = [item for item in objects if _inside(item, whole)]
        if held and whole.score >= WHOLE and whole.score > _worth(held):
            objects = [item for item in objects if all(item is not h for h in held)] + [whole]
    return objects


def _worth(parts: Sequence[Instance]) -> float:
    """Return the area-weighted mean of the parts' scores."""
    areas = np.array([part.area for part in parts], float)
    return float(np.average([part.score for part in parts], weights=areas))


def _inside(item: Instance, outer: Instance) -> bool:
    """Tell whether most of the item's pixels are the outer object's."""
    return 2 * item.common(outer) > item.area


def _partitions(item: Instance, stricter: list[list[Instance]], width: float) -> list[list[Instance]]:
    """Return the ways to take one object apart, each a list of at least two parts."""
    found = [[part for part in level if _inside(part, item) and part.area < 0.95 * item.area] for level in stricter]
    found.append([crop(mask, item.x, item.y) for mask in watershed_split(item.mask, width)])
    found += [list(pair) for pair in propose_cuts(item, width)]
    return [parts for parts in found if len(parts) >= 2]


def _best_partitions(
    objects: list[Instance], partitions: dict[int, list[list[Instance]]], judge: Judge
) -> dict[int, list[Instance]]:
    """Judge all parts of all partitions at once; return the best partition of each object where it beats the object."""
    flat = [part for ways in partitions.values() for parts in ways for part in parts]
    judged = iter(_judged(flat, judge))
    better = {}
    for index, ways in partitions.items():
        scored = [[next(judged) for _ in parts] for parts in ways]
        covering = [parts for parts in scored if sum(p.area for p in parts) > 0.7 * objects[index].area]
        if covering:
            best = max(covering, key=_worth)
            if _worth(best) > objects[index].score + 0.05:
                better[index] = best
    return better

"""Which cut-outs of a library make one composite: neighbours, which come from one cell or one case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from karyogram.datasets.cutouts import Cutout
from karyogram.errors import DataError
from karyogram.labels import INDEX, LABELS

#: Stain is compared over so many cut-outs on either side of one.
NEIGHBOURS = 8


def choose_stretch(cutouts: Sequence[Cutout], number: int, rng: np.random.Generator) -> list[Cutout]:
    """Return ``number`` cut-outs from one stretch of a library that lists them cell by cell, in random order.

    A shorter library is gone through again and again.
    """
    start = int(rng.integers(len(cutouts)))
    chosen = [(start + step) % len(cutouts) for step in range(number)]
    return _same_stain(cutouts, [chosen[i] for i in rng.permutation(number)])


def choose_cell(cutouts: Sequence[Cutout], counts: Mapping[str, int], rng: np.random.Generator) -> list[Cutout]:
    """Return the chromosomes of one cell, ``counts`` {label: copies}, the largest first.

    From a random place on, the library is searched for each copy, so that they come from as few neighbouring cells as
    possible. Where it holds too few of a class, these serve more than once. Raises DataError where it holds none.
    """
    wanted = {INDEX[label]: copies for label, copies in counts.items() if copies}
    found: dict[int, list[int]] = {label: [] for label in wanted}
    start, missing = int(rng.integers(len(cutouts))), sum(wanted.values())
    for position in (*range(start, len(cutouts)), *range(start)):
        label = cutouts[position].label
        if len(found.get(label, ())) < wanted.get(label, 0):
            found[label].append(position)
            missing -= 1
            if not missing:
                break
    lacking = [LABELS[label] for label, positions in found.items() if not positions]
    if lacking:
        raise DataError(f"the library has no chromosome {', '.join(lacking)} to make a whole cell of")
    chosen = [positions[copy % len(positions)] for label, positions in found.items() for copy in range(wanted[label])]
    return _same_stain(cutouts, sorted(chosen, key=lambda p: -int(np.count_nonzero(cutouts[p].density))))


def _same_stain(cutouts: Sequence[Cutout], chosen: Sequence[int]) -> list[Cutout]:
    """Return the chosen cut-outs, densities scaled so that their cells, judged by their neighbours, are stained alike."""
    windows = [range(max(0, position - NEIGHBOURS), min(len(cutouts), position + NEIGHBOURS + 1)) for position in chosen]
    stain = {}
    for position in {position for window in windows for position in window}:
        density = cutouts[position].density
        stain[position] = float(density.sum()) / max(int(np.count_nonzero(density)), 1)
    levels = np.array([np.median([stain[position] for position in window]) for window in windows])
    factors = (np.median(levels) / np.maximum(levels, 1e-3)).astype(np.float32)
    return [replace(cutouts[p], density=cutouts[p].density * f) for p, f in zip(chosen, factors, strict=True)]

"""The bands of human chromosomes, and how dark a G-banded chromosome is along its axis.

The tables ``data/bands-400.tsv``, ``-550`` and ``-850`` (bands of a haploid set) come from the npm package ideogram
1.53.0 (CC0): positions in the drawings of ISCN, in arbitrary units, and in base pairs of GRCh38, counted from 1, both
ends included.
"""

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

import numpy as np

from karyogram.labels import INDEX

Unit = Literal["iscn", "bp"]
LEVELS = (400, 550, 850)

#: How dark a stain is, 0 (pale) to 1; ``gpos`` has its density instead. ``gvar`` varies between people.
DARKNESS = {"gneg": 0.0, "stalk": 0.1, "acen": 0.5, "gvar": 0.6}


@dataclass(frozen=True)
class Band:
    """One band: its ``arm`` ("p" or "q"), its ``name`` ("21.3"), where it lies and how it stains.

    Positions run from the end of the short arm. ``stain`` is gneg, gpos, acen (centromere), gvar or stalk; ``density``,
    in percent, is 0 for all but gpos.
    """

    label: str
    arm: str
    name: str
    iscn_start: int
    iscn_stop: int
    bp_start: int
    bp_stop: int
    stain: str
    density: int

    @property
    def darkness(self) -> float:
        """How dark the band stains, 0 to 1."""
        return DARKNESS.get(self.stain, self.density / 100)

    def span(self, unit: Unit) -> tuple[float, float]:
        """Return start and stop; the stop of a band is the start of the next, in base pairs too."""
        return (self.iscn_start, self.iscn_stop) if unit == "iscn" else (self.bp_start - 1, self.bp_stop)


@cache
def bands(label: str, level: int = 550) -> tuple[Band, ...]:
    """Return the bands of one class, from the end of the short arm to that of the long arm, without gaps.

    ``level`` is the resolution: 400, 550 or 850. Where the source leaves a gap between two bands in ISCN units (eight
    times at level 550), they meet in its middle. Raises ValueError for an unknown class or level.
    """
    if label not in INDEX or level not in LEVELS:
        raise ValueError(f"no bands of chromosome {label!r} at level {level}")
    found = [band for band in _read(level) if band.label == label]
    middles = [(a.iscn_stop + b.iscn_start) // 2 for a, b in pairwise(found)]
    edges = [found[0].iscn_start, *middles, found[-1].iscn_stop]
    spans = zip(found, pairwise(edges), strict=True)
    return tuple(replace(band, iscn_start=start, iscn_stop=stop) for band, (start, stop) in spans)


@cache
def _read(level: int) -> tuple[Band, ...]:
    text = (files("karyogram") / "data" / f"bands-{level}.tsv").read_text("utf-8")
    rows = list(csv.reader(text.splitlines(), delimiter="\t"))[1:]
    return tuple(
        Band(label, arm, name, int(iscn_start), int(iscn_stop), int(bp_start), int(bp_stop), stain, int(density or 0))
        for label, arm, name, iscn_start, iscn_stop, bp_start, bp_stop, stain, density in rows
    )


def centromere(label: str) -> float:
    """Return where the centromere lies along the ISCN axis of a class, 0 (short arm's end) to 1 (long arm's end)."""
    table = bands(label)
    return next(band.iscn_start for band in table if band.arm == "q") / table[-1].iscn_stop


def length(label: str, unit: Unit = "iscn") -> float:
    """Return how long a class is, chromosome 1 being 1, as drawn by ISCN (``"iscn"``) or in base pairs (``"bp"``)."""
    return bands(label)[-1].span(unit)[1] / bands("1")[-1].span(unit)[1]


def profile(label: str, points: int, level: int = 550, unit: Unit = "iscn") -> np.ndarray:
    """Return how dark a class is expected to be along its axis, from the short arm's end to the long arm's.

    The axis is cut into ``points`` equally long pieces, measured in ``unit``; each value, 0 (pale) to 1 (dark), is the
    mean of its piece. float64 (points,). Raises ValueError for an unknown class or level.
    """
    table = bands(label, level)
    edges = np.array([table[0].span(unit)[0], *(band.span(unit)[1] for band in table)])
    stain = np.concatenate([[0.0], np.cumsum([band.darkness for band in table] * np.diff(edges))])
    at = np.linspace(edges[0], edges[-1], points + 1)
    return np.clip(np.diff(np.interp(at, edges, stain)) * points / edges[-1], 0.0, 1.0)

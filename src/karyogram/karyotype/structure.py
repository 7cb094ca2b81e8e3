"""Each chromosome beside its homologue and beside its class: a length, a centromere or bands that stand out.

A flag asks a person to look; the program claims no rearrangement. What is usual is in ``data/structure.json``, measured on
normal cells by benchmarks/structure.py.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from karyogram.labels import LABELS
from karyogram.shape.measure import Measures
from karyogram.shape.warp import align

#: Standard deviation, in points of a profile, over which a difference of bands is summed up.
WINDOW = 2.0
#: Points at each end of a profile where stain fades: they are not compared.
ENDS = 4
KINDS = ("length", "centromere", "bands")
#: What stands between kind and place in the words of a flag.
BESIDE = " from its homologue at "


@dataclass(frozen=True)
class Difference:
    """How a chromosome stands out: ``kind`` of ``KINDS``, ``score`` in units of what is usual, ``place`` 0..1 on the axis."""

    kind: str
    score: float
    place: float


@dataclass(frozen=True, eq=False)
class Usual:
    """What chromosomes of a class are like in normal cells; all but ``profile`` and ``place`` are standard deviations.

    ``size`` is the logarithm of the length against the cell's others, ``place`` that of the centromere, ``profile`` (P,) the
    mean stain along the axis, ``bands`` how far an aligned profile lies from it.
    """

    size: float
    size_spread: float
    size_pair: float
    place: float
    place_spread: float
    place_pair: float
    profile: np.ndarray
    bands: float
    bands_pair: float


@cache
def usual() -> tuple[Mapping[str, Usual], Mapping[str, float]]:
    """Return what is usual for each class, and the score above which each kind of difference is flagged."""
    data: dict[str, Any] = json.loads((files("karyogram") / "data" / "structure.json").read_text("utf-8"))
    table = {label: Usual(**row | {"profile": np.array(row["profile"])}) for label, row in data["classes"].items()}
    return table, data["flagged"]


def flag_differences(
    labels: Sequence[str | None], measured: Sequence[Measures], clear: Sequence[bool], among: Collection[str] = LABELS
) -> list[tuple[str, ...]]:
    """Return, for the N chromosomes of a cell, the reasons to look at each: "bands differ from its homologue at 0.62".

    ``labels`` are their classes, ``clear`` whether class and outline are sure and nothing lies across. Places run from 0, the
    end of the short arm, to 1. Compared are those classes ``among`` the 24 that have two clear chromosomes; of others the
    lengths are enough.
    """
    table, flagged = usual()
    reasons: list[tuple[str, ...]] = [()] * len(labels)
    for number, found in compare(labels, measured, clear, table, among).items():
        reasons[number] = tuple(
            f"{d.kind} differ{'' if d.kind == 'bands' else 's'}{BESIDE}{d.place:.2f}"
            for d in found
            if d.score > flagged[d.kind]
        )
    return reasons


def is_difference(reason: str) -> bool:
    """Tell whether a review reason is one of :func:`flag_differences`, which holds as long as the pair stays what it is."""
    return BESIDE in reason


def compare(
    labels: Sequence[str | None],
    measured: Sequence[Measures],
    clear: Sequence[bool],
    table: Mapping[str, Usual],
    among: Collection[str] = LABELS,
) -> dict[int, list[Difference]]:
    """Return the differences of each chromosome of a pair, by number; of two that differ, the one less like its class.

    Arguments as for :func:`flag_differences`. A score is the geometric mean of two: against the homologue and, at the same
    place, against the class, each in standard deviations of normal cells.
    """
    pairs = [pair for pair in _pairs(labels, clear) if labels[pair[0]] in among]
    if not pairs:
        return {}
    ones, twos = (np.array([measured[pair[side]].profile for pair in pairs]) for side in (0, 1))
    classes = [table[str(labels[one])] for one, _ in pairs]
    means = np.array([each.profile for each in classes])
    partner = align(ones, twos)
    apart = np.abs(gaussian_filter1d(ones - np.take_along_axis(twos, partner, 1), WINDOW, axis=1))
    away = [np.abs(gaussian_filter1d(p - np.take_along_axis(means, align(p, means), 1), WINDOW, axis=1)) for p in (ones, twos)]
    size = _sizes(labels, measured, clear, table)
    found: dict[int, list[Difference]] = {number: [] for pair in pairs for number in pair}
    for row, (pair, each) in enumerate(zip(pairs, classes, strict=True)):
        warp = np.abs(partner[row] - np.arange(partner.shape[1]))
        lengths = [(size[number] - each.size) / each.size_spread for number in pair]
        difference = abs(size[pair[0]] - size[pair[1]]) / each.size_pair
        odd = int(np.argmax(np.abs(lengths)))
        found[pair[odd]].append(
            Difference("length", _mean(difference, abs(lengths[odd])), _share(int(warp.argmax()), len(warp)))
        )

        places = [measured[number].centromere for number in pair]
        if None not in places:
            deviations = [(float(place or 0) - each.place) / each.place_spread for place in places]
            odd = int(np.argmax(np.abs(deviations)))
            difference = abs(float(places[0] or 0) - float(places[1] or 0)) / each.place_pair
            score = _mean(difference, abs(deviations[odd]))
            found[pair[odd]].append(Difference("centromere", score, float(places[odd] or 0)))

        at = partner[row]
        scores = [
            np.sqrt(apart[row] / each.bands_pair * away[0][row] / each.bands),
            np.sqrt(apart[row] / each.bands_pair * away[1][row][at] / each.bands),
        ]
        inner = [score[ENDS:-ENDS] for score in scores]
        odd = int(np.argmax([part.max() for part in inner]))
        point = ENDS + int(inner[odd].argmax())
        place = _share(int(point if odd == 0 else at[point]), len(at))
        found[pair[odd]].append(Difference("bands", float(inner[odd].max()), place))
    return found


def _pairs(labels: Sequence[str | None], clear: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the numbers of the two chromosomes of each class that has two, both clear."""
    members: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        if label is not None:
            members.setdefault(label, []).append(number)
    return [(m[0], m[1]) for m in members.values() if len(m) == 2 and all(clear[number] for number in m)]


def _sizes(
    labels: Sequence[str | None], measured: Sequence[Measures], clear: Sequence[bool], table: Mapping[str, Usual]
) -> dict[int, float]:
    """Return the logarithm of each chromosome's length, shifted so that the cell's clear ones agree with their classes."""
    logs = {number: float(np.log(max(m.length, 1.0))) for number, m in enumerate(measured) if labels[number] is not None}
    shift = [logs[number] - table[str(labels[number])].size for number in logs if clear[number]]
    middle = float(np.median(shift)) if shift else 0.0
    return {number: value - middle for number, value in logs.items()}


def _mean(one: float, other: float) -> float:
    return float(np.sqrt(one * other))


def _share(point: int, points: int) -> float:
    return (point + 0.5) / points

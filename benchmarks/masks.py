"""Segmenters scored on pictures whose every pixel is known; composites.py and mfish.py say which pictures."""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.image.background import flatten
from karyogram.metrics.masks import MaskCounts, count_masks
from karyogram.pipeline import find_chromosomes, make_reader
from karyogram.records import Instance


@dataclass(frozen=True, eq=False)
class Known:
    """A picture, uint8 (H, W) dark on white, its N chromosomes, the pixels that two share, bool (H, W), and which are sure."""

    picture: np.ndarray
    instances: Sequence[Instance]
    overlap: np.ndarray
    sure: Sequence[bool] | None = None


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what both take: which segmenters, and where the figures go."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segmenters", nargs="+", default=["classical", "learned"])
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def score(options: argparse.Namespace, pictures: Callable[[], Iterable[Known]]) -> None:
    """Let each segmenter find the chromosomes of the same pictures; print scores and median seconds, and write them."""
    table, number = {}, 0
    for segmenter in options.segmenters:
        reader = make_reader(segmenter=segmenter)
        counts, seconds = MaskCounts(), []
        for known in pictures():
            begun = time.perf_counter()
            found = find_chromosomes(flatten(known.picture), reader)
            seconds.append(time.perf_counter() - begun)
            counts += count_masks(known.instances, found.instances, known.overlap, known.sure)
        number = len(seconds)
        table[segmenter] = counts.scores() | {"chromosomes": counts.truths, "seconds": float(np.median(seconds))}
        print(segmenter, {key: round(value, 4) for key, value in table[segmenter].items()})
    if options.json:
        options.json.write_text(json.dumps({"pictures": number, "cores": os.cpu_count(), **table}, indent=1) + "\n")

"""Masks of composite metaphases, every pixel known: `python benchmarks/composites.py LIBRARY.npz`.

The library holds cut-outs of held-out pictures; how to make it is told in benchmarks/reconstruction.md. Each composite is a
whole cell, 46,XX or 46,XY in turn, whose chromosomes come from one stretch of the library. Prints and writes, for each
segmenter, recall, precision and F1 at mask IoU 0.5, F1 at 0.75, the mean IoU of what matched (all pixels of a chromosome,
hidden ones included), the IoU of the pixels that two share, and seconds a picture.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from karyogram.datasets.compose import Scene, compose
from karyogram.datasets.cutouts import load_cutouts
from karyogram.image.background import flatten
from karyogram.metrics.masks import MaskCounts, count_masks, depth_map
from karyogram.pipeline import find_chromosomes, make_reader


def main() -> None:
    """Score each segmenter on the same composites."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--segmenters", nargs="+", default=["classical", "learned"])
    parser.add_argument("--number", type=int, default=40, help="composites")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    cutouts = load_cutouts(options.library)
    scenes = [Scene(size=(700, 700), karyotype=sex, touching=0.3, crossing=0.3) for sex in ("46,XX", "46,XY")]
    table = {}
    for segmenter in options.segmenters:
        reader = make_reader(segmenter=segmenter)
        counts, seconds = MaskCounts(), []
        for seed in range(options.number):
            made = compose(cutouts, seed, scenes[seed % 2])
            begun = time.perf_counter()
            found = find_chromosomes(flatten(made.picture), reader)
            seconds.append(time.perf_counter() - begun)
            counts += count_masks(made.instances, found.instances, depth_map(made.instances, made.picture.shape) >= 2)
        table[segmenter] = counts.scores() | {"chromosomes": counts.truths, "seconds": float(np.median(seconds))}
        print(segmenter, {key: round(value, 4) for key, value in table[segmenter].items()})
    if options.json:
        options.json.write_text(json.dumps({"pictures": options.number, "cores": os.cpu_count(), **table}, indent=1) + "\n")


if __name__ == "__main__":
    main()

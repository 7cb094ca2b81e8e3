"""Masks of DAPI metaphases, bright on black: `python benchmarks/mfish.py FOLDER` (pictures NAME_dapi.png, NAME_labels.png).

Chromosomes are the class components of the labels, joined through the pixels that two share; homologues that touch, one
object there, are left out. Prints and writes, for each segmenter, recall, precision and F1 at mask IoU 0.5, F1 at 0.75, the
mean IoU of what matched, the IoU of the shared pixels, and seconds a picture. No picture of this set was used in training.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from karyogram.datasets.mfish import metaphase_names, read_metaphase
from karyogram.image.background import flatten
from karyogram.metrics.masks import MaskCounts, count_masks
from karyogram.pipeline import find_chromosomes, make_reader, open_metaphase


def main() -> None:
    """Score each segmenter on every ``--every``-th picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--segmenters", nargs="+", default=["classical", "learned"])
    parser.add_argument("--every", type=int, default=1, help="take every so many-th picture")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    names = metaphase_names(options.folder)[:: options.every]
    table = {}
    for segmenter in options.segmenters:
        reader = make_reader(segmenter=segmenter)
        counts, seconds = MaskCounts(), []
        for name in names:
            truth = read_metaphase(options.folder, name)
            picture = open_metaphase(options.folder / f"{name}_dapi.png")
            begun = time.perf_counter()
            found = find_chromosomes(flatten(picture.pixels), reader)
            seconds.append(time.perf_counter() - begun)
            counts += count_masks(truth.instances, found.instances, truth.overlap, truth.sure)
        table[segmenter] = counts.scores() | {"seconds": float(np.median(seconds))}
        print(segmenter, {key: round(value, 4) for key, value in table[segmenter].items()})
    if options.json:
        options.json.write_text(json.dumps({"pictures": len(names), "cores": os.cpu_count(), **table}, indent=1) + "\n")


if __name__ == "__main__":
    main()

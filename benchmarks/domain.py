"""What karyogram says of pictures that are not what its models learned from, and how `quality` tells good cells from bad.

    python benchmarks/domain.py --json benchmarks/results/domain.json
    python benchmarks/domain.py --sets none mfish

Sets: val and test (benchmarks/splits/tseng2023.csv), mfish (every 4th picture), none (the pictures that scikit-image ships,
and drawn noise, clouds, blobs and slides without a cell). Needs KARYOGRAM_DATA (default ../shared/data) for all but none.
``--results FOLDER`` holds NAME/karyotype.json of pictures analysed already, by the models that ship.
"""

import argparse
import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from karyogram.datasets.boxed import as_pair
from karyogram.datasets.mfish import metaphase_names
from karyogram.datasets.results import read_karyotype
from karyogram.datasets.synth.photograph import draw_dirt, draw_nuclei, photograph
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import read_voc
from karyogram.files import Picture
from karyogram.metrics.metaphases import score_pairs
from karyogram.pipeline import dark_on_white, make_reader, open_metaphase
from karyogram.pipeline import read_karyotype as analyse
from karyogram.records import Karyotype

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
TSENG = DATA / "tseng2023"
#: How the warnings begin that are counted.
TOLD = ("no metaphase", "no chromosomes found", "poor metaphase", "foreign bands", "foreign scale", "foreign sizes")
#: Bounds of quality between which cells are counted together.
STEPS = (0.0, 0.8, 0.85, 0.9, 0.95, 1.01)

Source = tuple[str, Callable[[], Picture]]


def tseng(part: str) -> Iterator[Source]:
    """Yield the pictures of one part of the split."""
    for row in csv.DictReader((HERE / "splits" / "tseng2023.csv").read_text("utf-8").splitlines()):
        if row["part"] == part:
            path = TSENG / "images" / f"{row['name']}.jpg"
            yield row["name"], lambda path=path: open_metaphase(path)


def mfish() -> Iterator[Source]:
    """Yield every fourth DAPI metaphase."""
    for name in metaphase_names(DATA / "mfish")[::4]:
        yield name, lambda name=name: open_metaphase(DATA / "mfish" / f"{name}_dapi.png")


def none() -> Iterator[Source]:
    """Yield pictures without any chromosome."""
    for path in sorted(Path(skimage.data.__file__).parent.iterdir()):
        if path.suffix in (".png", ".jpg", ".tif") and path.name != "multipage_rgb.tif":  # of a kind that no reader here knows
            yield path.stem, lambda path=path: open_metaphase(path)
    for seed in range(4):
        rng = np.random.default_rng(seed + 20)
        grey = np.clip(rng.normal(128, 10 * (seed + 1), (500, 500)), 0, 255).astype(np.uint8)
        yield f"noise-{seed}", lambda grey=grey: dark_on_white(Picture(grey))
        slide = photograph(draw_nuclei((690, 700), rng) + draw_dirt((690, 700), rng), rng)
        yield f"slide-{seed}", lambda slide=slide: Picture(slide)
        for blur in (2, 4, 7):
            cloud = cv2.GaussianBlur(rng.normal(0, 1, (500, 500)), (0, 0), blur)
            grey = ((cloud - cloud.min()) / np.ptp(cloud) * 255).astype(np.uint8)
            yield f"cloud-{seed}-{blur}", lambda grey=grey: dark_on_white(Picture(grey))
        blobs = np.where(cloud > 1.3 * cloud.std(), 90.0, 235.0)
        yield f"blobs-{seed}", lambda blobs=blobs: Picture(cv2.GaussianBlur(blobs, (0, 0), 1).astype(np.uint8))


SETS = {"val": lambda: tseng("val"), "test": lambda: tseng("test"), "mfish": mfish, "none": none}


def read(sources: Iterator[Source], results: Path | None) -> dict[str, Karyotype]:
    """Return the karyotype of each picture, read from ``results`` where it is there."""
    reader, found = make_reader(), {}
    for name, opened in sources:
        file = results / name / "karyotype.json" if results else None
        stored = file is not None and file.is_file()
        found[name] = read_karyotype(file) if stored else analyse(opened(), name, reader)
    return found


def told(karyotypes: dict[str, Karyotype]) -> dict[str, object]:
    """Count the pictures in which something is said, and those with a karyotype."""
    said = {name: {text for text in TOLD if any(w.startswith(text) for w in k.warnings)} for name, k in karyotypes.items()}
    return {
        "pictures": len(karyotypes),
        "told": sum(map(bool, said.values())),
        "empty": sum(not k.chromosomes for k in karyotypes.values()),
        "iscn": sum(bool(k.iscn) for k in karyotypes.values()),
        "findings": sum(bool(k.findings) for k in karyotypes.values()),
        **Counter(text for texts in said.values() for text in texts),
        "names": sorted(name for name, texts in said.items() if texts)[:20],
    }


def by_quality(karyotypes: dict[str, Karyotype]) -> list[dict[str, float]]:
    """Return, for each step of quality, the share of chromosomes found and named right, and of cells wholly right."""
    pairs = {name: as_pair(read_voc(TSENG / "annotations" / f"{name}.xml"), k, MARGIN) for name, k in karyotypes.items()}
    table = []
    for low, high in pairwise(STEPS):
        own = [pairs[name] for name, k in karyotypes.items() if low <= k.quality < high]
        scores = score_pairs(own) if own else None
        right = (scores.found_and_right.share, scores.pictures_wholly_right.share) if scores else (np.nan, np.nan)
        table.append({"from": low, "cells": len(own), "right": round(right[0], 4), "wholly_right": round(right[1], 4)})
    return table


def main() -> None:
    """Count, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--results", type=Path, help="folder of results of pictures analysed already")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    table: dict[str, object] = {}
    for name in options.sets:
        karyotypes = read(SETS[name](), options.results)
        table[name] = told(karyotypes)
        if name in ("val", "test"):
            table[f"{name} by quality"] = by_quality(karyotypes)
        print(name, json.dumps(table[name]), json.dumps(table.get(f"{name} by quality", "")))
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Chromosomes a second: our shipped classifier, all included, against the founding study's ResNet18 in torch.

    python benchmarks/latency.py                # writes benchmarks/results/latency.json

Ours takes the chromosomes of one cell from the flattened picture to opinions: outline, turning, canvas, a look, a second one
where there is doubt, both averaged, softmax. In the drawn cell nothing is in doubt; so as many are prepared and looked at once
more as are in doubt on validation pictures, 23 of 100. Theirs is given its pictures ready, 3 x 224 x 224 float, and runs the
network forward once, in evaluation mode without gradients; speed does not depend on weights, so they are random. Both have a
batch of 46 and the same threads, in turns, in one run.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from karyogram.classify.predict import predict
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.files import write_text
from karyogram.image.background import flatten
from karyogram.records import Instance
from karyogram.segment.levels import LEVELS, objects_of_level, threshold_levels
from karyogram.shape.size import cell_scale
from karyogram.training.nets import NETS
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
BATCH, DOUBTFUL = 46, 11


def drawn_cell() -> tuple[np.ndarray, list[Instance], float]:
    """Return (flattened picture, 46 chromosomes, scale) of a drawn metaphase."""
    flat = flatten(synth_metaphase(0)[0])
    levels = threshold_levels(flat)
    assert levels is not None
    objects = objects_of_level(flat, levels, LEVELS.index(0.0))
    return flat, [objects[k % len(objects)] for k in range(BATCH)], cell_scale(levels.area)


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Measure in turns, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gband")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--turns", type=int, default=11)
    parser.add_argument("--json", type=Path, default=HERE / "results" / "latency.json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    flat, items, scale = drawn_cell()
    model, theirs = load_model(args.model, threads=args.threads), NETS["resnet18"]().eval()
    pictures = torch.randn(BATCH, 3, 224, 224)

    def ours() -> None:
        predict(model, flat, items, scale)
        predict(model, flat, items[:DOUBTFUL], scale, views=1)

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return theirs(pictures)

    works = {args.model: ours, "resnet18 at 224 x 224 in torch": forward}
    turns = [{name: seconds(work) for name, work in works.items()} for _ in range(args.turns + 1)][1:]
    rates = {name: round(BATCH / float(np.median([turn[name] for turn in turns])), 1) for name in works}
    ratios = [turn["resnet18 at 224 x 224 in torch"] / turn[args.model] for turn in turns]
    found = {
        "batch": BATCH,
        "threads": args.threads,
        "turns": args.turns,
        "chromosomes_per_second": rates,
        "ratio": round(float(np.median(ratios)), 1),
        "ratio_range": [round(min(ratios), 1), round(max(ratios), 1)],
    }
    print(json.dumps(found, indent=1))
    write_text(args.json, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Drawn metaphases as samples: few, but with the short arm's true place and without any picture's terms."""

from collections.abc import Iterable

import cv2
import numpy as np

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.image.background import flatten
from karyogram.labels import INDEX
from karyogram.records import Chromosome, Instance
from karyogram.shape.pose import outline, upright_angle
from karyogram.shape.size import cell_scale
from karyogram.training.data import Samples, make_table


def synthetic_samples(how: Preparation, seeds: Iterable[int]) -> Samples:
    """Draw one metaphase a seed, 46,XX and 46,XY in turn, and prepare its chromosomes, all for training."""
    canvases, rows = [], []
    for seed in seeds:
        picture, truth = synth_metaphase(seed, "46,XY" if seed % 2 else "46,XX")
        flat = flatten(picture)
        items = [_instance(chromosome) for chromosome in truth.chromosomes]
        scale = cell_scale(sum(item.area for item in items), len(items))
        for item, chromosome in zip(items, truth.chromosomes, strict=True):
            angle, _ = upright_angle(outline(item))
            turn = (angle - chromosome.angle - 180 * chromosome.flipped) % 360
            canvases.append(prepare(flat, item, how, scale))
            rows.append((INDEX[str(chromosome.label)], float(not 90 < turn < 270), "train", f"synth_{seed}", "synth", -1))
    return Samples(np.stack(canvases), make_table(rows), how)


def _instance(chromosome: Chromosome) -> Instance:
    """Fill a chromosome's outline."""
    points = np.round(np.array(chromosome.polygon)).astype(np.int32)
    x, y = points.min(0)
    width, height = points.max(0) - (x, y) + 1
    mask = cv2.fillPoly(np.zeros((height, width), np.uint8), [points - (x, y)], 1)
    return Instance(mask > 0, int(x), int(y))

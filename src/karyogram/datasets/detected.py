"""Boxed metaphases to labelled chromosomes, cut out by a segmenter: those that touch or cross, too."""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.isolated import Sample, extract_samples
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation
from karyogram.image.background import flatten
from karyogram.labels import INDEX
from karyogram.metrics.detection import iou_matrix
from karyogram.segment.detect import Detections, detect
from karyogram.segment.levels import threshold_levels
from karyogram.segment.outlines import EDGE, redraw
from karyogram.segment.reconstruct import separate
from karyogram.shape.size import cell_scale
from karyogram.weights.record import Model

#: A cut-out is the chromosome of a box that it fills this well (IoU), and of no box if it fills none better than this.
FILLS, STRAY = 0.6, 0.5
#: What the detector's own opinion of the class counts where two boxes are much alike.
OPINION = 0.3
#: How many counterexamples a picture gives at most.
STRAYS = 16


def extract_detected(
    picture: np.ndarray, truth: Annotation, how: Preparation, rng: np.random.Generator, segmenter: Model, outliner: Model
) -> Iterator[Sample]:
    """Yield the boxed chromosomes of one picture, uint8 (H, W) dark on white, as the segmenter cuts them out.

    Those that meet others come twice: as they were drawn, and as the outliner drew them anew. Then counterexamples: what the
    segmenter thought possible and no box knows, and the thresholds' clusters and fragments.
    """
    flat = flatten(picture)
    levels = threshold_levels(flat)
    if levels is None or not truth.boxes:
        return
    scale = cell_scale(levels.area)
    found, _ = detect(flat, segmenter, levels, scale)
    if found.instances:
        boxes, best = match_boxes(found, truth)
        known = sorted((box, index) for box, index in boxes.items() if truth.boxes[box].label is not None)
        drawn = [found.instances[index] for _, index in known]
        anew = redraw(flat, drawn, levels.stain[EDGE], scale, outliner)
        for (box, _), first, second, item in zip(known, drawn, anew, separate(flat, anew), strict=True):
            for cut in (item,) if second is first else (first, item):
                yield Sample(prepare(flat, cut, how, scale), INDEX[str(truth.boxes[box].label)], box)
        strays = np.flatnonzero((best < STRAY) & (found.classes.max(1) > 0.1))
        for index in rng.permutation(strays)[:STRAYS].tolist():
            yield Sample(prepare(flat, found.instances[index], how, scale), -1, -1)
    yield from (sample for sample in extract_samples(picture, truth, how, rng) if sample.label < 0)


def match_boxes(found: Detections, truth: Annotation) -> tuple[dict[int, int], np.ndarray]:
    """Return {box: instance}, one to one, for the boxes that are filled, and each instance's best IoU with any box.

    Of candidates that fill a box alike, the one of which the detector is surer is taken.
    """
    boxes = np.array([box.bbox for box in truth.boxes])
    grown = np.array([item.bbox for item in found.instances]) + np.array([-MARGIN[0], -MARGIN[1], MARGIN[2], MARGIN[3]])
    iou = iou_matrix(boxes, grown)
    labels = [INDEX[box.label] if box.label else 0 for box in truth.boxes]
    opinion = np.minimum(found.classes.sum(1), 1) + found.classes[:, labels].T
    rows, columns = linear_sum_assignment(-(iou + OPINION * (iou > FILLS) * opinion))
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if iou[r, c] > FILLS}, iou.max(0)

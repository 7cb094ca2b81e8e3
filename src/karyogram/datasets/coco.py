"""Karyotypes and composites as COCO and VOC annotations, for tools that read those."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.files import write_text
from karyogram.labels import LABELS
from karyogram.records import Chromosome, Instance, Karyotype

#: Category ids start at 1, in the order of ``LABELS``; the last is for objects without a class.
CATEGORIES = {label: number for number, label in enumerate((*LABELS, "unknown"), start=1)}


def to_coco(karyotype: Karyotype) -> dict[str, Any]:
    """Return one picture's chromosomes as COCO instances (https://cocodataset.org/#format-data).

    Categories 1 to 24 are the classes in the order 1..22, X, Y; 25, ``unknown``, holds objects without a class. Each
    annotation keeps the chromosome's id, its whole outline as one polygon around its pixels (pixel 0 lies between 0 and 1), its
    area in pixels, and ``score``, the probability that it is one whole chromosome of that class.
    """
    picture = {"id": 1, "file_name": Path(karyotype.image).name, "width": karyotype.width, "height": karyotype.height}
    return coco_file([picture], [_annotation(chromosome) for chromosome in karyotype.chromosomes])


def coco_file(images: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a COCO file of these images and annotations holds."""
    categories = [{"id": number, "name": name, "supercategory": "chromosome"} for name, number in CATEGORIES.items()]
    return {"images": images, "categories": categories, "annotations": annotations}


def encode_mask(item: Instance, size: tuple[int, int]) -> dict[str, Any]:
    """Return an instance's mask as uncompressed COCO RLE in a picture of ``size`` (H, W).

    ``counts`` are the lengths of runs down the columns, outside and inside in turn, outside first.
    """
    height, width = size
    h, w = item.mask.shape
    columns = np.zeros((w, height), bool)
    columns[:, item.y : item.y + h] = item.mask.T
    turns = np.flatnonzero(np.diff(columns.ravel(), prepend=False, append=False)) + item.x * height
    turns = turns[turns < height * width]
    return {"size": [height, width], "counts": np.diff(turns, prepend=0, append=height * width).tolist()}


def mask_annotations(
    instances: Sequence[Instance], labels: Sequence[int], size: tuple[int, int], image: int, first: int
) -> list[dict[str, Any]]:
    """Return the COCO annotations of one picture, ``size`` (H, W), with masks that may overlap.

    ``labels`` are class indices, ``image`` is the picture's id, and the annotations are numbered from ``first`` on.
    """
    boxes = [item.bbox for item in instances]
    return [
        {
            "id": number,
            "image_id": image,
            "category_id": CATEGORIES[LABELS[label]],
            "segmentation": encode_mask(item, size),
            "area": item.area,
            "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
            "iscrowd": 0,
        }
        for number, (item, label, (xmin, ymin, xmax, ymax)) in enumerate(zip(instances, labels, boxes, strict=True), first)
    ]


def _annotation(chromosome: Chromosome) -> dict[str, Any]:
    xmin, ymin, xmax, ymax = chromosome.bbox
    polygon, area = _around(chromosome)
    return {
        "id": chromosome.id,
        "image_id": 1,
        "category_id": CATEGORIES[chromosome.label or "unknown"],
        "segmentation": [polygon.ravel().tolist()],
        "area": area,
        "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
        "iscrowd": 0,
        "score": round(chromosome.score * (chromosome.probability if chromosome.label else 1.0), 4),
    }


def _around(chromosome: Chromosome) -> tuple[np.ndarray, int]:
    """Return the polygon around the outlined pixels, float (n, 2) x, y, and how many pixels those are.

    A record's polygon runs through the centres of the outermost pixels; read as their edge, it would lose 7 % of the area.
    """
    from skimage.measure import find_contours

    points = np.rint(chromosome.polygon).astype(np.int32)
    low = points.min(0)
    mask = np.zeros(np.ptp(points, axis=0)[::-1] + 3, np.uint8)
    cv2.fillPoly(mask, [points - low + 1], (1,))
    contour = max(find_contours(mask, 0.5), key=len)[:-1, ::-1]
    return contour + low - 0.5, int(mask.sum())


def write_coco(path: Path, karyotype: Karyotype) -> Path:
    """Write :func:`to_coco` as JSON."""
    return write_text(path, json.dumps(to_coco(karyotype)) + "\n")


def write_boxes(path: Path, karyotype: Karyotype) -> Path:
    """Write the boxes as VOC; see :func:`karyogram.datasets.voc.write_voc`."""
    boxes = tuple(Box(c.label, c.bbox) for c in karyotype.chromosomes)
    return write_voc(path, Annotation(Path(karyotype.image).name, karyotype.width, karyotype.height, boxes))

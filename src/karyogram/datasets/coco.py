"""COCO annotations: categories, files, masks as run lengths."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from karyogram.labels import LABELS
from karyogram.records import Instance

#: Category ids start at 1, in the order of ``LABELS``; the last is for objects without a class.
CATEGORIES = {label: number for number, label in enumerate((*LABELS, "unknown"), start=1)}


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

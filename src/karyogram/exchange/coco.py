"""A karyotype as COCO instances, and its boxes as VOC."""

import json
from pathlib import Path
from typing import Any

from karyogram.datasets.coco import CATEGORIES, coco_file, encode_mask
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.exchange.outlines import fill
from karyogram.files import write_text
from karyogram.records import Chromosome, Karyotype


def to_coco(karyotype: Karyotype) -> dict[str, Any]:
    """Return one picture's chromosomes as COCO instances (https://cocodataset.org/#format-data).

    Categories 1 to 24 are the classes in the order 1..22, X, Y; 25, ``unknown``, holds objects without a class. Each
    annotation keeps the chromosome's id, its whole mask as run lengths (RLE), so that two may share pixels where chromosomes
    cross, its area in pixels, and ``score``, the probability that it is one whole chromosome of that class.
    """
    picture = {"id": 1, "file_name": Path(karyotype.image).name, "width": karyotype.width, "height": karyotype.height}
    size = (karyotype.height, karyotype.width)
    return coco_file([picture], [_annotation(chromosome, size) for chromosome in karyotype.chromosomes])


def _annotation(chromosome: Chromosome, size: tuple[int, int]) -> dict[str, Any]:
    xmin, ymin, xmax, ymax = chromosome.bbox
    item = fill(chromosome, size)
    return {
        "id": chromosome.id,
        "image_id": 1,
        "category_id": CATEGORIES[chromosome.label or "unknown"],
        "segmentation": encode_mask(item, size),
        "area": item.area,
        "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
        "iscrowd": 0,
        "score": round(chromosome.score * (chromosome.probability if chromosome.label else 1.0), 4),
    }


def write_coco(path: Path, karyotype: Karyotype) -> Path:
    """Write :func:`to_coco` as JSON."""
    return write_text(path, json.dumps(to_coco(karyotype)) + "\n")


def write_boxes(path: Path, karyotype: Karyotype) -> Path:
    """Write the boxes as VOC; see :func:`karyogram.datasets.voc.write_voc`."""
    boxes = tuple(Box(c.label, c.bbox) for c in karyotype.chromosomes)
    return write_voc(path, Annotation(Path(karyotype.image).name, karyotype.width, karyotype.height, boxes))

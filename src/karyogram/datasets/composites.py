"""A folder of composites with their truth: pictures, VOC boxes, COCO masks."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from karyogram.datasets.coco import coco_file, mask_annotations
from karyogram.datasets.compose import Scene, compose
from karyogram.datasets.cutouts import Cutout
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.files import write_picture, write_text
from karyogram.labels import LABELS


def write_composites(
    out: Path, seeds: Sequence[int], cutouts: Sequence[Cutout], scene: Scene, grounds: Sequence[np.ndarray] = ()
) -> Iterator[Path]:
    """Compose a picture for each seed, write it with its boxes and masks, and yield its path.

    Pictures go to ``out/images``, boxes to ``out/annotations`` (VOC), and, after the last picture, the masks of all, which
    overlap where chromosomes cross, to ``out/coco.json``. Raises what :func:`karyogram.datasets.compose.compose` raises.
    """
    height, width = scene.size
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, seed in enumerate(seeds, start=1):
        made = compose(cutouts, seed, scene, grounds)
        name = f"composite_{seed:04d}"
        path = write_picture(out / "images" / f"{name}.png", made.picture)
        boxes = tuple(Box(LABELS[label], item.bbox) for label, item in zip(made.labels, made.instances, strict=True))
        write_voc(out / "annotations" / f"{name}.xml", Annotation(path.name, width, height, boxes))
        images.append({"id": number, "file_name": path.name, "width": width, "height": height})
        annotations += mask_annotations(made.instances, made.labels, scene.size, number, len(annotations) + 1)
        yield path
    write_text(out / "coco.json", json.dumps(coco_file(images, annotations)) + "\n")

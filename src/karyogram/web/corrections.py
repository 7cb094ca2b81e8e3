"""Cells that people have looked through, as training data: what ``karyogram train`` reads, and COCO."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from karyogram.datasets.coco import coco_file
from karyogram.datasets.splits import split_by_case, write_split
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.exchange.coco import to_coco
from karyogram.exchange.outlines import fill
from karyogram.files import encode_picture
from karyogram.metrics.detection import grow_boxes
from karyogram.pipeline import MASK_AREA
from karyogram.records import Karyotype
from karyogram.shape.cutout import cut_out
from karyogram.shape.size import cell_scale

Entry = tuple[str, bytes]


@dataclass(frozen=True, eq=False)
class Corrected:
    """One cell as it was signed: numbers that name case and cell, picture uint8 (H, W) dark on white, and karyotype."""

    case: int
    cell: int
    picture: np.ndarray
    karyotype: Karyotype

    @property
    def name(self) -> str:
        """A name for its files, without what the laboratory calls it: the first field is the case."""
        return f"case{self.case}_cell{self.cell}"


def voc_set(cells: Iterable[Corrected]) -> Iterator[Entry]:
    """Yield images/, annotations/ (VOC) and split.csv.

    Boxes stand off the chromosomes as those of the training set do, which ``karyogram train`` takes for granted.
    """
    names = {}
    for cell in cells:
        names[cell.name] = f"case{cell.case}"
        k = cell.karyotype
        grown = grow_boxes(np.array([c.bbox for c in k.chromosomes], float).reshape(-1, 4), MARGIN, k.width, k.height)
        boxes = tuple(Box(c.label, tuple(box)) for c, box in zip(k.chromosomes, grown.tolist(), strict=True))
        yield f"images/{cell.name}.png", encode_picture(cell.picture)
        annotation = Annotation(f"{cell.name}.png", k.width, k.height, boxes)
        yield f"annotations/{cell.name}.xml", _written(lambda path, this=annotation: write_voc(path, this))  # type: ignore[misc]
    yield _split(names)


def coco_set(cells: Iterable[Corrected]) -> Iterator[Entry]:
    """Yield images/ and annotations.json: tight boxes, and whole masks that may overlap."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, cell in enumerate(cells, 1):
        told = to_coco(cell.karyotype)
        images.append(told["images"][0] | {"id": number, "file_name": f"{cell.name}.png"})
        for each in told["annotations"]:
            annotations.append(each | {"id": len(annotations) + 1, "image_id": number})
        yield f"images/{cell.name}.png", encode_picture(cell.picture)
    yield "annotations.json", json.dumps(coco_file(images, annotations)).encode()


def class_set(cells: Iterable[Corrected]) -> Iterator[Entry]:
    """Yield a folder a class of upright chromosomes, short arm up, and split.csv.

    All cells are brought to the reference size. What lies across another, or has no class, is left out. A name has five fields
    as CIR-Net's have: class, copy, case, cell, and again the case.
    """
    names = {}
    for cell in cells:
        size = cell.picture.shape
        areas = [fill(c, (size[0], size[1])).area for c in cell.karyotype.chromosomes]
        scale = cell_scale(round(sum(areas) / MASK_AREA), len(areas))
        copies: dict[str, int] = {}
        for c in cell.karyotype.chromosomes:
            if c.label is None or c.overlaps:
                continue
            copies[c.label] = copies.get(c.label, 0) + 1
            name = f"{c.label}_{copies[c.label]}_case{cell.case}_cell{cell.cell}_case{cell.case}"
            names[name] = f"case{cell.case}"
            yield f"{c.label}/{name}.png", encode_picture(cut_out(cell.picture, c.polygon, c.angle, c.flipped, scale)[0])
    yield _split(names)


def _split(names: Mapping[str, str]) -> Entry:
    """Return split.csv, which deals whole cases to train, val and test; ``names`` {name: case}."""
    entries = split_by_case(names, names.__getitem__)
    return "split.csv", _written(lambda path: write_split(path, entries))


def _written(write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


#: How training data can be laid out.
LAYOUTS: Mapping[str, Callable[[Iterable[Corrected]], Iterator[Entry]]] = {
    "voc": voc_set,
    "coco": coco_set,
    "classes": class_set,
}

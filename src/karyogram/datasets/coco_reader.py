"""COCO files read: boxes and classes of pictures, whoever wrote them (https://cocodataset.org/#format-data)."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from karyogram.datasets.boxed import Boxed, make_boxed
from karyogram.errors import AnnotationError
from karyogram.labels import parse_label


def read_coco(path: Path) -> dict[str, Callable[[], Boxed]] | None:
    """Return {picture: what tells its objects} of a COCO file; None if it is another JSON file.

    A picture's name is its ``file_name`` without suffix. Regions of many objects (``iscrowd``) are left out. Raises
    AnnotationError, naming file and reason, if the file cannot be read; a picture's own faults come up as ValueError when it is
    asked for.
    """
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{path}: not JSON: {error}") from error
    if not isinstance(data, Mapping) or not {"images", "annotations"} & set(data):
        return None
    try:
        names = {entry["id"]: str(entry["name"]) for entry in data["categories"]}
        images = {image["id"]: image for image in data["images"]}
        inside: dict[Any, list[Mapping[str, Any]]] = {number: [] for number in images}
        for annotation in data["annotations"]:
            if not annotation.get("iscrowd"):
                inside[annotation["image_id"]].append(annotation)
        named = [(Path(image["file_name"]).with_suffix("").as_posix(), number) for number, image in images.items()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{path}: not a COCO file of pictures, categories and objects: {error!r}") from error
    if len({name for name, _ in named}) < len(named):
        raise AnnotationError(f"{path}: two pictures have the same name")
    return {name: partial(_to_boxed, images[number], inside[number], names) for name, number in named}


def _to_boxed(image: Mapping[str, Any], annotations: list[Mapping[str, Any]], categories: Mapping[Any, str]) -> Boxed:
    """Return the objects of one picture: the tight box of a mask where there is one, else ``bbox``; no ``score`` is 1.

    A category whose name is none of the 24 classes is no class. Raises ValueError for what is no object of the picture.
    """
    rows, labels, where = [], [], []
    for annotation in annotations:
        try:
            box = _mask_box(annotation.get("segmentation")) or _corners(*annotation["bbox"])
            rows.append((*box, annotation.get("score", 1.0), 1.0))
            labels.append(parse_label(categories[annotation["category_id"]]))
            where.append(annotation.get("id"))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
            raise ValueError(f"object {annotation.get('id')!r} is no COCO object: {error!r}") from error
    return make_boxed((image.get("width", 0), image.get("height", 0)), rows, labels, where)


def _corners(left: float, top: float, width: float, height: float) -> tuple[float, ...]:
    return left, top, left + width, top + height


def _mask_box(segmentation: Any) -> tuple[float, ...] | None:
    """Return the tight box of polygons or of run lengths; None if there is no mask."""
    if not segmentation:
        return None
    if isinstance(segmentation, Mapping):
        counts = segmentation["counts"]
        return _runs_box(_unpack(counts) if isinstance(counts, str) else counts, int(segmentation["size"][0]))
    points = np.concatenate([np.array(polygon, float).reshape(-1, 2) for polygon in segmentation])
    return (*points.min(0).tolist(), *points.max(0).tolist())


def _runs_box(counts: list[int], height: int) -> tuple[float, ...] | None:
    """Return the box of runs down the columns, outside and inside in turn; None if nothing is inside.

    >>> _runs_box([2, 1, 3, 2, 4], 4)
    (0.0, 2.0, 2.0, 4.0)
    """
    lengths = np.array(counts, np.int64)
    if height < 1 or lengths.ndim != 1 or (lengths < 0).any():
        raise ValueError("no run lengths")
    ends = np.cumsum(lengths)[1::2]
    inside = lengths[1::2] > 0
    first, last = (ends - lengths[1::2])[inside], ends[inside] - 1
    if not len(first):
        return None
    left, right = first // height, last // height
    whole = left != right  # such a run reaches from the last row of a column to the first of the next
    top, bottom = np.where(whole, 0, first % height), np.where(whole, height - 1, last % height)
    return float(left.min()), float(top.min()), float(right.max() + 1), float(bottom.max() + 1)


def _unpack(text: str) -> list[int]:
    """Return the run lengths that pycocotools packs into a text: five bits a letter, differences from the third one on."""
    counts: list[int] = []
    value = shift = 0
    for letter in text.encode("ascii"):
        bits = letter - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (bits & 16) << (shift - 4)
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    return counts

"""VOC boxes to pictures of single chromosomes, in class folders."""

from pathlib import Path, PurePosixPath

import numpy as np

from karyogram.datasets.voc import Annotation, read_voc
from karyogram.errors import AnnotationError
from karyogram.files import SUFFIXES, read_picture, write_picture

#: The folder of boxes whose class name is none of the 24.
UNKNOWN = "unknown"


def crop_boxes(picture: np.ndarray, truth: Annotation, margin: int = 0) -> list[tuple[str, np.ndarray]]:
    """Return (folder name, crop) for each box, in the annotation's order.

    ``picture`` is grey uint8 (H, W); a crop is the part of it inside the box, grown by ``margin`` pixels on every side
    (a negative margin shrinks it) and clipped to the picture, at least one pixel. The folder name is the class,
    ``"1".."22"``, ``"X"``, ``"Y"``, or ``UNKNOWN``.
    """
    height, width = picture.shape
    crops = []
    for box in truth.boxes:
        left, top = (round(v) - margin for v in box.bbox[:2])
        right, bottom = (round(v) + margin for v in box.bbox[2:])
        left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
        crops.append((box.label or UNKNOWN, picture[top : max(bottom, top + 1), left : max(right, left + 1)]))
    return crops


def find_photograph(annotation: Path, named: str, images: Path) -> Path:
    """Return the picture in the folder ``images`` that an annotation file belongs to.

    It has the annotation file's own name, or else the name that the annotation gives. Raises AnnotationError if there
    is neither.
    """
    given = PurePosixPath(named.replace("\\", "/")).name
    candidates = [images / f"{annotation.stem}{suffix}" for suffix in sorted(SUFFIXES)] + [images / given]
    for path in candidates:
        if path.is_file():
            return path
    raise AnnotationError(f"{annotation}: no picture {annotation.stem}.* or {given} in {images}")


def crop_annotation(annotation: Path, images: Path, out: Path, name: Path, margin: int = 0) -> int:
    """Write ``out/<label>/<name>_<index>.png`` for each box of one VOC file, index from 1; return how many.

    Raises AnnotationError or PictureError, naming the file, if annotation or picture cannot be read, if the picture is
    missing, or if it is not of the size for which the boxes were drawn.
    """
    truth = read_voc(annotation)
    path = find_photograph(annotation, truth.filename, images)
    picture = read_picture(path).pixels
    height, width = picture.shape
    if truth.width > 0 and truth.height > 0 and (truth.width, truth.height) != (width, height):
        raise AnnotationError(
            f"{annotation}: boxes for {truth.width} x {truth.height} pixels, but {path} has {width} x {height}"
        )
    crops = crop_boxes(picture, truth, margin)
    for index, (label, crop) in enumerate(crops, start=1):
        write_picture(out / label / f"{name}_{index}.png", crop)
    return len(crops)

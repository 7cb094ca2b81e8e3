"""One karyotype to its result folder: which formats there are, and how each is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from karyogram.datasets.coco import write_boxes, write_coco
from karyogram.draw.chromosomes import chromosome_cutouts
from karyogram.draw.karyogram import draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.files import write_picture, write_text
from karyogram.records import Karyotype

#: The file whose presence says that a picture is done: it goes first and is written last.
RESULT = "karyotype.json"

#: The folder of cut-outs, one a chromosome.
CUTOUTS = "chromosomes"


@dataclass(frozen=True)
class Format:
    """The files of one format, and what writes them: (folder, dark-on-white picture uint8 (H, W), karyotype)."""

    files: tuple[str, ...]
    write: Callable[[Path, np.ndarray, Karyotype], object]


def _write_pictures(folder: Path, picture: np.ndarray, karyotype: Karyotype) -> None:
    write_picture(folder / "karyogram.png", draw_karyogram(picture, karyotype))
    write_picture(folder / "overlay.png", draw_overlay(picture, karyotype))
    for name, image in chromosome_cutouts(picture, karyotype):
        write_picture(folder / CUTOUTS / name, image)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "png": Format(("karyogram.png", "overlay.png"), _write_pictures),
        "coco": Format(("coco.json",), lambda folder, _, karyotype: write_coco(folder / "coco.json", karyotype)),
        "voc": Format(("voc.xml",), lambda folder, _, karyotype: write_boxes(folder / "voc.xml", karyotype)),
        "json": Format((RESULT,), lambda folder, _, karyotype: write_text(folder / RESULT, karyotype.to_json())),
    }
)


def has_formats(folder: Path, formats: frozenset[str]) -> bool:
    """Return whether a result folder holds the files of all these formats."""
    return all((folder / file).is_file() for name in formats for file in FORMATS[name].files)


def write_results(folder: Path, picture: np.ndarray, karyotype: Karyotype, formats: frozenset[str]) -> None:
    """Write the chosen formats of one karyotype; ``picture`` is its dark-on-white uint8 (H, W).

    What an earlier run left goes first, ``karyotype.json`` before all. That file is always written, and last.
    """
    left = (folder / file for format_ in FORMATS.values() for file in format_.files)
    for path in (folder / RESULT, *left, *(folder / CUTOUTS).glob("*.png")):
        path.unlink(missing_ok=True)
    for name, format_ in FORMATS.items():
        if name in formats or name == "json":
            format_.write(folder, picture, karyotype)

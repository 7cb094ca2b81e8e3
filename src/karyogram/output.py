"""One karyotype to its result folder: which formats there are, and how each is written."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from karyogram.draw.chromosomes import chromosome_cutouts
from karyogram.draw.karyogram import draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.files import write_picture, write_text
from karyogram.records import Karyotype

#: The file whose presence says that a picture is done: it is written last.
RESULT = "karyotype.json"

Writer = Callable[[Path, np.ndarray, Karyotype], None]


def _write_pictures(folder: Path, picture: np.ndarray, karyotype: Karyotype) -> None:
    write_picture(folder / "karyogram.png", draw_karyogram(picture, karyotype))
    write_picture(folder / "overlay.png", draw_overlay(picture, karyotype))
    for name, image in chromosome_cutouts(picture, karyotype):
        write_picture(folder / "chromosomes" / name, image)


def _write_json(folder: Path, _: np.ndarray, karyotype: Karyotype) -> None:
    write_text(folder / RESULT, karyotype.to_json())


WRITERS: Mapping[str, Writer] = MappingProxyType({"png": _write_pictures, "json": _write_json})


def write_results(folder: Path, picture: np.ndarray, karyotype: Karyotype, formats: frozenset[str]) -> None:
    """Write the chosen formats of one karyotype; ``picture`` is its dark-on-white uint8 (H, W).

    ``karyotype.json`` comes last.
    """
    for cutout in (folder / "chromosomes").glob("*.png"):
        cutout.unlink()
    for name, write in WRITERS.items():
        if name in formats or name == "json":
            write(folder, picture, karyotype)

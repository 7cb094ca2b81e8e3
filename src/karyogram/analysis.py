"""One metaphase, read, with its picture at hand: what `import karyogram` is for."""

import sys
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from karyogram.draw.karyogram import PLAIN, Style, draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.errors import PictureError
from karyogram.exchange.coco import to_coco
from karyogram.files import Picture
from karyogram.output import parse_formats, write_results
from karyogram.pipeline import dark_on_white, make_reader, open_metaphase, read_karyotype
from karyogram.records import Karyotype
from karyogram.weights.catalogue import DEFAULT


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis(Karyotype):
    """A karyotype that knows its picture: ``picture`` is uint8 (H, W), dark on white. It shows, draws and saves itself."""

    picture: np.ndarray = field(repr=False)

    def draw(self, dpi: int = PLAIN.dpi, ideograms: int | None = None, measures: bool = False) -> np.ndarray:
        """Return the karyogram, uint8 (H, W, 3) RGB; see :class:`karyogram.draw.karyogram.Style` for what can be chosen."""
        return draw_karyogram(self.picture, self, style=Style(dpi, ideograms, measures))

    def overlay(self) -> np.ndarray:
        """Return the picture with every chromosome outlined and named, uint8 (H, W, 3) RGB."""
        return draw_overlay(self.picture, self)

    def show(self, dpi: int = PLAIN.dpi, ideograms: int | None = None, measures: bool = False) -> None:
        """Show the karyogram: in a notebook below the cell, elsewhere in the system's picture viewer."""
        from PIL import Image

        image = Image.fromarray(self.draw(dpi, ideograms, measures))
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if hasattr(shell, "kernel"):
            from IPython.display import display

            display(image)
        else:
            image.show(self.iscn)

    def to_coco(self) -> dict[str, Any]:
        """Return the chromosomes as COCO instances; see :func:`karyogram.exchange.coco.to_coco`."""
        return to_coco(self)

    def save(self, folder: str | Path, formats: str = "json,png", style: Style = PLAIN) -> Path:
        """Write what ``karyogram analyze --format`` writes for one picture, and return the folder.

        ``formats`` are keys of :data:`karyogram.output.FORMATS`, parted by commas; karyotype.json is always among them.
        Raises ValueError for a format that there is none of.
        """
        write_results(Path(folder), self.picture, self, parse_formats(formats), style)
        return Path(folder)


def analyze(picture: str | Path | np.ndarray, model: str = DEFAULT, segmenter: str = "auto") -> Analysis:
    """Read one metaphase: a file, or a grey uint8 (H, W) array.

    ``model`` is a shipped model's name or an exported file, ``segmenter`` one of ``SEGMENTERS`` or a file. Raises
    PictureError for what is no picture, ModelError for a model that is none. A picture without chromosomes gives an empty
    karyotype with a warning.
    """
    if isinstance(picture, str | PathLike):
        opened, name = open_metaphase(picture), str(picture)
    else:
        opened, name = dark_on_white(Picture(_grey(picture))), ""
    karyotype = read_karyotype(opened, name, make_reader(model, segmenter))
    return Analysis(**vars(karyotype), picture=opened.pixels)


def _grey(picture: np.ndarray) -> np.ndarray:
    """Return the array, contiguous; PictureError if it is no grey picture."""
    given = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 2 or not picture.size:
        raise PictureError(f"a picture is a file or a non-empty uint8 (H, W) array, not {given}")
    return np.ascontiguousarray(picture)

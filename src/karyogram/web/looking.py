"""A metaphase made ready for edits: masks are drawn on it, homologues compared."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from karyogram.drawn import Ground, prepare_ground, read_drawn, tighten
from karyogram.errors import EditError, PictureError
from karyogram.exchange.outlines import fill_polygon
from karyogram.karyotype.review import is_clear
from karyogram.karyotype.structure import flag_differences
from karyogram.records import Chromosome, Instance
from karyogram.shape.measure import Measures, measure
from karyogram.web import models
from karyogram.web.bench import Bench, open_kept
from karyogram.web.db.edits import Loaded
from karyogram.weights.catalogue import load_model


@dataclass(frozen=True, eq=False)
class Looking:
    """Looks at the metaphase of an analysis with the model that read it; see :class:`karyogram.web.edits.Look`.

    Picture and model are opened when it is first asked: most edits never ask.
    """

    bench: Bench
    loaded: Loaded

    @cached_property
    def ground(self) -> Ground:
        """What masks are drawn on."""
        return ground_of(self.bench.path(self.loaded.metaphase))

    def tighten(self, mask: Instance) -> Instance:
        """Return a mask cut to what is stained. Raises EditError if nothing is."""
        found = tighten(mask, self.ground)
        if found is None:
            raise EditError("nothing in the outline is stained")
        return found

    def read(self, drawn: Sequence[Instance], beside: Sequence[Chromosome], first: int) -> list[Chromosome]:
        """Return the records of masks, numbered from ``first``, among the chromosomes ``beside``."""
        model = load_model(models.locate(self.bench.config, self.loaded.analysis.model), "classifier", 1)
        return read_drawn(self.ground, drawn, beside, first, model)

    def compare(self, cell: Sequence[Chromosome], classes: Collection[str]) -> dict[int, tuple[str, ...]] | None:
        """Return, by id, how chromosomes of these classes differ from their homologues in a cell; None without its picture."""
        path = self.bench.path(self.loaded.metaphase)
        try:
            measured = [
                _measures(path, c.polygon, c.angle, c.flipped) if c.label in classes else _length_only(c.length_px)
                for c in cell
            ]
        except PictureError:
            return None
        clear = [is_clear(c.probability, c.score, c.overlaps) for c in cell]
        told = flag_differences([c.label for c in cell], measured, clear, classes)
        return {c.id: reasons for c, reasons in zip(cell, told, strict=True)}


@lru_cache(maxsize=4)
def ground_of(path: Path) -> Ground:
    """Return a metaphase made ready to draw masks on, kept for the next call. Raises PictureError."""
    return prepare_ground(open_kept(path).pixels)


@lru_cache(maxsize=2048)
def _measures(path: Path, polygon: tuple[tuple[float, float], ...], angle: float, flipped: bool) -> Measures:
    """Return what is measured along the axis of an outlined chromosome, kept for the next edit. Raises PictureError."""
    pixels = open_kept(path).pixels
    item = fill_polygon(polygon, pixels.shape)
    return measure(pixels[item.window()], item.mask, angle, flipped)


def _length_only(length: float) -> Measures:
    return Measures(length, None, np.zeros(0))

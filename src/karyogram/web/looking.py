"""A metaphase made ready for edits that draw masks on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from karyogram.drawn import Ground, prepare_ground, read_drawn, tighten
from karyogram.errors import EditError
from karyogram.pipeline import open_metaphase
from karyogram.records import Chromosome, Instance
from karyogram.web import models
from karyogram.web.bench import Bench
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


@lru_cache(maxsize=4)
def ground_of(path: Path) -> Ground:
    """Return a metaphase made ready to draw masks on, kept for the next call. Raises PictureError."""
    return prepare_ground(open_metaphase(path).pixels)

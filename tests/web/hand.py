"""A drawn cell with known truth in place of what a machine read, and a look that needs no model."""

from dataclasses import replace

from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.errors import EditError
from karyogram.karyotype.structure import BESIDE
from karyogram.records import Chromosome
from karyogram.shape.pose import outline, upright_angle
from karyogram.web.edits import perform

#: How the flag of a chromosome begins that differs from its homologue.
DIFFERS = f"bands differ{BESIDE}"


def cell(seed=5):
    """The truth of a drawn metaphase as a machine would tell it, 46,XX, and its picture."""
    picture, truth = synth_metaphase(seed)
    found = tuple(replace(c, centromere=round(c.centromere, 3)) for c in truth.chromosomes)
    return replace(truth, chromosomes=found, iscn="46,XX", warnings=("bright on black: inverted",)), picture


class Eyes:
    """Calls everything that is drawn a doubtful 5, so that no model is needed; ``asked`` counts.

    ``odd`` are the ids of chromosomes that differ from their homologue wherever they are compared, None if that cannot be told;
    ``compared`` are the classes that were.
    """

    def __init__(self, odd=()):
        self.asked, self.odd, self.compared = 0, odd, []

    def compare(self, cell, classes):
        self.compared.append(sorted(classes))
        if self.odd is None:
            return None
        return {c.id: (f"{DIFFERS}{c.id}",) if c.id in self.odd else () for c in cell if c.label in classes}

    def tighten(self, mask):
        if mask.x == 0:
            raise EditError("nothing in the outline is stained")
        return mask

    def read(self, drawn, beside, first):
        self.asked += 1
        return [self._record(first + number, item) for number, item in enumerate(drawn)]

    def _record(self, number, item):
        points = outline(item)
        angle, length = upright_angle(points)
        return Chromosome(
            number, "5", 0.6, tuple(0.6 if i == 4 else 0.0 for i in range(24)), 0.7, item.bbox,
            tuple((float(x), float(y)) for x, y in points), round(angle, 2), False, length, 0.4, (), ("class uncertain",),
        )  # fmt: skip


def do(machine, *edits, rows=(), eyes=None):
    """Do edits after ``rows``; return all rows and the state."""
    added, state = perform(machine, list(rows), edits, eyes or Eyes())
    return [*rows, *added], state


def one(karyotype, number):
    """The chromosome with an id."""
    return next(c for c in karyotype.chromosomes if c.id == number)


def middle_line(chromosome):
    """A level line across the middle of a chromosome's box."""
    left, top, right, bottom = chromosome.bbox
    return [[left - 4, (top + bottom) / 2], [right + 4, (top + bottom) / 2]]


def labelled(machine, label):
    """The ids of a class."""
    return [c.id for c in machine.chromosomes if c.label == label]

"""Margins of a change in one cell, and what the cells of a case say together."""

import numpy as np
import pytest

from karyogram.karyotype.arrange import EXTRA, arrange
from karyogram.karyotype.margins import weigh_changes
from karyogram.karyotype.together import find_together
from karyogram.labels import AUTOSOMES, INDEX, LABELS


def objects(labels, doubt=0.01):
    """Opinions on objects of these classes: ``doubt`` is spread over all."""
    rows = np.full((len(labels), len(LABELS)), doubt / len(LABELS))
    rows[np.arange(len(labels)), [INDEX[label] for label in labels]] += 1 - doubt
    return rows, np.full(len(labels), 0.97)


NORMAL = [*AUTOSOMES, *AUTOSOMES, "X", "Y"]


@pytest.mark.parametrize(
    ("labels", "term"),
    [([*NORMAL, "21"], "+21"), ([label for n, label in enumerate(NORMAL) if n != 6], "-7"), (NORMAL, None)],
)
def test_only_what_is_there_fits_better_changed(labels, term):
    margins = weigh_changes(*objects(labels)).autosomes
    assert [key for key, value in margins.items() if value > 0] == ([term] if term else [])


@pytest.mark.parametrize(("pair", "sex"), [("X", "X"), ("XXX", "XXX"), ("XXY", "XXY"), ("XYY", "XYY"), ("XX", None)])
def test_sex_chromosomes_are_told_by_their_margin(pair, sex):
    margins = weigh_changes(*objects([*AUTOSOMES, *AUTOSOMES, *pair]))
    assert [key for key in ("X", "XXX", "XXY", "XYY") if margins.of_sex(key) > 0] == ([sex] if sex else [])


def test_the_margin_of_a_gain_is_what_the_arrangement_weighs():
    rng = np.random.default_rng(0)
    rows, whole = objects([*NORMAL, "9"], doubt=0.4)
    whole = rng.uniform(0.5, 0.999, len(whole))
    told = weigh_changes(rows, whole).autosomes["+9"] > EXTRA
    assert told == ((arrange(rows, whole).classes == INDEX["9"]).sum() == 3)


def test_weak_evidence_adds_up_and_one_cell_of_three_is_not_enough():
    changed = [weigh_changes(*objects([*NORMAL, "18"])) for _ in range(3)]
    normal = weigh_changes(*objects(NORMAL))
    assert [(f.label, f.change) for f in find_together(changed)] == [("18", 1)]
    assert not find_together([changed[0], normal, normal])
    assert not find_together(changed[:1])


def test_a_loss_is_of_the_chromosome_that_the_other_cells_have():
    lost = [weigh_changes(*objects([*AUTOSOMES, *AUTOSOMES, "X"])) for _ in range(3)]
    for pair, label in (("XY", "Y"), ("XX", "X")):
        rest = [weigh_changes(*objects([*AUTOSOMES, *AUTOSOMES, *pair])) for _ in range(2)]
        assert [(f.label, f.change) for f in find_together([*lost, *rest])] == [(label, -1)]

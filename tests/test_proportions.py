from dataclasses import replace

import pytest

from bars import Bar, draw_cell
from karyogram.karyotype.proportions import proportions, usual
from karyogram.labels import AUTOSOMES, LABELS


@pytest.fixture
def cell():
    return draw_cell([Bar(label, 50, centromere=0.25) for label in LABELS])[1]


def test_lengths_are_percents_of_the_haploid_autosomes(cell):
    told = proportions(cell)
    assert sum(told[c.id].length for c in cell.chromosomes if c.label in AUTOSOMES) == pytest.approx(100)
    longer = replace(cell.chromosomes[0], id=99, length_px=100)
    told = proportions(replace(cell, chromosomes=(*cell.chromosomes, longer)))
    assert told[99].length == pytest.approx(100 * 100 / (75 + 21 * 50))
    assert told[99].length == pytest.approx(2 * told[1].length)


def test_a_cell_without_a_chromosome_1_has_no_relative_lengths(cell):
    told = proportions(replace(cell, chromosomes=cell.chromosomes[1:]))
    assert {proportion.length for proportion in told.values()} == {None}
    assert told[2].ratio == 3


def test_an_unknown_centromere_has_no_arm_ratio(cell):
    first = replace(cell.chromosomes[0], centromere=None)
    assert proportions(replace(cell, chromosomes=(first,)))[1].ratio is None


def test_what_iscn_draws():
    assert sum(usual(label).length for label in AUTOSOMES) == pytest.approx(100)
    assert usual("1").ratio < 1.1 < usual("4").ratio
    assert all(usual(label).ratio >= 1 for label in LABELS)

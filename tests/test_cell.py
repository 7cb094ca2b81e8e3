"""Which chromosomes are the cell's: neighbours are left out, stragglers stay, two cells that mix are told."""

import numpy as np

from karyogram.records import Instance
from karyogram.segment.cell import GAP, find_cell

SIDE = 10


def cell(count, x, y, pitch=30):
    """So many chromosomes of 10 x 10 pixels in rows of seven, the first at (x, y)."""
    places = ((x + pitch * (k % 7), y + pitch * (k // 7)) for k in range(count))
    return [Instance(np.ones((SIDE, SIDE), bool), left, top) for left, top in places]


def test_one_cell_is_kept_whole():
    assert find_cell(cell(46, 0, 0)) == (list(range(46)), ())
    assert find_cell([]) == ([], ())


def test_a_neighbour_is_left_out_and_told():
    kept, warnings = find_cell(cell(20, 600, 0) + cell(46, 0, 0))
    assert kept == list(range(20, 66))
    assert warnings == ("20 objects of neighbouring cells left out",)


def test_a_group_apart_that_a_cell_lacks_is_the_rest_of_it():
    kept, warnings = find_cell(cell(14, 600, 0) + cell(32, 0, 0))
    assert kept == list(range(46))
    assert warnings == ("14 objects lie apart, taken for the rest of the cell",)


def test_rivals_count_once():
    twice = cell(46, 0, 0) + cell(46, 0, 0)
    kept, warnings = find_cell(twice, [(k, k + 46) for k in range(46)])
    assert kept == list(range(92))
    assert warnings == ()


def test_stragglers_belong_to_the_cell():
    far = int(GAP * SIDE) + 250
    kept, warnings = find_cell(cell(44, 0, 0) + cell(2, far, 300))
    assert kept == list(range(46))
    assert warnings == ()


def test_two_cells_that_mix_are_told():
    kept, warnings = find_cell(cell(46, 0, 0) + cell(46, 215, 10))
    assert len(kept) == 92
    assert "two cells may mix" in warnings[0]

"""Which chromosomes are the cell's: neighbours are left out, stragglers stay, two cells that mix are told."""

import numpy as np

from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.segment import cell as module
from karyogram.segment.cell import GAP

SIDE = 10
#: The classes of a cell, 46,XX, and one after the other of them, as many as are asked for.
PAIRS = [index for index in range(23) for _ in range(2)]


def find_cell(instances, rivals=(), classes=None):
    """As the function tested, with the classes told for certain; by default each cell of 46 is 46,XX."""
    classes = [PAIRS[k % 46] for k in range(len(instances))] if classes is None else classes
    return module.find_cell(instances, np.eye(len(LABELS))[classes].reshape(-1, len(LABELS)), rivals)


def cell(count, x, y, pitch=30):
    """So many chromosomes of 10 x 10 pixels in rows of seven, the first at (x, y)."""
    places = ((x + pitch * (k % 7), y + pitch * (k // 7)) for k in range(count))
    return [Instance(np.ones((SIDE, SIDE), bool), left, top) for left, top in places]


def test_one_cell_is_kept_whole():
    assert find_cell(cell(46, 0, 0)) == (list(range(46)), ())
    assert find_cell([]) == ([], ())


def test_a_neighbour_is_left_out_and_told():
    kept, warnings = find_cell(cell(20, 600, 0) + cell(46, 0, 0), classes=PAIRS[5:25] + PAIRS)
    assert kept == list(range(20, 66))
    assert warnings == ("20 objects of neighbouring cells left out",)


def test_a_group_apart_that_a_cell_lacks_is_the_rest_of_it():
    kept, warnings = find_cell(cell(14, 600, 0) + cell(32, 0, 0))
    assert kept == list(range(46))
    assert warnings == ("14 objects lie apart, taken for the rest of the cell",)


def test_a_group_apart_is_another_cell_where_it_has_what_the_cell_has_already():
    both = cell(12, 600, 0) + cell(30, 0, 0)
    assert find_cell(both, classes=PAIRS[30:42] + PAIRS[:30])[0] == list(range(42))
    kept, warnings = find_cell(both, classes=PAIRS[:12] + PAIRS[:30])
    assert kept == list(range(12, 42))
    assert warnings == ("12 objects of neighbouring cells left out",)


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

"""What was seen and not taken is ranked below all that was, and kept only where it might be a chromosome of its own."""

import numpy as np

from karyogram.segment.spare import LEAST, WORTH, rank_spare

BOXES = np.array([[0, 0, 10, 40], [0, 0, 10, 38], [50, 0, 60, 40], [50, 5, 60, 40], [90, 0, 99, 9]])
SCORE = np.array([0.6, 0.9, 0.5, 0.8, 0.1])


def test_what_lies_elsewhere_ranks_first_and_what_was_taken_is_not_among_them():
    ranked = rank_spare(BOXES, SCORE, [0])
    assert list(ranked) == [3]
    assert ranked[3] == round(WORTH * 0.8, 4)


def test_the_surer_of_two_that_are_alike_speaks_for_both():
    assert list(rank_spare(BOXES[2:4], SCORE[2:4], [])) == [1]
    assert list(rank_spare(BOXES[2:4] + np.array([[0], [90]]), SCORE[2:4], [])) == [1, 0]


def test_all_are_worth_less_than_any_that_a_cell_takes():
    ranked = rank_spare(BOXES, np.ones(5), [])
    assert max(ranked.values()) <= WORTH
    assert min(ranked.values()) >= LEAST


def test_of_nothing_nothing_is_left():
    assert rank_spare(np.zeros((0, 4)), np.zeros(0), []) == {}

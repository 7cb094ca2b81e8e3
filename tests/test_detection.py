import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from karyogram.metrics.detection import (
    COCO_THRESHOLDS,
    assign_pairs,
    average_precision,
    greedy_match,
    grow_boxes,
    iou_matrix,
)

HALF = np.array([0.5])
MATRICES = hnp.arrays(float, st.tuples(st.integers(0, 5), st.integers(0, 5)), elements=st.floats(0, 1))


@st.composite
def boxes(draw):
    rows = st.tuples(*[st.integers(0, 50)] * 2, *[st.integers(1, 50)] * 2)
    corners = np.array(draw(st.lists(rows, max_size=6)), float).reshape(-1, 4)
    return np.hstack([corners[:, :2], corners[:, :2] + corners[:, 2:]])


def test_iou_of_hand_made_boxes():
    truth = np.array([[0, 0, 10, 10], [20, 20, 30, 40]], float)
    predicted = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [10, 0, 20, 10]], float)
    expected = [[1, 1 / 3, 0, 0], [0, 0, 0.5, 0]]
    assert iou_matrix(truth, predicted) == pytest.approx(np.array(expected))


def test_boxes_without_area_overlap_nothing():
    assert iou_matrix(np.array([[3, 3, 3, 3.0]]), np.array([[3, 3, 3, 3.0], [0, 0, 9, 9]])).tolist() == [[0.0, 0.0]]


@given(boxes(), boxes())
def test_iou_is_a_share_turns_with_its_arguments_and_is_one_for_the_same_box(a, b):
    iou = iou_matrix(a, b)
    assert iou.shape == (len(a), len(b))
    assert ((iou >= 0) & (iou <= 1)).all()
    assert np.array_equal(iou, iou_matrix(b, a).T)
    assert (iou_matrix(a, a).diagonal() == 1).all()


def test_boxes_grow_on_each_side_and_stay_in_the_picture():
    grown = grow_boxes(np.array([[50, 50, 60, 70], [3, 2, 98, 79]], float), (7, 8, 5, 4), 100, 80)
    assert grown.tolist() == [[43, 42, 65, 74], [0, 0, 100, 80]]


def test_assignment_finds_both_where_the_greedy_choice_finds_one():
    iou = np.array([[0.9, 0.6], [0.8, 0.1]])
    assert assign_pairs(iou).tolist() == [1, 0]
    assert greedy_match(iou, np.array([0.9, 0.8]), HALF).tolist() == [[0, -1]]


def test_assignment_prefers_more_pairs_to_better_ones():
    iou = np.array([[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [0.0, 0.0, 0.5]])
    assert assign_pairs(iou).tolist() == [0, 1, 2]


def test_assignment_prefers_better_pairs_among_as_many():
    assert assign_pairs(np.array([[0.6, 0.9], [0.9, 0.6]])).tolist() == [1, 0]


def test_the_threshold_itself_is_enough_to_match():
    iou = np.array([[0.5]])
    assert assign_pairs(iou).tolist() == [0]
    assert greedy_match(iou, np.array([1.0]), HALF).tolist() == [[0]]
    assert greedy_match(iou, np.array([1.0]), np.array([0.51])).tolist() == [[-1]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_matches_nothing(shape):
    assert (assign_pairs(np.zeros(shape)) == -1).all()
    assert greedy_match(np.zeros(shape), np.zeros(shape[1]), COCO_THRESHOLDS).tolist() == [[-1] * shape[1]] * 10


@given(MATRICES)
def test_both_matchings_are_one_to_one_and_the_assignment_is_never_smaller(iou):
    partner = assign_pairs(iou)
    chosen = partner[partner >= 0]
    assert len(set(chosen)) == len(chosen)
    assert (iou[np.flatnonzero(partner >= 0), chosen] >= 0.5).all()
    greedy = greedy_match(iou, np.zeros(iou.shape[1]), HALF)[0]
    taken = greedy[greedy >= 0]
    assert len(set(taken)) == len(taken) <= len(chosen)


def test_the_surest_prediction_chooses_first_and_a_second_one_on_the_same_box_is_left():
    iou = np.array([[0.7, 0.9]])
    assert greedy_match(iou, np.array([0.9, 0.1]), HALF).tolist() == [[0, -1]]
    assert greedy_match(iou, np.array([0.1, 0.9]), HALF).tolist() == [[-1, 0]]


def test_each_threshold_is_matched_by_itself():
    iou = np.array([[0.6, 0.9]])
    matched = greedy_match(iou, np.array([0.9, 0.1]), np.array([0.5, 0.75, 0.95]))
    assert matched.tolist() == [[0, -1], [-1, 0], [-1, -1]]


def test_average_precision_of_a_curve_drawn_by_hand():
    # Ranked right, wrong, right, with four boxes to find: precision 1 up to recall 1/4, then 2/3 up to 1/2, then 0.
    scores, correct = np.array([0.9, 0.7, 0.8]), np.array([True, True, False])
    assert average_precision(correct, scores, 4) == pytest.approx((26 * 1 + 25 * 2 / 3) / 101)


def test_average_precision_at_its_ends():
    none = np.zeros(0)
    assert average_precision(np.ones(3, bool), np.arange(3.0), 3) == 1
    assert average_precision(np.zeros(3, bool), np.arange(3.0), 3) == 0
    assert average_precision(none.astype(bool), none, 3) == 0
    assert np.isnan(average_precision(none.astype(bool), none, 0))


def test_a_false_prediction_ranked_last_costs_nothing():
    correct = np.array([True, True, False])
    assert average_precision(correct, np.array([0.9, 0.8, 0.1]), 2) == 1
    assert average_precision(correct, np.array([0.9, 0.8, 0.99]), 2) < 1

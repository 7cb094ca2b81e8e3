import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.metrics.classification import (
    accuracy,
    caught_errors,
    confusion_matrix,
    expected_calibration_error,
    macro_auc,
    macro_f1,
    reliability,
    review_threshold,
    wilson_interval,
)

TRUTH = np.array([0, 0, 0, 1, 1, 2])
CALLED = np.array([0, 0, 1, 1, 1, 0])
NONE = np.zeros(0, int)


def test_accuracy_confusion_and_f1_of_a_case_counted_by_hand():
    assert accuracy(TRUTH, CALLED) == pytest.approx(4 / 6)
    assert confusion_matrix(TRUTH, CALLED, 3).tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    # Class 0: 2 of 3 found, 2 of 3 calls right; class 1: all found, 2 of 3 calls right; class 2: none found.
    assert macro_f1(TRUTH, CALLED, 3) == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)


def test_classes_that_never_occur_do_not_change_f1():
    assert macro_f1(TRUTH, CALLED, 24) == macro_f1(TRUTH, CALLED, 3)


def test_the_area_under_the_curve_counts_pairs_in_order():
    # Class 1 against 0: of the four pairs, one is out of order and one is a tie; class 2 never occurs.
    second = np.array([0.1, 0.6, 0.6, 0.3])
    probabilities = np.stack([1 - second, second, np.zeros(4)], 1)
    assert macro_auc(np.array([0, 0, 1, 1]), probabilities) == pytest.approx(2.5 / 4)
    assert np.isnan(macro_auc(np.array([1, 1]), probabilities[:2]))


def test_nothing_to_score_is_not_a_number():
    assert np.isnan(accuracy(NONE, NONE))
    assert np.isnan(macro_f1(NONE, NONE))
    assert np.isnan(expected_calibration_error(NONE.astype(bool), np.zeros(0)))
    assert np.isnan(wilson_interval(0, 0)).all()


@pytest.mark.parametrize("wrong", [-1, 24])
def test_a_class_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="between 0 and 23"):
        confusion_matrix(np.array([0]), np.array([wrong]))


@pytest.mark.parametrize("metric", [accuracy, confusion_matrix, macro_f1, expected_calibration_error])
def test_unequal_lengths_are_refused(metric):
    with pytest.raises(ValueError, match="2"):
        metric(np.array([0, 0]), np.array([0]))


def test_calibration_error_of_bins_drawn_by_hand():
    # Two bins: (0, 0.5] claims 0.4 and has 1 of 2 right, (0.5, 1] claims 0.9 and has 2 of 2 right.
    correct = np.array([True, False, True, True])
    assert expected_calibration_error(correct, np.array([0.3, 0.5, 0.8, 1.0]), bins=2) == pytest.approx(0.1)


def test_who_is_as_often_right_as_claimed_is_calibrated():
    correct = np.array([True] * 8 + [False] * 2)
    assert expected_calibration_error(correct, np.full(10, 0.8)) == pytest.approx(0)
    assert expected_calibration_error(correct, np.ones(10)) == pytest.approx(0.2)
    assert expected_calibration_error(~correct, np.zeros(10)) == pytest.approx(0.2)


def test_wilson_interval_of_a_published_case():
    # Newcombe, Stat. Med. 17:857 (1998), table I: 81 of 263 and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_interval_holds_the_share_and_mirrors(hits, misses):
    if hits + misses:
        low, high = wilson_interval(hits, hits + misses)
        assert 0 <= low <= hits / (hits + misses) + 1e-12
        assert hits / (hits + misses) - 1e-12 <= high <= 1
        assert wilson_interval(misses, hits + misses) == pytest.approx((1 - high, 1 - low))


def test_flags_are_counted_over_errors_and_over_all():
    correct, sure = np.array([True, True, True, False]), np.array([0.99, 0.6, 0.9, 0.7])
    assert caught_errors(correct, sure, 0.8) == (1.0, 0.5)
    assert caught_errors(correct, sure, 0.65) == (0.0, 0.25)
    caught, flagged = caught_errors(correct[:3], sure[:3], 0.95)
    assert np.isnan(caught)
    assert flagged == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="4 outcomes, 3 certainties"):
        caught_errors(correct, sure[:3], 0.5)


@given(st.integers(0, 1000))
def test_a_threshold_catches_its_share_of_errors_to_come(seed):
    rng = np.random.default_rng(seed)
    sure = rng.beta(3, 1, (2, 2000))
    correct = rng.random((2, 2000)) < sure
    caught, _ = caught_errors(correct[1], sure[1], review_threshold(correct[0], sure[0], 0.9))
    assert caught == pytest.approx(0.9, abs=0.08)


def test_too_few_errors_flag_everything():
    assert review_threshold(np.array([True, False]), np.array([0.9, 0.8])) == np.inf
    assert review_threshold(np.array([True, True]), np.array([0.9, 0.8])) == np.inf


def test_reliability_of_parts_adds_up_to_that_of_all_and_tells_what_chance_leaves():
    rng = np.random.default_rng(0)
    stated = rng.uniform(0.3, 1, 20_000)
    right = rng.random(20_000) < stated
    whole = reliability(right, stated)
    np.testing.assert_allclose(sum(reliability(right[i::4], stated[i::4]) for i in range(4)), whole)
    assert whole[:, 0].sum() == 20_000
    assert whole[:, 1].sum() == right.sum()
    count, hits, claimed, variance = whole[whole[:, 0] > 0].T
    assert np.all(np.abs(hits - claimed) < 4 * np.sqrt(variance)), "true probabilities are off by chance only"
    assert variance == pytest.approx(claimed * (1 - claimed / count), rel=0.02)

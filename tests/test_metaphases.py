import json
from dataclasses import replace

import numpy as np
import pytest

from karyogram.labels import INDEX
from karyogram.metrics.metaphases import Pair, bootstrap_share, score_pairs


def make_pair(truth, predicted):
    """Boxes are 10 x 10 in a row; truth [(place, label)], predicted [(place, label, score, probability)]."""

    def boxes(places):
        return np.array([[x * 20, 0, x * 20 + 10, 10] for x in places], float).reshape(-1, 4)

    def labels(names):
        return np.array([INDEX[name] if name else -1 for name in names], int)

    columns = list(zip(*predicted, strict=True)) or [(), (), (), ()]
    return Pair(
        boxes([place for place, _ in truth]),
        labels([label for _, label in truth]),
        boxes(columns[0]),
        labels(columns[1]),
        np.array(columns[2], float),
        np.array(columns[3], float),
    )


PERFECT = make_pair([(0, "1"), (1, "X")], [(1, "X", 0.9, 1), (0, "1", 0.8, 1)])


def test_a_perfect_reading_has_perfect_scores():
    scores = score_pairs([PERFECT])
    assert (scores.pictures, scores.boxes, scores.predicted, scores.spurious) == (1, 2, 2, 0)
    assert {scores.ap50, scores.ap50_by_class, scores.map_50_95, scores.map_50_95_by_class} == {1}
    shares = [scores.found, scores.found_and_right, scores.pictures_wholly_right, scores.pictures_count_right]
    assert {share.share for share in [*shares, scores.pictures_class_counts_right]} == {1}


def test_candidates_raise_the_precision_of_all_that_was_scored_and_nothing_else():
    truth = [(0, "1"), (1, "X"), (2, "21")]
    shown = [(0, "1", 0.9, 1), (1, "X", 0.8, 1)]
    plain = score_pairs([make_pair(truth, shown)])
    spare = [(2, "21", 0.05, 0.9), (7, "3", 0.04, 0.9)]
    scored = score_pairs([replace(make_pair(truth, [*shown, *spare]), spare=2)])
    assert (scored.ap50_of_all, scored.ap50_of_all_by_class) == (1, 1)
    assert plain.ap50 == plain.ap50_of_all == pytest.approx(67 / 101)
    others = {"ap50_of_all": plain.ap50_of_all, "ap50_of_all_by_class": plain.ap50_of_all_by_class}
    assert replace(scored, **others).to_dict() == plain.to_dict()


def test_nothing_found_scores_zero():
    scores = score_pairs([make_pair([(0, "1"), (1, "X")], [])])
    assert (scores.found.hits, scores.found.total, scores.spurious) == (0, 2, 0)
    assert {scores.ap50, scores.ap50_by_class, scores.map_50_95, scores.pictures_wholly_right.share} == {0}


def test_a_picture_without_boxes_is_right_if_nothing_is_predicted():
    scores = score_pairs([make_pair([], [])])
    assert scores.pictures_wholly_right.share == 1
    assert np.isnan([scores.found.share, scores.found.low, scores.ap50, scores.ap50_by_class]).all()


def test_a_mixed_picture_counted_by_hand():
    truth = [(0, "1"), (1, "1"), (2, "X"), (3, "Y"), (4, "7")]
    predicted = [(0, "1", 1, 1), (1, "2", 1, 1), (2, None, 1, 0), (9, "5", 1, 1)]
    scores = score_pairs([make_pair(truth, predicted), PERFECT])
    assert (scores.found.hits, scores.found.total) == (5, 7)
    assert (scores.found_and_right.hits, scores.found_and_right.total) == (3, 7)
    assert scores.spurious == 1
    assert scores.pictures_wholly_right.hits == scores.pictures_count_right.hits == 1
    rows = {row.label: row for row in scores.classes}
    assert (rows["1"].boxes, rows["1"].found, rows["1"].right) == (3, 1, pytest.approx(2 / 3))
    assert (rows["X"].boxes, rows["X"].found, rows["X"].right) == (2, 1, 0.5)
    assert (rows["Y"].boxes, rows["Y"].found, rows["Y"].ap50) == (1, 0, 0)
    assert rows["5"].boxes == 0
    assert np.isnan(rows["5"].ap50)


def test_two_classes_exchanged_keep_the_counts_but_not_the_picture():
    scores = score_pairs([make_pair([(0, "1"), (1, "X")], [(0, "X", 1, 1), (1, "1", 1, 1)])])
    assert scores.pictures_count_right.share == scores.pictures_class_counts_right.share == 1
    assert scores.pictures_wholly_right.share == scores.found_and_right.share == scores.ap50_by_class == 0
    assert scores.ap50 == 1


def test_a_second_box_on_one_chromosome_is_spurious():
    scores = score_pairs([make_pair([(0, "1")], [(0, "1", 1, 1), (0, "1", 0.5, 1)])])
    assert (scores.found.hits, scores.spurious, scores.pictures_wholly_right.hits) == (1, 1, 0)


def test_a_truth_box_of_unknown_class_counts_for_found_only():
    scores = score_pairs([make_pair([(0, "1"), (1, None)], [(0, "1", 0.5, 1), (1, "1", 1, 1)])])
    assert (scores.found.hits, scores.found.total) == (2, 2)
    assert (scores.found_and_right.hits, scores.found_and_right.total) == (1, 1)
    assert scores.ap50 == scores.ap50_by_class == scores.pictures_wholly_right.share == 1
    assert scores.pictures_class_counts_right.total == 0
    missed = score_pairs([make_pair([(0, "1"), (1, None)], [(0, "1", 1, 1)])])
    assert (missed.found.hits, missed.found.total, missed.pictures_wholly_right.hits) == (1, 2, 0)


def test_boxes_rank_by_score_and_classes_by_score_times_probability():
    pair = make_pair([(0, "1")], [(0, "1", 0.9, 0.1), (5, "1", 0.5, 1.0)])
    scores = score_pairs([pair])
    assert scores.ap50 == 1
    assert scores.ap50_by_class == pytest.approx(0.5)


def test_a_loose_box_is_found_and_loses_the_stricter_thresholds():
    loose = replace(PERFECT, predicted_boxes=np.add(PERFECT.predicted_boxes, [0, 0, 0, 4.2]))  # IoU 10 / 14.2 = 0.704
    scores = score_pairs([loose])
    assert scores.found.share == scores.ap50 == 1
    assert scores.map_50_95 == scores.map_50_95_by_class == pytest.approx(0.5)
    strict = score_pairs([loose], threshold=0.75)
    assert (strict.found.share, strict.ap50) == (0, 1)


def test_the_order_of_pictures_and_boxes_does_not_matter():
    rng = np.random.default_rng(3)
    pairs = []
    for _ in range(6):
        truth = [(place, str(rng.integers(1, 5))) for place in range(8)]
        called = [(place, str(rng.integers(1, 5)), *rng.random(2)) for place in rng.permutation(12)[:8]]
        pairs.append(make_pair(truth, called))
    names = ("predicted_boxes", "predicted_labels", "score", "probability")
    mixed = [replace(p, **{name: getattr(p, name)[::-1] for name in names}) for p in pairs[::-1]]
    a, b = score_pairs(pairs).to_dict(), score_pairs(mixed).to_dict()
    for interval in ("low", "high"):  # the bootstrap draws pictures by their place
        for share in ("found", "found_and_right"):
            assert a[share].pop(interval) == pytest.approx(b[share].pop(interval), abs=0.05)
    assert a == b


def test_average_precision_agrees_with_the_reference_implementation():
    # The expected values are those of pycocotools 2.0.11 for the same boxes.
    pairs = []
    for number in range(4):
        place = np.arange(24)
        x, y, long = place % 6 * 60, place // 6 * 60, 20 + place * 7 % 23
        boxes = np.stack([x, y, x + 24, y + long], axis=1).astype(float)
        moved = boxes + np.stack([place * 5 % 7, place * 3 % 5, place * 11 % 9, place * number % 6], axis=1)
        called = np.where(place * 7 % 10 < 8, place % 8, (place + 1) % 8)
        kept = place * 13 % 11 != number
        score, probability = (place * 37 + number * 17) % 101 / 101, (place * 53 + number * 29) % 97 / 97
        pairs.append(Pair(boxes, place % 8, moved[kept], called[kept], score[kept], probability[kept]))
    scores = score_pairs(pairs)
    assert scores.ap50 == pytest.approx(0.8386694151142692, abs=1e-9)
    assert scores.map_50_95 == pytest.approx(0.2849753466178669, abs=1e-9)
    assert scores.ap50_by_class == pytest.approx(0.6552840105439115, abs=1e-9)
    assert scores.map_50_95_by_class == pytest.approx(0.24189273460313063, abs=1e-9)


def test_scores_become_json_without_nan():
    numbers = json.loads(json.dumps(score_pairs([make_pair([(0, "1")], [])]).to_dict(), allow_nan=False))
    assert numbers["found"] == {"share": 0.0, "hits": 0, "total": 1, "low": 0.0, "high": 0.0}
    assert numbers["classes"][0] == {"label": "1", "boxes": 1, "ap50": 0.0, "found": 0.0, "right": 0.0}
    assert numbers["classes"][1]["ap50"] is None


def test_the_bootstrap_draws_pictures_not_boxes():
    alike = bootstrap_share(np.full(100, 23), np.full(100, 46))
    assert alike == (0.5, 0.5)
    apart = bootstrap_share(np.tile([0, 46], 50), np.full(100, 46))
    assert apart == pytest.approx((0.4, 0.6), abs=0.03)
    assert bootstrap_share(np.tile([0, 46], 50), np.full(100, 46)) == apart

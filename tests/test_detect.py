"""What the detector sees to chromosomes, on peaks made by hand: two crossing bars, a doubtful twin, a speck."""

from dataclasses import fields, replace

import numpy as np
import pytest

from karyogram.records import Instance
from karyogram.segment.detect import find_candidates, find_rivals, join_ways, quality
from karyogram.segment.peaks import CENTRE_STEP, MASK_STEP, WINDOW, Peaks

SIZE = 128
UPRIGHT, LEVEL = np.s_[16:112, 56:72], np.s_[56:72, 16:112]


def peak(label, centre, bar, probability=0.9):
    """What the detector sees of one bar: its class, its box, and its mask around its centre."""
    row, column = (int(c) // CENTRE_STEP for c in centre)
    rows, columns = bar
    classes, mask = np.zeros((1, 24), np.float32), np.full((1, WINDOW, WINDOW), -5, np.float32)
    classes[0, label] = probability
    top, left = (k * CENTRE_STEP // MASK_STEP + 1 - WINDOW // 2 for k in (row, column))
    mask[0, rows.start // 2 - top : rows.stop // 2 - top, columns.start // 2 - left : columns.stop // 2 - left] = 5
    box = np.array([[columns.start, rows.start, columns.stop, rows.stop]], np.float32)
    return Peaks(classes, box, mask, np.array([[row, column]]))


def join(*peaks):
    return Peaks(*(np.concatenate([getattr(each, field.name) for each in peaks]) for field in fields(Peaks)))


def crossing():
    return join(peak(3, (64, 64), UPRIGHT), peak(7, (60, 64), LEVEL, probability=0.8))


def stained(*bars):
    stain = np.zeros((SIZE, SIZE), bool)
    for bar in bars:
        stain[bar] = True
    return stain


def filled(item):
    picture = np.zeros((SIZE, SIZE), bool)
    picture[item.window()] = item.mask
    return picture


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_crossing_chromosomes_share_their_pixels(scale):
    side = round(SIZE / scale)
    stain = np.kron(stained(UPRIGHT, LEVEL), np.ones((side // SIZE,) * 2)) > 0
    found = find_candidates(crossing(), stain, scale)
    assert found.classes.argmax(1).tolist() == [3, 7]
    for item, bar in zip(found.instances, (UPRIGHT, LEVEL), strict=True):
        truth = np.kron(stained(bar), np.ones((side // SIZE,) * 2)) > 0
        full = np.zeros(truth.shape, bool)
        full[item.window()] = item.mask
        assert (full & truth).sum() > 0.9 * (full | truth).sum()
    assert found.instances[0].common(found.instances[1]) > 200 / scale**2


def test_masks_end_where_the_stain_ends():
    cut = stained(UPRIGHT)
    cut[:40] = False
    (item,) = (i for i in find_candidates(crossing(), cut, 1.0).instances if i.mask.shape[0] > 20)
    assert not filled(item)[:40].any()


def test_a_mask_that_breaks_at_a_crossing_is_bridged_if_its_reach_says_so():
    seen = crossing()
    seen.masks[0, 43:51] = -5  # the upright bar is not drawn where the level one lies
    upright = find_candidates(seen, stained(UPRIGHT, LEVEL), 1.0).instances[0]
    truth = stained(UPRIGHT)
    assert (filled(upright) & truth).sum() > 0.9 * (filled(upright) | truth).sum()
    seen.boxes[0, 3] = 58  # the chromosome ends above the crossing
    upper = find_candidates(seen, stained(UPRIGHT, LEVEL), 1.0).instances[0]
    assert upper.bbox[3] <= 60


def test_two_masks_of_one_chromosome_are_rivals_and_crossing_ones_are_not():
    candidates = find_candidates(join(crossing(), peak(9, (72, 64), UPRIGHT, probability=0.4)), stained(UPRIGHT, LEVEL), 1.0)
    order = np.argsort(-candidates.classes.max(1))
    assert candidates.classes.argmax(1)[order].tolist() == [3, 7, 9]
    assert find_rivals([candidates.instances[number] for number in order])[0] == [(0, 2)]


def test_those_that_share_much_are_told_with_the_share_of_the_smaller():
    upright, level, corner = (Instance(np.ones(shape, bool), 0, 0) for shape in ((40, 10), (10, 80), (7, 7)))
    assert find_rivals([upright, level]) == ([], [(0, 1, 0.25)])
    assert find_rivals([replace(upright, y=5), level]) == ([], [])  # a share of an eighth
    assert find_rivals([upright, corner]) == ([(0, 1)], [])
    assert find_rivals([]) == ([], [])


def opinion(candidates, whole, agree=True):
    """What a classifier says that finds each candidate so whole, and of the class that the detector sees or of another."""
    best = candidates.classes.argmax(1) if agree else (candidates.classes.argmax(1) + 1) % 24
    return np.eye(24)[best], np.full(len(best), whole)


def test_quality_heeds_detector_classifier_and_fit():
    candidates = find_candidates(crossing(), stained(UPRIGHT, LEVEL), 1.0)
    assert (candidates.fit > 0.9).all()
    mean_area = candidates.instances[0].area
    believed, doubted = (quality(candidates, *opinion(candidates, whole), mean_area) for whole in (0.9, 0.1))
    assert (believed > doubted).all()
    assert believed[0] > believed[1]
    assert (quality(candidates, *opinion(candidates, 0.9), 20 * mean_area) < believed).all()
    assert (quality(candidates, *opinion(candidates, 0.9, agree=False), mean_area) < believed).all()


def test_a_way_through_a_cluster_is_a_candidate_for_the_box_it_fills():
    seen, stain = crossing(), stained(UPRIGHT, LEVEL)
    drawn = find_candidates(seen, stain, 1.0)
    upright, speck = Instance(stained(UPRIGHT)[UPRIGHT], 56, 16), Instance(np.ones((9, 9), bool), 20, 60)
    joined = join_ways(drawn, seen, [speck, upright], 1.0)
    assert len(joined.instances) == 3
    assert joined.instances[2] is upright
    assert joined.classes[2].argmax() == 3
    assert joined.fit[2] > 0.95
    assert join_ways(drawn, seen, [], 1.0) is drawn


def test_where_nothing_is_nothing_is_found():
    nothing = Peaks(*(getattr(crossing(), field.name)[:0] for field in fields(Peaks)))
    assert find_candidates(nothing, stained(UPRIGHT), 1.0).instances == []
    assert find_candidates(crossing(), stained(), 1.0).instances == []

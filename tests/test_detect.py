"""The segmenter's maps to chromosomes, on maps made by hand: two crossing bars, a doubtful twin, a speck."""

import numpy as np
import pytest

from karyogram.segment.detect import find_candidates, find_rivals, quality, rate
from karyogram.segment.maps import CENTRE_STEP, FILTER, LAYERS, MASK_FEATURES, Maps

SIZE = 128
UPRIGHT, LEVEL = np.s_[16:112, 56:72], np.s_[56:72, 16:112]


def drawing_filter(feature):
    """A filter whose mask is where the feature is above a half."""
    weights = [np.zeros((outputs, inputs)) for inputs, outputs in LAYERS]
    biases = [np.zeros(outputs) for _, outputs in LAYERS]
    weights[0][0, feature] = weights[1][0, 0] = 1
    weights[2][0, 0], biases[2][0] = 10, -5
    return np.concatenate([part.ravel() for pair in zip(weights, biases, strict=True) for part in pair])


def empty_maps():
    quarter, half = SIZE // 4, SIZE // 2
    return Maps(
        np.zeros((24, quarter, quarter), np.float32),
        np.full((4, quarter, quarter), 8, np.float32),
        np.zeros((FILTER, quarter, quarter), np.float32),
        np.zeros((MASK_FEATURES, half, half), np.float32),
    )


def add(maps, label, centre, bar, feature, probability=0.9):
    """Put one bar into the maps: its centre in the map of its class, its reach, the filter that draws it, its own feature."""
    row, column = (int(c) // CENTRE_STEP for c in centre)
    rows, columns = bar
    maps.centres[label, row, column] = probability
    middle = [(k + 0.5) * CENTRE_STEP for k in (column, row)]
    maps.reach[:, row, column] = (
        middle[0] - columns.start,
        middle[1] - rows.start,
        columns.stop - middle[0],
        rows.stop - middle[1],
    )
    maps.filters[:, row, column] = drawing_filter(feature)
    maps.features[feature, rows.start // 2 : rows.stop // 2, columns.start // 2 : columns.stop // 2] = 1


def crossing():
    maps = empty_maps()
    add(maps, 3, (64, 64), UPRIGHT, 0)
    add(maps, 7, (60, 64), LEVEL, 1, probability=0.8)
    return maps


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
    maps = crossing()
    maps.features[0, 28:36] = 0  # the upright bar is not drawn where the level one lies
    upright = find_candidates(maps, stained(UPRIGHT, LEVEL), 1.0).instances[0]
    truth = stained(UPRIGHT)
    assert (filled(upright) & truth).sum() > 0.9 * (filled(upright) | truth).sum()
    maps.reach[:, 16, 16] = (8, 48, 8, -8)  # the chromosome ends above the crossing
    upper = find_candidates(maps, stained(UPRIGHT, LEVEL), 1.0).instances[0]
    assert upper.bbox[3] <= 60


def test_two_masks_of_one_chromosome_are_rivals_and_crossing_ones_are_not():
    maps = crossing()
    add(maps, 9, (72, 64), UPRIGHT, 0, probability=0.4)
    candidates = find_candidates(maps, stained(UPRIGHT, LEVEL), 1.0)
    order = np.argsort(-candidates.classes.max(1))
    assert candidates.classes.argmax(1)[order].tolist() == [3, 7, 9]
    assert find_rivals([candidates.instances[number] for number in order]) == [(0, 2)]


def test_the_surest_come_first_and_the_very_doubtful_go():
    candidates = find_candidates(crossing(), stained(UPRIGHT, LEVEL), 1.0)
    rated = rate(candidates, np.array([0.5, 0.9]))
    assert [item.score for item in rated.instances] == [0.9, 0.5]
    assert rated.classes.argmax(1).tolist() == candidates.classes.argmax(1)[::-1].tolist()
    assert len(rate(candidates, np.array([0.01, 0.9])).instances) == 1


def test_quality_heeds_detector_judge_and_fit():
    candidates = find_candidates(crossing(), stained(UPRIGHT, LEVEL), 1.0)
    assert (candidates.fit > 0.9).all()
    mean_area = candidates.instances[0].area
    believed, doubted = (quality(candidates, np.full(2, whole), mean_area) for whole in (0.9, 0.1))
    assert (believed > doubted).all()
    assert believed[0] > believed[1]
    assert (quality(candidates, np.full(2, 0.9), 20 * mean_area) < believed).all()


def test_where_nothing_is_nothing_is_found():
    assert find_candidates(empty_maps(), stained(), 1.0).instances == []
    assert find_candidates(crossing(), stained(), 1.0).instances == []

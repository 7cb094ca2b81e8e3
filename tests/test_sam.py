"""Segment Anything: a drawn cell under networks that fake the real ones."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karyogram.records import Instance
from karyogram.segment.levels import threshold_levels
from karyogram.segment.prompts import cut_tiles, find_prompts, pick_masks, segment_sam, spread_points
from karyogram.segment.sam import PADDING, Sam, embed, load_sam, segment_point
from karyogram.weights.cache import is_fetched

# networks: the fake encoder hands on the stain of the tile, the fake decoder fills it from the first point or the box


class FakeEncoder:
    def __init__(self):
        self.calls = 0

    def run(self, outputs, feeds):
        self.calls += 1
        (picture,) = feeds.values()
        assert list(feeds) == ["input"]
        assert picture.dtype == np.float32
        assert picture.shape == (1, 3, 1024, 1024)
        return [picture]


class FakeDecoder:
    def __init__(self):
        self.asked = []

    def run(self, outputs, feeds):
        assert {name: (feeds[name].dtype, feeds[name].ndim) for name in feeds} == {
            "image_embeddings": (np.float32, 4),
            "point_coords": (np.float32, 3),
            "point_labels": (np.float32, 2),
            "mask_input": (np.float32, 4),
            "has_mask_input": (np.float32, 1),
            "orig_im_size": (np.float32, 1),
        }
        places, labels = feeds["point_coords"][0], feeds["point_labels"][0]
        self.asked.append((places, labels))
        height, width = (int(side) for side in feeds["orig_im_size"])
        factor = 1024 / max(height, width)
        grey = feeds["image_embeddings"][0, 0, : round(height * factor), : round(width * factor)]
        dark = (cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA) < 0.8).astype(np.uint8)
        first = places[labels == 1][0] if (labels == 1).any() else places[labels >= 2].mean(0)
        x, y = np.clip(first / factor, 0, (width - 1, height - 1)).astype(int)
        _, parts = cv2.connectedComponents(dark)
        mask = (parts == parts[y, x]) & (dark[y, x] > 0)
        return [np.where(mask, 4.0, -4.0)[None, None], np.array([[1.2]]), None]


@pytest.fixture
def sam():
    return Sam(FakeEncoder(), FakeDecoder())


def drawn_cell(height=260, width=420):
    """Three bars, 12 pixels wide, and their boxes."""
    flat = np.full((height, width), 255, np.uint8)
    boxes = [(30, 40, 42, 90), (100, 60, 150, 72), (360, 180, 372, 240)]
    for xmin, ymin, xmax, ymax in boxes:
        flat[ymin:ymax, xmin:xmax] = 90
    return flat, boxes


def certain(items):
    return np.ones(len(items))


def doubtful(items):
    return np.full(len(items), 0.3)


# clicks


def test_a_click_gives_the_object_under_it_in_pixels_of_the_picture(sam):
    flat, boxes = drawn_cell()
    embedding = embed(sam, flat[20:200, 10:200], 10, 20)
    found = segment_point(sam, embedding, np.array([[36.0, 60.0]]), np.array([1]))
    assert found.bbox == boxes[0]
    assert found.mask.all()
    assert found.score == 1.0  # the model's estimate may leave 0..1


def test_points_and_box_reach_the_decoder_in_its_own_pixels(sam):
    embedding = embed(sam, np.full((100, 200), 255, np.uint8), 50, 10)
    points = np.array([[60.0, 20.0], [70.0, 30.0]])
    assert segment_point(sam, embedding, points, np.array([1, 0]), (55, 15, 75, 35)) is None  # the ground is no object
    segment_point(sam, embedding, points, np.array([1, PADDING]))
    segment_point(sam, embedding, np.zeros((0, 2)), np.zeros(0), (55, 15, 75, 35))
    (both, both_labels), (_, point_labels), (box, box_labels) = sam.decoder.asked
    assert np.allclose(both, np.array([[10, 10], [20, 20], [5, 5], [25, 25]]) * 5.12)
    assert both_labels.tolist() == [1, 0, 2, 3]
    assert point_labels.tolist() == [1, -1, -1]
    assert np.allclose(box, np.array([[5, 5], [25, 25]]) * 5.12)
    assert box_labels.tolist() == [2, 3]


# whole pictures


def test_a_drawn_cell_is_found_once_with_the_judges_scores(sam):
    flat, boxes = drawn_cell()
    found = segment_sam(flat, threshold_levels(flat), sam, certain)
    assert sorted(item.bbox for item in found) == sorted(boxes)
    assert {item.score for item in found} == {1.0}


def test_what_the_judge_doubts_is_asked_for_point_by_point():
    flat, _ = drawn_cell()
    levels = threshold_levels(flat)
    calm, doubting = find_prompts(flat, levels, certain), find_prompts(flat, levels, doubtful)
    assert len(calm) == 3
    assert all(prompt.box for prompt in calm)
    points = [prompt.points for prompt in doubting if prompt.box is None]
    assert len(points) >= 12
    assert all(flat[int(y), int(x)] < 255 for place in points for x, y in place)
    assert {tuple(prompt.labels) for prompt in doubting if prompt.box is None} == {(1,), (1, PADDING)}


def test_the_centre_of_a_neighbour_is_a_negative_point():
    flat = np.full((200, 200), 255, np.uint8)
    flat[50:110, 60:72] = flat[50:110, 82:94] = 90
    for prompt in find_prompts(flat, threshold_levels(flat), certain):
        xmin, _, xmax, _ = prompt.box
        inside = (prompt.points[:, 0] > xmin) & (prompt.points[:, 0] < xmax)
        assert inside.tolist() == (prompt.labels == 1).tolist() == [True, False]


def test_each_tile_is_read_once_and_only_if_something_is_asked_of_it(sam):
    flat, boxes = drawn_cell(700, 700)
    levels = threshold_levels(flat)
    found = segment_sam(flat, levels, sam, certain)
    assert sorted(item.bbox for item in found) == sorted(boxes)
    assert sam.encoder.calls <= 2 < len(cut_tiles(700, 700, round(24 * levels.width)))


def test_masks_end_where_the_stain_ends_and_specks_are_no_chromosomes(sam):
    flat, boxes = drawn_cell()
    levels = threshold_levels(flat)
    sam.decoder.run = lambda outputs, feeds: [np.ones((1, 1, *feeds["orig_im_size"].astype(int))), np.ones((1, 1)), None]
    found = segment_sam(flat, levels, sam, certain)  # the model calls the whole tile one object
    assert found
    assert all(item.bbox in boxes for item in found)
    sam.decoder.run = lambda outputs, feeds: [np.full((1, 1, *feeds["orig_im_size"].astype(int)), -1.0), np.ones((1, 1)), None]
    assert segment_sam(flat, levels, sam, certain) == []


def test_a_picture_without_objects_asks_nothing(sam):
    flat, _ = drawn_cell()
    levels = threshold_levels(flat)
    empty = replace(levels, masks=tuple(np.zeros_like(mask) for mask in levels.masks))
    assert segment_sam(flat, empty, sam, certain) == []
    assert sam.encoder.calls == 0


def test_of_masks_that_share_much_the_most_whole_stays():
    one, same, half, apart = (
        Instance(np.ones(shape, bool), x, 0) for shape, x in (((40, 10), 0), ((39, 10), 0), ((20, 10), 0), ((40, 10), 7))
    )
    kept = pick_masks([same, half, apart, one], np.array([0.7, 0.9, 0.5, 0.8]))
    assert [(item.mask.shape, item.x, item.score) for item in kept] == [((40, 10), 0, 0.8), ((40, 10), 7, 0.5)]


@settings(max_examples=40)
@given(st.integers(1, 900), st.integers(1, 900), st.integers(40, 400))
def test_tiles_cover_every_pixel_and_stay_inside(height, width, side):
    seen = np.zeros((height, width), bool)
    for rows, columns in cut_tiles(height, width, side):
        assert 0 <= rows.start < rows.stop <= height
        assert 0 <= columns.start < columns.stop <= width
        assert max(rows.stop - rows.start, columns.stop - columns.start) <= side
        seen[rows, columns] = True
    assert seen.all()


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(4, 30))
def test_spread_points_lie_in_the_object_a_width_apart(height, width, reach):
    points = spread_points(Instance(np.ones((height, width), bool), 7, 3), reach)
    assert len(points) >= 1
    assert ((points > (7, 3)) & (points < (7 + width, 3 + height))).all()
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)[~np.eye(len(points), dtype=bool)]
    assert (gaps > reach).all()


# the real thing


@pytest.mark.skipif(not is_fetched("sam"), reason="the weights are not fetched: karyogram models fetch sam")
def test_the_real_weights_find_a_drawn_bar():
    flat, boxes = drawn_cell()
    sam = load_sam(1)
    found = segment_point(sam, embed(sam, flat[:200, :200]), np.array([[36.0, 60.0]]), np.array([1]))
    assert np.abs(np.subtract(found.bbox, boxes[0])).max() <= 3

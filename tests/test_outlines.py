"""Masks redrawn where chromosomes meet: what the network is shown, and what becomes of its answer."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from karyogram.datasets.compose import Scene, compose
from karyogram.datasets.cutouts import Cutout
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.image.background import flatten
from karyogram.labels import LABELS
from karyogram.metrics.masks import depth_map
from karyogram.records import Instance
from karyogram.segment.outlines import SIDE, crop, meets, place, redraw
from karyogram.shape.size import cell_scale
from karyogram.weights.catalogue import OUTLINER, load_model

SHAPE = (220, 260)
STAIN = np.ones(SHAPE, bool)


def bar(top: int, left: int, height: int, width: int) -> Instance:
    return Instance(np.ones((height, width), bool), left, top)


def crossing() -> list[Instance]:
    """A bar upright, one across it, and one alone."""
    return [bar(50, 100, 70, 16), bar(80, 70, 14, 80), bar(160, 200, 40, 14)]


@dataclass
class Answers:
    """Stands for a session: answers with what ``answer`` makes of the views, and keeps them."""

    answer: object
    seen: list

    def run(self, _, feeds):
        self.seen.append(feeds["views"])
        return [self.answer(feeds["views"])]


def model(answer):
    return SimpleNamespace(session=Answers(answer, []))


def own_mask(views):
    return views[:, 1].astype(np.float32) - 127


def iou(one: Instance, other: Instance) -> float:
    common = one.common(other)
    return common / (one.area + other.area - common)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.7])
def test_a_network_that_answers_with_the_mask_changes_nothing(scale):
    items = crossing()
    found = redraw(np.full(SHAPE, 255, np.uint8), items, STAIN, scale, model(own_mask))
    assert [iou(one, other) > 0.96 for one, other in zip(items, found, strict=True)] == [True] * 3
    assert found[2] is items[2]


def test_only_those_that_meet_are_shown_with_stain_own_mask_and_others():
    items, flat = crossing(), np.full(SHAPE, 255, np.uint8)
    flat[50:120, 100:116] = 100
    asked = model(own_mask)
    redraw(flat, items, STAIN, 1.0, asked)
    (views,) = asked.session.seen
    assert views.shape == (2, 3, SIDE, SIDE)
    stain, own, others = views[0]
    middle = np.s_[SIDE // 2 - 30 : SIDE // 2 + 30, SIDE // 2 - 4 : SIDE // 2 + 4]
    assert (stain[middle] == 155).all()
    assert (own[middle] == 255).all()
    assert (own > 0).sum() <= 72 * 18
    assert 0 < (others[middle] > 0).mean() < 0.5
    assert (others[:, :10] == 0).all()


def test_alone_means_farther_than_three_pixels():
    one = bar(50, 50, 40, 12)
    for gap, near in ((1, True), (3, True), (4, False)):
        other = bar(50, 62 + gap - 1, 40, 12)
        assert meets(one, depth_map([one, other], SHAPE)) == near
    assert not meets(one, depth_map([one], SHAPE))


def test_without_chromosomes_nothing_is_asked():
    assert redraw(np.full(SHAPE, 255, np.uint8), [], STAIN, 1.0, model(None)) == []


def test_a_better_mask_is_taken_and_keeps_the_rest_of_the_instance():
    item, true = replace(bar(50, 100, 40, 16), score=0.7), bar(50, 100, 70, 16)
    full = np.zeros(SHAPE, np.uint8)
    full[true.window()] = 255
    drawn = crop(full, item, 1.3).astype(np.float32) - 127
    found = place(drawn, item, STAIN, 1.3)
    assert found.score == 0.7
    assert iou(found, true) > 0.95


def test_a_chromosome_longer_than_a_view_keeps_its_ends():
    long = bar(10, 100, 200, 16)
    drawn = place(crop(255 * depth_map([long], SHAPE), long, 1.0).astype(np.float32) - 127, long, STAIN, 1.0)
    assert drawn.bbox == long.bbox


def test_a_mask_that_falls_to_pieces_or_vanishes_is_not_taken():
    item, logits = bar(50, 100, 70, 16), np.full((SIDE, SIDE), -5, np.float32)
    assert place(logits, item, STAIN, 1.0) is item
    logits[10:40, 50:70] = logits[80:110, 50:70] = 5
    assert place(logits, item, STAIN, 1.0) is item


def test_a_mask_ends_where_the_stain_ends():
    item, stain = bar(50, 100, 70, 16), np.zeros(SHAPE, bool)
    stain[40:130, 104:140] = True
    left, _, right, _ = place(np.full((SIDE, SIDE), 5, np.float32), item, stain, 1.0).bbox
    assert (left, right) == (104, 140)


def test_a_mask_ends_at_the_border_of_the_picture():
    item = bar(0, 0, 30, 14)
    found = place(np.full((SIDE, SIDE), 5, np.float32), item, STAIN, 1.0)
    left, top, right, bottom = found.bbox
    assert (left, top) == (0, 0)
    assert right <= SHAPE[1]
    assert bottom <= SHAPE[0]


def test_the_shipped_outliner_gives_both_what_lies_under_a_crossing():
    """Of each pair that shares pixels, one mask has lost them to the other."""
    rods = [draw_chromosome(label, np.random.default_rng(n), bend=0.2) for n, label in enumerate(LABELS * 2)]
    cutouts = [
        Cutout(np.where(rod.density > 0.05, rod.density, 0).astype(np.float32) / 2, n % 24) for n, rod in enumerate(rods)
    ]
    made = compose(cutouts, 1, Scene(size=(600, 600), chromosomes=(20, 24), touching=0, crossing=0.9, nuclei=0, debris=0))
    torn, taken = [], np.zeros(made.picture.shape, bool)
    for item in made.instances:
        torn.append(Instance(item.mask & ~taken[item.window()], item.x, item.y))
        taken[item.window()] |= item.mask
    scale = cell_scale(sum(item.area for item in made.instances), len(made.instances))
    found = redraw(flatten(made.picture), torn, np.ones(made.picture.shape, bool), scale, load_model(OUTLINER, "outliner", 1))
    shared = depth_map(made.instances, made.picture.shape) > 1
    assert shared.sum() > 500
    assert (depth_map(torn, shared.shape)[shared] <= 1).all()
    assert (depth_map(found, shared.shape)[shared] > 1).mean() > 0.5
    alike = [np.mean([iou(*pair) for pair in zip(made.instances, masks, strict=True)]) for masks in (torn, found)]
    assert alike[1] > alike[0]

"""The traces benchmark: outlines are compared pixel by pixel, one to one, and the committed traces keep their promises."""

import importlib.util
import json
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.datasets.splits import read_split
from karyogram.records import Chromosome, Karyotype

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FILES = sorted((BENCHMARKS / "traces").glob("*.json"))


def load():
    spec = importlib.util.spec_from_file_location("traces", BENCHMARKS / "traces.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


traces = load()


def box(x, y, width, height):
    """The outline of so many pixels, through the centres of the outermost ones."""
    right, bottom = x + width - 1, y + height - 1
    return np.array([[x, y], [right, y], [right, bottom], [x, bottom]], float)


RECTANGLES = st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 20)] * 2)


@given(RECTANGLES, RECTANGLES)
def test_rectangles_overlap_as_their_pixels_do(a, b):
    masks = np.zeros((2, 50, 50), bool)
    for mask, (x, y, width, height) in zip(masks, (a, b), strict=True):
        mask[y : y + height, x : x + width] = True
    expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
    assert traces.mask_iou(box(*a), box(*b)) == pytest.approx(expected)


def test_the_outline_of_a_mask_gives_the_mask_back():
    mask = cv2.ellipse(np.zeros((60, 80), np.uint8), (40, 30), (25, 9), 30, 0, 360, 1, -1)
    contour = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0][0][:, 0].astype(float)
    hull = box(0, 0, 80, 60)
    assert traces.mask_iou(contour, hull) == pytest.approx(mask.sum() / mask.size)


def test_half_pixels_move_no_outline():
    corners = np.array([[10, 10], [30, 10], [30, 20], [10, 20]], float)
    low, high = (traces.mask_iou(corners + shift, corners) for shift in (-0.5, 0.5))
    assert low == pytest.approx(high, abs=0.01)


def test_crossing_outlines_are_paired_with_their_own():
    truth = [box(0, 10, 40, 8), box(16, 0, 8, 30)]
    assert traces.match(truth, truth[::-1]).tolist() == [1.0, 1.0]


def test_an_object_that_swallows_two_chromosomes_counts_once():
    found = traces.match([box(0, 0, 10, 6), box(10, 0, 10, 4)], [box(0, 0, 20, 6)])
    assert found.tolist() == [0.5, 0.0]


def test_pairs_are_chosen_together():
    truth, predicted = [box(0, 0, 10, 10), box(4, 0, 10, 10)], [box(3, 0, 10, 10), box(12, 0, 10, 10)]
    # The first prediction fits the second chromosome better, and the second one fits nothing else.
    assert traces.match(truth, predicted) == pytest.approx([0.0, 90 / 110])


def test_nothing_predicted_is_nothing_found():
    assert traces.match([box(0, 0, 5, 5)], []).tolist() == [0.0]


def test_a_missed_chromosome_lowers_the_mean_but_not_the_mean_of_those_found():
    scores = traces.summarise(np.array([0.0, 0.6, 0.8, 0.95]))
    assert (scores["chromosomes"], scores["found"]) == (4, 3)
    assert (scores["mean"], scores["median"]) == (0.5875, 0.7)
    assert (scores["mean_found"], scores["median_found"]) == (0.7833, 0.8)
    assert [scores[f"share_{t}"] for t in (0.5, 0.75, 0.9)] == [0.75, 0.5, 0.25]
    assert traces.summarise(np.array([]))["mean"] is None


def write_case(folder):
    """One picture with three traces and a result that has two of them; one picture without result."""
    outlines = {"a": [box(0, 0, 30, 8), box(10, 0, 8, 30), box(60, 60, 10, 20)], "b": [box(5, 5, 9, 9)]}
    flags = [(True, False), (True, True), (False, False)]
    for name, polygons in outlines.items():
        chromosomes = [
            {"label": None, "crossing": crossing, "touching": touching, "polygon": polygon.tolist()}
            for polygon, (crossing, touching) in zip(polygons, flags, strict=False)
        ]
        path = folder / "traces" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"image": name, "chromosomes": chromosomes}))
    found = [
        Chromosome(i, "1", 1.0, (0.0,) * 24, 1.0, (0, 0, 1, 1), tuple(map(tuple, polygon.tolist())), 0.0, False, 9.0)
        for i, polygon in enumerate(outlines["a"][1:])
    ]
    result = folder / "out" / "a" / "karyotype.json"
    result.parent.mkdir(parents=True)
    result.write_text(Karyotype("a.jpg", 100, 100, tuple(found)).to_json())


def test_the_command_scores_groups_and_names_pictures_without_result(tmp_path, capsys):
    write_case(tmp_path)
    file = tmp_path / "scores.json"
    assert traces.main([str(tmp_path / "traces"), str(tmp_path / "out"), "--json", str(file)]) == 0
    output = capsys.readouterr()
    scores = json.loads(output.out)
    assert json.loads(file.read_text()) == scores
    assert [scores[group]["chromosomes"] for group in traces.GROUPS] == [4, 1, 0, 3]
    assert [scores[group]["mean"] for group in traces.GROUPS] == [0.5, 1.0, None, 0.3333]
    assert str(tmp_path / "out" / "b" / "karyotype.json") in output.err


BROKEN = ["", "[]", '{"image": "a"}', '{"image": "a", "chromosomes": [{"crossing": true, "polygon": [[1]]}]}']


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_of_traces_is_named(tmp_path, capsys, text):
    (tmp_path / "bad.json").write_text(text)
    assert traces.main([str(tmp_path), str(tmp_path)]) == 1
    assert "bad.json" in capsys.readouterr().err


def test_a_folder_without_traces_is_an_error(tmp_path, capsys):
    assert traces.main([str(tmp_path), str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_the_committed_traces_are_many_and_mostly_of_chromosomes_in_contact():
    groups = [trace.group for chromosomes in traces.read_traces(BENCHMARKS / "traces").values() for trace in chromosomes]
    assert len(groups) >= 200
    assert sum(group != "isolated" for group in groups) >= 100


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_committed_file_holds_small_distinct_outlines_of_a_test_picture(path):
    data = json.loads(path.read_text())
    assert data["image"] == path.stem
    assert read_split(BENCHMARKS / "splits" / "tseng2023.csv")[path.stem].part == "test"
    polygons = [np.array(c["polygon"]) for c in data["chromosomes"]]
    for polygon in polygons:
        assert 8 <= len(polygon) <= 80
        assert (polygon * 2 == np.rint(polygon * 2)).all()
        assert cv2.contourArea(polygon.astype(np.float32)) > 150
    for (a, one), (b, other) in combinations(zip(data["chromosomes"], polygons, strict=True), 2):
        shared = traces.mask_iou(one, other)
        assert shared < 0.4
        assert shared < 0.05 or (a["crossing"] and b["crossing"])

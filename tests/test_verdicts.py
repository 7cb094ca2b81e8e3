"""What was judged by eye on contact sheets, orientation.csv and label_errors.csv of benchmarks, and how it is read."""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from karyogram.datasets.splits import read_split
from karyogram.labels import LABELS
from karyogram.records import Instance

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import in_cells  # noqa: E402
import label_errors  # noqa: E402
import orientation  # noqa: E402
from sheets import cut_upright, read_table, write_table  # noqa: E402


@pytest.mark.parametrize(
    ("table", "verdicts"),
    [(orientation.TABLE, ("up", "down", "undecidable")), (label_errors.TABLE, label_errors.VERDICTS)],
)
def test_every_verdict_is_of_a_held_out_chromosome_and_one_of_those_allowed(table, verdicts):
    split = read_split(BENCHMARKS / "splits" / "tseng2023.csv")
    rows = read_table(table)
    assert len({(row["picture"], row["box"]) for row in rows}) == len(rows)
    assert all(split[row["picture"]].part == "test" and row["verdict"] in verdicts for row in rows)


def test_three_hundred_were_judged_and_each_class_has_its_share():
    counts = Counter(row["label"] for row in read_table(orientation.TABLE))
    assert counts.total() == 300
    assert {counts[label] for label in LABELS} == {12, 13}


def test_the_label_verdicts_are_about_all_that_the_model_got_wrong():
    scores = json.loads((BENCHMARKS / "results" / "gband-tseng2023-otsu.json").read_text("utf-8"))
    wrong = len(read_table(label_errors.TABLE))
    assert round(1 - wrong / scores["chromosomes"], 4) == scores["accuracy"]
    assert all(row["given"] != row["predicted"] for row in read_table(label_errors.TABLE))


def test_two_readings_agree_though_half_a_turn_lies_between_them(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write_table(first, orientation.COLUMNS, [("a", box, "1", 80.0, "up", "") for box in range(3)])
    rows = [("a", 0, "1", 260.0, "down", ""), ("a", 1, "1", 80.0, "down", ""), ("a", 2, "1", 260.0, "undecidable", "")]
    write_table(second, orientation.COLUMNS, rows)
    assert orientation.agree(first, second) == {
        "read twice": 3,
        "same": 1,
        "opposite": 1,
        "doubt": 1,
        "which": {"opposite": ["1: a box 1"], "doubt": ["1: a box 2"]},
    }


def test_a_cut_out_stands_upright_and_the_other_way_up_after_half_a_turn():
    flat = np.full((80, 80), 250, np.uint8)
    flat[10:70, 30:44] = 150
    flat[14:24, 30:44] = 60
    item = Instance(flat[8:72, 28:46] < 200, 28, 8)
    shown, turned = (cut_upright(flat, item, angle, 120, 60) for angle in (0.0, 180.0))
    assert shown.shape[0] == turned.shape[0] == 120
    upper, lower = (picture[:60].mean() for picture in (shown, turned))
    assert upper < lower - 20


def test_what_is_named_in_its_cell_is_counted_with_and_without_judged_labels():
    rows = [("otsu", "a", box, 3, 3) for box in range(8)] + [("otsu", "b", 0, 1, 2), ("otsu", "b", 1, 1, -1)]
    told = in_cells.score(rows, {("b", 0): "label error", ("b", 1): "model error"})
    assert (told["chromosomes"], told["not found"], told["right"]) == (10, 1, 0.8)
    assert (told["judged out"], told["right without"]) == (1, round(8 / 9, 5))
    assert told["wrong"] == ["b box 0: 2, told 3 (label error)", "b box 1: 2, told nothing (model error)"]

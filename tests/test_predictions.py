"""`karyogram evaluate` of a predictions.csv against class folders."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from karyogram.cli import main
from karyogram.datasets.splits import Entry, write_split
from karyogram.files import write_picture
from karyogram.metrics.classification import macro_f1, score_answers
from test_classify_cli import bar
from test_weights import tiny_classifier


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def classified(tmp_path):
    """Three pictures of a 1, one of a 2, all called 1, one of them not classified."""
    for label, number in (("1", 0), ("1", 1), ("1", 2), ("2", 3)):
        write_picture(tmp_path / "data" / label / f"c{number}.png", bar())
    (tmp_path / "one.onnx").write_bytes(tiny_classifier({"1": 9.0}))
    made = run(
        "classify", *(tmp_path / "data").glob("*/c[013].png"), "-o", tmp_path / "p.csv", "--model", tmp_path / "one.onnx"
    )
    assert made.exit_code == 0, made.output
    return tmp_path


def test_predictions_are_scored_against_the_folders_that_name_their_classes(classified):
    done = run("evaluate", classified / "data", classified / "p.csv", "--json", classified / "s.json")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines() if line.strip()]
    assert lines[0] == "3 pictures of single chromosomes"
    assert "Accuracy 0.6667 0.2077 to 0.9385 3 pictures" in lines
    assert lines[-2:] == ["1 2 1.0000", "2 1 0.0000"]
    scores = json.loads((classified / "s.json").read_text())
    assert (scores["pictures"], scores["accuracy"]) == (3, pytest.approx(2 / 3))
    assert scores["classes"] == {"1": [2, 2], "2": [0, 1]}
    assert scores["low"] < scores["accuracy"] < scores["high"]


def test_a_picture_asked_for_and_not_answered_is_wrong(classified):
    write_split(classified / "split.csv", [Entry(f"c{n}", str(n), "test" if n != 1 else "train") for n in range(4)])
    done = run("evaluate", classified / "data", classified / "p.csv", "--split", classified / "split.csv", "--json", "-")
    scores = json.loads(done.stdout)
    assert scores["classes"] == {"1": [1, 2], "2": [0, 1]}
    assert scores["without_result"] == ["c2.png"]
    assert "c2.png: no prediction" in done.stderr


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("a,b\n1,2\n", "the column label is missing"),
        ("path,label,probability\n1/c0.png,23,0.5\n", "line 2 is no prediction"),
        ("path,label,probability\n1/c0.png,1,sure\n", "line 2 is no prediction"),
        ("path,label,probability\n1/c0.png,1,nan\n", "line 2 is no prediction"),
        ("path,label,probability\n1/other.png,1,0.5\n", "nothing to score"),
    ],
)
def test_what_is_no_table_of_predictions_is_named(classified, table, reason):
    (classified / "p.csv").write_text(table)
    done = run("evaluate", classified / "data", classified / "p.csv")
    assert done.exit_code == 1
    assert "p.csv" in done.stderr
    assert reason in done.stderr


def test_the_first_of_metaphases_only(classified):
    assert run("evaluate", classified / "data", classified / "p.csv", "--first", 2).exit_code == 2


def test_answers_are_scored_as_the_metrics_do_and_none_is_never_right():
    truth, said = np.array([0, 0, 1, 23]), np.array([0, 1, 1, 2])
    scores = score_answers(truth, said, np.full(4, 0.5))
    assert scores["macro_f1"] == pytest.approx(macro_f1(truth, said))
    assert scores["ece"] == pytest.approx(0.0)
    assert score_answers(truth, np.full(4, -1), np.zeros(4))["macro_f1"] == 0.0

"""The pictures whose boxes deviate, checked by eye: benchmarks/adjudication.csv."""

import csv
from pathlib import Path

import pytest

from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.karyotype.readings import read_text
from karyogram.labels import LABELS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ROWS = list(csv.DictReader((BENCHMARKS / "adjudication.csv").read_text("utf-8").splitlines()))


def test_every_row_is_of_a_held_out_picture_and_says_why():
    split = read_split(BENCHMARKS / "splits" / "tseng2023.csv")
    assert len({row["picture"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert split[row["picture"]].part == "test"
        assert row["note"]
        assert read_text(row["boxes"]).entered
        assert not row["truth"] or read_text(row["truth"]).entered
    assert any(row["truth"] != row["boxes"] for row in ROWS)


@pytest.mark.data
def test_the_boxes_are_as_it_says_and_no_deviating_picture_is_forgotten(data_folder):
    judged = {row["picture"]: read_text(row["boxes"]) for row in ROWS}
    for name, entry in read_split(BENCHMARKS / "splits" / "tseng2023.csv").items():
        if entry.part != "test":
            continue
        labels = [box.label for box in read_voc(data_folder / "tseng2023" / "annotations" / f"{name}.xml").boxes]
        sex = labels.count("X"), labels.count("Y")
        plain = all(labels.count(label) == 2 for label in LABELS[:22]) and sex in ((2, 0), (1, 1))
        if name in judged:
            assert judged[name].number == len(labels)
            assert judged[name].sex == sex
        else:
            assert plain, name

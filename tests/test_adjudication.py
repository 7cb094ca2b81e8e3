"""The pictures whose boxes deviate, checked by eye: benchmarks/adjudication.csv and adjudication_train.csv."""

import csv
from pathlib import Path

import pytest

from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import read_voc
from karyogram.karyotype.readings import read_text
from karyogram.labels import LABELS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
#: File -> the parts of the split that it is about.
FILES = {"adjudication.csv": ("test",), "adjudication_train.csv": ("train", "val")}
ROWS = {file: list(csv.DictReader((BENCHMARKS / file).read_text("utf-8").splitlines())) for file in FILES}


@pytest.mark.parametrize("file", FILES)
def test_every_row_is_of_a_picture_of_its_part_and_says_why(file):
    split = read_split(BENCHMARKS / "splits" / "tseng2023.csv")
    assert len({row["picture"] for row in ROWS[file]}) == len(ROWS[file])
    for row in ROWS[file]:
        assert split[row["picture"]].part in FILES[file]
        assert row["note"]
        assert row["boxes"]
        assert not row["truth"] or read_text(row["truth"]).entered
    assert any(row["truth"] != row["boxes"] for row in ROWS[file])


@pytest.mark.data
@pytest.mark.parametrize("file", FILES)
def test_the_boxes_are_as_it_says_and_no_deviating_picture_is_forgotten(file, data_folder):
    judged = {row["picture"]: row["boxes"] for row in ROWS[file]}
    for name, entry in read_split(BENCHMARKS / "splits" / "tseng2023.csv").items():
        if entry.part not in FILES[file]:
            continue
        labels = [box.label for box in read_voc(data_folder / "tseng2023" / "annotations" / f"{name}.xml").boxes]
        sex = "".join(sorted(label for label in labels if label in ("X", "Y")))
        plain = all(labels.count(label) == 2 for label in LABELS[:22]) and sex in ("XX", "XY")
        if name in judged:
            assert judged[name].split(",")[:2] == [str(len(labels)), sex or "?"]
        else:
            assert plain, name

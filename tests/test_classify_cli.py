"""`karyogram classify`: what it writes, what it says of pictures it cannot read, and how cells are decided."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from karyogram.classify.predict import predict
from karyogram.cli import main
from karyogram.datasets.cutouts import to_grey
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.files import write_picture
from karyogram.labels import LABELS
from karyogram.segment.single import find_single
from karyogram.singles import classify_pictures
from karyogram.weights.catalogue import DEFAULT, load_model, model_names
from test_weights import tiny_classifier

COLUMNS = ["path", "label", "probability", "second_label", "second_probability", "flipped", "review"]


def bar(dark="above"):
    """A chromosome, grey 150, one half of it 60, on white; uint8 (60, 40)."""
    picture = np.full((60, 40), 255, np.uint8)
    picture[8:52, 14:26] = 150
    picture[(slice(8, 30) if dark == "above" else slice(30, 52)), 14:26] = 60
    return picture


@pytest.fixture
def model(tmp_path):
    """A model that calls everything a chromosome 1, and where it may not, a 2."""
    file = tmp_path / "model" / "one.onnx"
    file.parent.mkdir()
    file.write_bytes(tiny_classifier({"1": 3.0, "2": 1.0}))
    return str(file)


def classify(*arguments):
    return CliRunner().invoke(main, ["classify", *map(str, arguments)])


def rows_of(path):
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return rows


def test_each_picture_has_a_row(tmp_path, model):
    for name in ("b/2", "a/1", "c"):
        write_picture(tmp_path / "in" / f"{name}.png", bar())
    done = classify(tmp_path / "in", "-o", tmp_path / "out" / "predictions.csv", "--model", model)
    assert done.exit_code == 0, done.output
    assert "3 of 3 pictures classified" in done.stdout
    rows = rows_of(tmp_path / "out" / "predictions.csv")
    assert [row["path"] for row in rows] == [str(tmp_path / "in" / name) for name in ("a/1.png", "b/2.png", "c.png")]
    for row in rows:
        assert (row["label"], row["second_label"]) == ("1", "2")
        assert 1 >= float(row["probability"]) > float(row["second_probability"]) > 0
        assert row["review"] == "class uncertain"


def test_flipped_says_whether_a_half_turn_puts_the_short_arm_up(tmp_path, model):
    write_picture(tmp_path / "1.png", bar("above"))
    write_picture(tmp_path / "2.png", bar("below"))
    assert classify(tmp_path / "1.png", tmp_path / "2.png", "-o", tmp_path / "p.csv", "--model", model).exit_code == 0
    assert [row["flipped"] for row in rows_of(tmp_path / "p.csv")] == ["false", "true"]


def test_pictures_that_fail_are_named_and_the_rest_is_done(tmp_path, model):
    write_picture(tmp_path / "in" / "good.png", bar())
    write_picture(tmp_path / "in" / "blank.png", np.full((50, 50), 255, np.uint8))
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no picture")
    done = classify(tmp_path / "in", tmp_path / "gone.png", "-o", tmp_path / "p.csv", "--model", model)
    assert done.exit_code == 1
    assert [row["path"] for row in rows_of(tmp_path / "p.csv")] == [str(tmp_path / "in" / "good.png")]
    errors = [line for line in done.stderr.splitlines() if not line.startswith("classify ")]
    assert len(errors) == 3
    assert f"{tmp_path / 'in' / 'blank.png'}: no chromosome stands out from the ground" in errors
    assert any(line.startswith(f"{tmp_path / 'in' / 'broken.jpg'}: not a") for line in errors)
    assert any(line.startswith(f"{tmp_path / 'gone.png'}: cannot be read") for line in errors)
    assert "1 of 4 pictures classified" in done.stdout


def test_an_unexpected_error_is_the_failure_of_one_picture(tmp_path, model, monkeypatch):
    def fragile(pixels):
        if pixels.shape == (60, 41):
            raise RuntimeError("never seen before")
        return find_single(pixels)

    monkeypatch.setattr("karyogram.singles.find_single", fragile)
    write_picture(tmp_path / "in" / "1.png", np.pad(bar(), ((0, 0), (0, 1)), constant_values=255))
    write_picture(tmp_path / "in" / "2.png", bar())
    done = classify(tmp_path / "in", "-o", tmp_path / "p.csv", "--model", model, "--cell-regex", "(png)")
    assert done.exit_code == 1
    assert f"{tmp_path / 'in' / '1.png'}: RuntimeError: never seen before" in done.stderr.splitlines()
    assert [row["path"] for row in rows_of(tmp_path / "p.csv")] == [str(tmp_path / "in" / "2.png")]


def test_a_picture_that_the_model_stumbles_over_takes_no_other_with_it(tmp_path, model, monkeypatch):
    def fragile(model, flat, instances, scale):
        if flat.shape == (60, 41):
            raise RuntimeError("too strange")
        return predict(model, flat, instances, scale)

    monkeypatch.setattr("karyogram.singles.predict", fragile)
    for number, more in (("1", 1), ("2", 0), ("3", 0)):
        write_picture(tmp_path / "in" / f"{number}.png", np.pad(bar(), ((0, 0), (0, more)), constant_values=255))
    done = classify(tmp_path / "in", "-o", tmp_path / "p.csv", "--model", model, "--cell-regex", "(png)")
    assert done.exit_code == 1
    assert f"{tmp_path / 'in' / '1.png'}: RuntimeError: too strange" in done.stderr.splitlines()
    assert [row["path"] for row in rows_of(tmp_path / "p.csv")] == [str(tmp_path / "in" / f"{n}.png") for n in (2, 3)]


def test_an_answer_that_cannot_be_explained_takes_no_other_with_it(tmp_path, model):
    line = np.full((60, 40), 240, np.uint8)
    line[30] = 60
    for name, picture in {"a": line, "b": bar()}.items():
        write_picture(tmp_path / "in" / f"{name}.png", picture)
    done = classify(tmp_path / "in", "-o", tmp_path / "p.csv", "--model", model, "--explain")
    assert done.exit_code == 1
    assert f"{tmp_path / 'in' / 'a.png'}: ValueError: the canvas is empty" in done.stderr
    assert len(rows_of(tmp_path / "p.csv")) == 2
    assert (tmp_path / "p-explained" / "b.png").is_file()


def test_pictures_whose_names_lack_the_group_are_no_cell(tmp_path, model):
    names = [write_picture(tmp_path / f"{name}.png", bar()) for name in ("a", "b", "c", "d_7", "e_7", "f_7")]
    answers = list(classify_pictures(names, load_model(model), "^[a-z](?:_([0-9]))?"))
    labels = [a.label for a in answers]
    assert (labels[:3], sorted(labels[3:])) == (["1", "1", "1"], ["1", "1", "2"]), "no three of one class in a cell"


def test_a_picture_named_twice_is_answered_twice(tmp_path, model):
    picture = write_picture(tmp_path / "1.png", bar())
    done = classify(picture, picture, "-o", tmp_path / "p.csv", "--model", model)
    assert "2 of 2 pictures classified" in done.stdout
    assert [row["path"] for row in rows_of(tmp_path / "p.csv")] == [str(picture)] * 2


def test_an_input_is_never_overwritten(tmp_path, model):
    picture = write_picture(tmp_path / "1.png", bar())
    before = picture.read_bytes()
    assert classify(picture, "-o", picture, "--model", model).exit_code == 2
    assert picture.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_utf8_is_written_readably(tmp_path, model):
    path = tmp_path / os.fsdecode(b"odd\xff.png")
    write_picture(tmp_path / "1.png", bar()).rename(path)
    assert classify(path, "-o", tmp_path / "p.csv", "--model", model).exit_code == 0
    assert rows_of(tmp_path / "p.csv")[0]["path"].endswith(r"odd\udcff.png")


def test_the_chromosomes_of_a_cell_are_decided_jointly(tmp_path, model):
    for name in ("x_a_1", "x_a_2", "x_a_3", "x_a_4", "x_b_1", "other"):
        write_picture(tmp_path / "in" / f"{name}.png", bar())
    asked = [tmp_path / "in", "-o", tmp_path / "p.csv", "--model", model]
    assert classify(*asked).exit_code == 0
    assert {row["label"] for row in rows_of(tmp_path / "p.csv")} == {"1"}
    assert classify(*asked, "--cell-regex", r"_([a-z])_\d").exit_code == 0
    rows = rows_of(tmp_path / "p.csv")
    by_name = {row["path"].rsplit("/", 1)[-1].removesuffix(".png"): row for row in rows}
    assert sorted(by_name[f"x_a_{i}"]["label"] for i in range(1, 5)) == ["1", "1", "2", "2"]
    assert by_name["x_b_1"]["label"] == by_name["other"]["label"] == "1"
    for row in rows:
        moved = row["label"] == "2"
        assert ("moved by its cell" in row["review"]) == moved
        assert row["second_label"] == ("1" if moved else "2")
        assert (float(row["probability"]) < float(row["second_probability"])) == moved


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (["--cell-regex", "cell"], "needs a group"),
        (["--cell-regex", "("], "no regular expression"),
        (["--model", "nothing"], "no model named 'nothing'"),
        (["--model", "gone.onnx"], "gone.onnx: cannot be read"),
    ],
)
def test_wrong_usage_is_exit_status_2_and_writes_nothing(tmp_path, model, extra, reason):
    write_picture(tmp_path / "1.png", bar())
    done = classify(tmp_path / "1.png", "-o", tmp_path / "p.csv", "--model", model, *extra)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert not (tmp_path / "p.csv").exists()


def test_no_picture_at_all_is_wrong_usage(tmp_path, model):
    (tmp_path / "empty").mkdir()
    done = classify(tmp_path / "empty", "-o", tmp_path / "p.csv", "--model", model)
    assert done.exit_code == 2
    assert f"no pictures in {tmp_path / 'empty'}" in done.stderr
    assert classify(tmp_path / "empty", "--model", model).exit_code == 2


@pytest.mark.skipif(DEFAULT not in model_names(), reason="no model ships yet")
def test_the_shipped_model_reads_drawn_chromosomes(tmp_path):
    rng = np.random.default_rng(0)
    for label in LABELS:
        rod = draw_chromosome(label, rng, bend=0.3)
        picture = np.pad(np.clip(255 * np.exp(-rod.density), 0, 255).astype(np.uint8), 12, constant_values=255)
        write_picture(tmp_path / "in" / f"chr{label}.png", picture)
    done = classify(tmp_path / "in", "-o", tmp_path / "p.csv")
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "p.csv")
    assert len(rows) == 24
    for row in rows:
        assert row["label"] in LABELS
        assert row["second_label"] in set(LABELS) - {row["label"]}
        assert 1 >= float(row["probability"]) >= float(row["second_probability"]) >= 0
        assert row["flipped"] in ("true", "false")
    right = sum(row["path"].endswith(f"chr{row['label']}.png") for row in rows)
    assert right >= 8  # drawn bands are not photographed ones; chance would be 1


def test_a_whole_cell_is_brought_to_its_size(tmp_path):
    truth = {}
    for number, label in enumerate([*LABELS[:22], *LABELS[:22], "X", "Y"]):
        rod = draw_chromosome(label, np.random.default_rng(number), size=65.0, width=8.75, bend=0.3)
        picture = np.pad(to_grey(rod.density).clip(0, 255).astype(np.uint8), 6, constant_values=255)
        truth[write_picture(tmp_path / f"half_{number}.png", picture)] = label
    alone, together = (list(classify_pictures(list(truth), load_model("gband"), regex)) for regex in (None, "(half)"))
    right = [sum(answer.label == truth[Path(answer.path)] for answer in answers) for answers in (alone, together)]
    assert right[0] < 20
    assert right[1] >= 44

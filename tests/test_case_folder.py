"""`karyogram case`: from a folder of pictures or results, or a manifest, to files."""

import csv
from dataclasses import fields, replace

import cv2
import pytest
from click.testing import CliRunner

import karyogram
from karyogram.cli import main
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.files import write_picture, write_text
from karyogram.records import Case, Cell, Karyotype
from test_case import assert_follows_schema


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two drawn cells of 47 and one of 46 chromosomes, as if they had been analysed."""
    home = tmp_path_factory.mktemp("case")
    for number, text in enumerate(("47,XX,+21", "47,XX,+21", "46,XX")):
        picture, truth = synth_metaphase(number, text)
        path = write_picture(home / "pictures" / f"c{number}.png", picture)
        write_text(home / "results" / f"c{number}" / "karyotype.json", replace(truth, image=str(path)).to_json())
    return home


def run(*arguments):
    return CliRunner().invoke(main, ["case", *map(str, arguments)])


def test_a_folder_of_results_becomes_a_case(results, tmp_path):
    done = run(results / "results", "-o", tmp_path / "out", "--name", "patient 7")
    assert done.exit_code == 0, done.output
    case = Case.from_json((tmp_path / "out" / "case.json").read_text())
    assert (case.name, case.kind, case.iscn) == ("patient 7", "constitutional", "mos 47,XX,+21[2]/46,XX[1]")
    assert_follows_schema(case)
    rows = list(csv.DictReader((tmp_path / "out" / "cells.csv").open()))
    assert list(rows[0]) == [f.name for f in fields(Cell)]
    assert {row["number"] for row in rows} == {"46", "47"}
    assert all(200 < int(row["bands"]) < 600 for row in rows), "drawn at 550 bands"
    sheet = cv2.imread(str(tmp_path / "out" / "sheet.png"))
    assert sheet.shape[1] > 1800
    assert sheet.shape[0] > 1500, "two rows of karyograms"


def test_a_manifest_says_what_cells_are_for(results, tmp_path):
    write_text(
        tmp_path / "case.csv",
        "path,use,number,iscn,note\n"
        f"{results / 'results' / 'c0'},,,,\n"
        f'{results / "results" / "c2"},,,"46,XX,t(9;22)(q34;q11.2)",seen twice\n'
        "slide 4,counted,46,,\n"
        "slide 5,excluded,90,,two cells\n",
    )
    done = run(tmp_path / "case.csv", "-o", tmp_path / "out", "--acquired", "--sex", "XX")
    assert done.exit_code == 0, done.output
    case = Case.from_json((tmp_path / "out" / "case.json").read_text())
    assert case.kind == "acquired"
    assert [(c.use, c.number) for c in case.cells][-2:] == [("counted", 46), ("excluded", 90)]
    entered = next(c for c in case.cells if c.entered and c.iscn)
    assert (entered.iscn, entered.note) == ("46,XX,t(9;22)(q34;q11.2)", "seen twice")
    assert len(case.karyotypes) == 2


def test_a_note_may_have_lines_and_a_folder_a_dot(tmp_path):
    write_text(tmp_path / "case.csv", 'path,use,number,note\nslide 4,counted,46,"blurred\nat the edge\u2028of it"\n')
    assert run(tmp_path / "case.csv", "-o", tmp_path / "out").exit_code == 0
    case = Case.from_json((tmp_path / "out" / "case.json").read_text())
    assert (case.name, [cell.note for cell in case.cells]) == ("case", ["blurred\nat the edge\u2028of it"])
    write_text(tmp_path / "Case 7.2" / "a" / "karyotype.json", Karyotype("a.png", 10, 10).to_json())
    assert run(tmp_path / "Case 7.2", "-o", tmp_path / "out").exit_code == 0
    assert Case.from_json((tmp_path / "out" / "case.json").read_text()).name == "Case 7.2"


def test_pictures_are_analysed_first_and_a_broken_one_is_named(results, tmp_path):
    picture = results / "pictures" / "c2.png"
    write_text(tmp_path / "case.csv", f"path\n{picture}\nbroken.png\n")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    done = run(tmp_path / "case.csv", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "broken.png: not a TIFF, PNG, JPEG or BMP picture" in done.stderr
    assert (tmp_path / "out" / "cells" / "c2" / "karyogram.png").is_file()
    assert karyogram.Case.from_json((tmp_path / "out" / "case.json").read_text()).cells[0].image == str(picture)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name\na\n", "no column 'name'"),
        ("path\n", "needs a column path and a row for each cell"),
        ("path,use\na,looked at\n", "line 2: a cell has a path, a use"),
        ("path,number\na,many\n", "line 2: a cell has a path, a use"),
        ("path\nnothing.png\n", "nothing.png is not there"),
        ('path,use,iscn\na,counted,"47,XX"\n', "lists 46 chromosomes, not 47"),
    ],
)
def test_a_manifest_that_is_none_is_refused(text, reason, tmp_path):
    write_text(tmp_path / "case.csv", text)
    done = run(tmp_path / "case.csv", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert reason in done.stderr


def test_a_folder_without_cells_is_refused(tmp_path):
    done = run(tmp_path, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "no pictures, no results" in done.stderr


@pytest.mark.parametrize("arguments", [["--structural", "t(9;22)"], ["--sex", "XXY"], ["--model", "nothing"]])
def test_wrong_usage_is_exit_status_2(arguments, results, tmp_path):
    assert run(results / "pictures", "-o", tmp_path / "out", *arguments).exit_code == 2

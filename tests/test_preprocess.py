"""`karyogram preprocess` and `karyogram crop`: what they write, what they refuse, how they end."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from karyogram.cli import main
from karyogram.cli.progress import track
from karyogram.datasets.crop import crop_boxes
from karyogram.datasets.voc import Annotation, Box
from karyogram.draw.stages import GAP, PANEL, draw_stages
from karyogram.files import read_picture, write_picture, write_text
from karyogram.image.polarity import find_ground
from karyogram.segment.stages import clean_crop


def chromosome():
    canvas = np.full((64, 40), 245, np.float32)
    cv2.line(canvas, (20, 14), (20, 50), 110, 12)
    canvas[26:32, 14:27] = 70
    return cv2.GaussianBlur(canvas, (0, 0), 1).astype(np.uint8)


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("jobs", [1, 2])
def test_class_folders_stay_class_folders(tmp_path, jobs):
    for name in ("7/a.png", "7/b.tif", "X/a.png"):
        write_picture(tmp_path / "in" / name, chromosome())
    result = run("preprocess", tmp_path / "in", "-o", tmp_path / "out", "--size", 96, "--jobs", jobs)
    assert result.exit_code == 0, result.output
    expected = [f"{stem}{end}" for stem in ("7/a", "7/b", "X/a") for end in (".tiff", "_stages.png")]
    assert files_in(tmp_path / "out") == sorted(expected)
    square = read_picture(tmp_path / "out/7/a.tiff").pixels
    assert square.shape == (96, 96)
    assert find_ground(square) == "cut-out"
    rows = np.nonzero(square.any(1))[0]
    assert len(rows) >= 95
    band = square[(26 - 8) * 96 // 50 + 4 : (32 - 8) * 96 // 50 - 4, 44:52]
    assert band.mean() < square[70:80, 44:52].mean() - 20, "the dark band stays dark"
    with Image.open(tmp_path / "out/7/a_stages.png") as sheet:
        assert sheet.width == GAP + 8 * (PANEL + GAP)


def test_one_bad_picture_does_not_stop_the_others(tmp_path):
    write_picture(tmp_path / "in/good.png", chromosome())
    write_picture(tmp_path / "in/empty.png", np.full((30, 30), 250, np.uint8))
    write_text(tmp_path / "in/broken.png", "no picture")
    result = run("preprocess", tmp_path / "in", tmp_path / "missing.png", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert files_in(tmp_path / "out") == ["good.tiff", "good_stages.png"]
    for name in ("in/empty.png: no chromosome stands out", "in/broken.png: not a", "missing.png: cannot be read"):
        assert any(line.startswith(str(tmp_path / name)) for line in result.stderr.splitlines()), name


def test_no_input_is_overwritten_and_no_result_read_again(tmp_path):
    source = write_picture(tmp_path / "in/a.tiff", chromosome())
    before = source.read_bytes()
    assert run("preprocess", tmp_path / "in", "-o", tmp_path / "in").exit_code == 2
    assert run("preprocess", source, "-o", tmp_path / "in").exit_code == 2
    assert source.read_bytes() == before
    for _ in range(2):
        assert run("preprocess", tmp_path / "in", "-o", tmp_path / "in/out").exit_code == 0
        assert files_in(tmp_path / "in/out") == ["a.tiff", "a_stages.png"]


def test_no_result_falls_on_another(tmp_path):
    for name in ("a.png", "a_stages.png"):
        write_picture(tmp_path / "in" / name, chromosome())
    result = run("straighten", tmp_path / "in", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "a_stages.png would be the result of two inputs" in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


def test_an_unexpected_error_is_the_failure_of_one_picture(tmp_path, monkeypatch):
    def stumble(pixels):
        if pixels.max() < 255:
            raise IndexError("no such row")
        return clean_crop(pixels)

    monkeypatch.setattr("karyogram.segment.stages.clean_crop", stumble)
    write_picture(tmp_path / "in/a.png", chromosome())
    write_picture(tmp_path / "in/b.png", np.maximum(chromosome(), np.eye(64, 40, dtype=np.uint8) * 255))
    result = run("preprocess", tmp_path / "in", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"{tmp_path / 'in/a.png'}: IndexError: no such row" in result.stderr
    assert (tmp_path / "out/b.tiff").is_file()


def test_a_folder_whose_name_is_no_utf8_can_hold_results(tmp_path):
    source = write_picture(tmp_path / "a.png", chromosome())
    out = tmp_path / os.fsdecode(b"out\xff")
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}  # as Python is where the locale is en_US.UTF-8
    command = [sys.executable, "-m", "karyogram.cli", "straighten", source, "-o", out]
    done = subprocess.run(command, capture_output=True, env=strict)
    assert done.returncode == 0, done.stderr


def test_a_folder_without_pictures_is_wrong_usage(tmp_path):
    result = run("preprocess", tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr


def test_pictures_of_one_name_are_all_done(tmp_path):
    for name in ("in/a.png", "in/a.bmp"):
        write_picture(tmp_path / name, chromosome())
    assert run("preprocess", tmp_path / "in", "-o", tmp_path / "out").exit_code == 0
    assert [f for f in files_in(tmp_path / "out") if f.endswith(".tiff")] == ["a.bmp.tiff", "a.png.tiff"]


def test_stages_stand_in_a_row_each_in_its_panel():
    sheet = draw_stages({"one": np.zeros((10, 20), np.uint8), "two": np.full((40, 10), 255, np.uint8)})
    assert sheet.shape[1] == GAP + 2 * (PANEL + GAP)
    assert (sheet[GAP + PANEL // 2, GAP : GAP + PANEL] == 0).all()
    second = sheet[:, GAP + PANEL + GAP :]
    assert (second[GAP : GAP + PANEL, PANEL // 2] == 255).all()
    assert (sheet[GAP + PANEL :] < 120).any(), "the names are written below"


def test_progress_yields_everything_and_speaks_at_each_tenth(capsys):
    assert list(track(iter(range(25)), "work", 25)) == list(range(25))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "work 3/25"
    assert lines[-1] == "work 25/25"
    assert len(lines) == 10


def annotation(name, boxes, size=(60, 50)):
    objects = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
        "</bndbox></object>"
        for label, x0, y0, x1, y1 in boxes
    )
    head = f"<filename>{name}</filename><size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation>{head}{objects}</annotation>"


@pytest.fixture
def voc(tmp_path):
    picture = np.arange(3000, dtype=np.uint32).reshape(50, 60).astype(np.uint8)
    write_picture(tmp_path / "images/cell.png", picture)
    text = annotation("cell.jpg", [("G21", 5, 6, 15, 26), ("X", 30, 10, 70, 20), ("marker", 0, 0, 4, 4)])
    write_text(tmp_path / "annotations/cell.xml", text)
    return tmp_path, picture


def test_boxes_become_class_folders(voc):
    folder, picture = voc
    result = run("crop", folder / "annotations", "-o", folder / "out")
    assert result.exit_code == 0, result.output
    assert files_in(folder / "out") == ["21/cell_1.png", "X/cell_2.png", "unknown/cell_3.png"]
    assert (read_picture(folder / "out/21/cell_1.png").pixels == picture[6:26, 5:15]).all()
    assert (read_picture(folder / "out/X/cell_2.png").pixels == picture[10:20, 30:60]).all()


def test_what_is_broken_is_named_and_the_rest_done(voc):
    folder, _ = voc
    write_text(folder / "annotations/alone.xml", annotation("alone.jpg", [("X", 1, 1, 9, 9)]))
    write_text(folder / "annotations/broken.xml", "<annotation>")
    write_text(folder / "annotations/other.xml", annotation("cell.png", [("X", 1, 1, 9, 9)], size=(600, 500)))
    write_text(folder / "annotations/outside.xml", annotation("../annotations/cell.xml", [("X", 1, 1, 9, 9)]))
    result = run("crop", folder / "annotations", folder / "images", "-o", folder / "out")
    assert result.exit_code == 1
    assert len(files_in(folder / "out")) == 3
    named = [line.split(": ")[0] for line in result.stderr.splitlines() if line.startswith(str(folder))]
    assert named == [str(folder / f"annotations/{n}.xml") for n in ("alone", "broken", "other", "outside")]


def test_a_picture_is_also_found_by_the_name_the_annotation_gives(voc):
    folder, _ = voc
    write_text(folder / "sub/annotations/deep/renamed.xml", annotation(r"C:\scans\cell.png", [("C7", 1, 1, 9, 9)]))
    result = run("crop", folder / "sub/annotations", folder / "images", "-o", folder / "out")
    assert result.exit_code == 0, result.output
    assert files_in(folder / "out") == ["7/deep/renamed_1.png"]


def test_no_folder_of_pictures_is_wrong_usage(tmp_path):
    write_text(tmp_path / "annotations/a.xml", annotation("a.png", []))
    assert run("crop", tmp_path / "annotations", "-o", tmp_path / "out").exit_code == 2
    assert run("crop", tmp_path, tmp_path, "-o", tmp_path / "out").exit_code == 1


@pytest.mark.parametrize(("margin", "shape"), [(0, (20, 10)), (3, (26, 16)), (-4, (12, 2)), (-30, (1, 1)), (999, (50, 60))])
def test_the_margin_grows_or_shrinks_the_box_within_the_picture(margin, shape):
    picture = np.zeros((50, 60), np.uint8)
    truth = Annotation("a", 60, 50, (Box("21", (5, 6, 15, 26)),))
    ((label, crop),) = crop_boxes(picture, truth, margin)
    assert (label, crop.shape) == ("21", shape)


@pytest.mark.data
def test_real_boxes_become_chromosomes_on_black(data_folder, tmp_path):
    annotations = sorted((data_folder / "tseng2023/annotations").glob("*.xml"))
    source = annotations[len(annotations) // 2]
    crops = tmp_path / "crops"
    assert run("crop", source, data_folder / "tseng2023/images", "-o", crops).exit_code == 0
    chosen = sorted(crops.rglob("*.png"))[::6]
    assert run("preprocess", *chosen, "-o", tmp_path / "out").exit_code == 0
    squares = list((tmp_path / "out").glob("*.tiff"))
    assert len(squares) == len(chosen) >= 7
    for path in squares:
        pixels = read_picture(path).pixels
        assert pixels.shape == (224, 224)
        assert 0.05 < np.mean(pixels > 0) < 0.95

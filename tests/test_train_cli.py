"""`karyogram train` and `train-segmenter`: what they prepare, leave out, refuse and write."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from karyogram.classify.prepare import Preparation
from karyogram.datasets.cutouts import load_cutouts
from karyogram.datasets.splits import Entry, write_split
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.errors import DataError
from karyogram.files import read_picture, write_picture
from karyogram.training.cells import read_cell
from karyogram.training.cli import train
from karyogram.training.data import prepare_crops, prepare_metaphases, read_boxed
from karyogram.training.library import make_library
from karyogram.training.prepare import make_split
from karyogram.training.run import begin_run
from karyogram.training.segmenter_run import train_segmenter
from karyogram.weights.record import open_model

needs_torch = pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="needs the extra train")
SIDES = np.array([-1, -1, 1, 1]) * MARGIN


def run(command, *arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def metaphases(tmp_path_factory):
    """A folder of three boxed metaphases in three formats, two of the training part."""
    folder = tmp_path_factory.mktemp("metaphases")
    entries = []
    for seed, suffix in enumerate((".png", ".tif", ".jpg")):
        picture, truth = synth_metaphase(seed)
        boxes = tuple(Box(c.label, tuple(map(float, np.array(c.bbox) + SIDES))) for c in truth.chromosomes)
        write_picture(folder / "images" / f"{seed}{suffix}", picture)
        write_voc(folder / "annotations" / f"{seed}.xml", Annotation(f"elsewhere/{seed}", truth.width, truth.height, boxes))
        entries.append(Entry(str(seed), f"case{seed}", ("train", "train", "val")[seed]))
    write_split(folder / "split.csv", entries)
    return folder, {entry.name: entry for entry in entries}


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    """Class folders of ten cases with a chromosome 1 and a chromosome 21 each, thrice."""
    folder = tmp_path_factory.mktemp("crops")
    rng = np.random.default_rng(0)
    for case in range(10):
        for label in ("1", "21"):
            for copy in range(3):
                rod = draw_chromosome(label, rng, bend=0.2, angle=0.0)
                flat = np.clip(255 * np.exp(-np.pad(rod.density, 8)), 0, 255).astype(np.uint8)
                write_picture(folder / label / f"{label}_{copy}_c{case}_m_x.png", flat)
    return folder


def test_metaphases_of_any_format_are_read_and_broken_ones_named(metaphases, tmp_path):
    folder, split = metaphases
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    for file in [*(folder / "images").iterdir(), *(folder / "annotations").iterdir()]:
        (tmp_path / file.parent.name / file.name).write_bytes(file.read_bytes())
    (tmp_path / "images" / "1.tif").write_bytes(b"no picture")
    more = {**split, "gone": Entry("gone", "gone", "train")}
    with pytest.warns(UserWarning, match="left out") as caught:
        samples = prepare_metaphases(tmp_path / "images", tmp_path / "annotations", more, Preparation(), jobs=1)
    assert set(samples.table["name"]) == {"0", "2"}
    assert (samples.table["label"] >= 0).sum() > 80
    assert sorted(str(w.message).split(":")[1].rpartition("/")[2] for w in caught) == ["1.tif", "gone.xml"]


def test_a_folder_of_broken_metaphases_is_an_error(tmp_path):
    split = {"a": Entry("a", "a", "train")}
    with pytest.warns(UserWarning, match=r"a\.xml"), pytest.raises(DataError, match="any of the 1 pictures"):
        prepare_metaphases(tmp_path, tmp_path, split, Preparation(), jobs=1)


def test_class_folders_yield_counterexamples(crops):
    split = make_split(crops, r"_(c\d)_", seed=0)
    samples = prepare_crops(crops, split, Preparation(), jobs=1)
    pieces = samples.table["label"] < 0
    assert (~pieces).sum() == 60
    assert 2 <= pieces.sum() <= 16
    stained = (samples.canvases > 0).sum((1, 2))
    for row in np.flatnonzero(pieces):
        whole = samples.table["name"] == samples.table["name"][row]
        assert 0.1 < stained[row] / stained[whole & ~pieces][0] < 0.9
        assert samples.table["up"][row] == 0.5


def test_bright_chromosomes_on_black_are_learned_from_as_well(metaphases, tmp_path):
    folder, split = metaphases
    picture = read_picture(folder / "images" / "0.png").pixels
    write_picture(tmp_path / "0.png", 255 - picture)
    (plain, truth), (turned, _) = (read_boxed(images, folder / "annotations", "0") for images in (folder / "images", tmp_path))
    assert len(truth.boxes) == 46
    assert np.array_equal(plain, picture)
    assert np.array_equal(turned, picture)
    samples = prepare_metaphases(tmp_path, folder / "annotations", {"0": split["0"]}, Preparation(), jobs=1)
    assert (samples.table["label"] >= 0).sum() > 40


def test_a_crop_that_shows_nothing_is_named(crops, tmp_path):
    source = next((crops / "1").iterdir())
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / source.name).write_bytes(source.read_bytes())
    write_picture(tmp_path / "1" / "white.png", np.full((40, 20), 255, np.uint8))
    split = {name: Entry(name, name, "train") for name in (source.stem, "white")}
    with pytest.warns(UserWarning, match=r"left out: .*white\.png: no chromosome"):
        prepare_crops(tmp_path, split, Preparation(), jobs=1)


def test_boxes_too_small_for_the_margin_are_taken_as_they_are(tmp_path):
    picture = np.full((200, 200), 240, np.uint8)
    boxes = []
    for k in range(12):
        left, top = 20 + 45 * (k % 4), 20 + 55 * (k // 4)
        picture[top : top + 30, left : left + 10] = 90
        boxes.append(Box("1", (left, top, left + 10, top + 30)))
    write_picture(tmp_path / "images" / "a.png", picture)
    write_voc(tmp_path / "annotations" / "a.xml", Annotation("a", 200, 200, tuple(boxes)))
    (cell,) = read_cell(tmp_path, "a")
    assert not cell.exact.all()
    assert (cell.boxes[:, 2:] > cell.boxes[:, :2]).all()


@pytest.mark.parametrize(("pattern", "number"), [("(c)", 1), (r"_c([01])_", 2)])
def test_too_few_cases_are_an_error_before_anything_is_prepared(crops, pattern, number):
    with pytest.raises(DataError, match=rf"too few cases \({number}\)"):
        make_split(crops, pattern, seed=0)


def test_a_broken_crop_is_left_out_and_named(crops, tmp_path):
    (tmp_path / "1").mkdir()
    source = next((crops / "1").iterdir())
    (tmp_path / "1" / source.name).write_bytes(source.read_bytes())
    (tmp_path / "1" / "broken_c.png").write_bytes(b"no")
    split = {name: Entry(name, name, "train") for name in (source.stem, "broken_c")}
    with pytest.warns(UserWarning, match=r"left out: .*broken_c\.png: not a TIFF"):
        samples = prepare_crops(tmp_path, split, Preparation(), jobs=1)
    assert set(samples.table["name"]) == {source.stem}


def test_a_folder_that_names_no_class_is_refused(tmp_path):
    write_picture(tmp_path / "dogs" / "rex.png", np.zeros((9, 9), np.uint8))
    with pytest.raises(DataError, match=r"name no class \(1 to 22, X, Y\): dogs"):
        prepare_crops(tmp_path, {"rex": Entry("rex", "rex", "train")}, Preparation(), jobs=1)


def test_the_library_is_of_the_training_part_at_the_reference_size(metaphases, tmp_path):
    folder, split = metaphases
    library, grounds = make_library(folder, split, tmp_path, jobs=1)
    cutouts = load_cutouts(library)
    assert 40 <= len(cutouts) <= 46  # one of the two training pictures
    assert grounds == []
    assert 0.75 < np.mean([c.mask.sum() for c in cutouts]) ** 0.5 / 35.5 < 1.25
    stamp = library.stat().st_mtime_ns
    make_library(folder, split, tmp_path, jobs=1)
    assert library.stat().st_mtime_ns == stamp


def test_without_training_pictures_there_is_no_library(metaphases, tmp_path):
    folder, split = metaphases
    with pytest.raises(DataError, match="the part train"):
        make_library(folder, {"2": split["2"]}, tmp_path, jobs=1)


def test_a_run_goes_on_only_as_it_began(tmp_path):
    begin_run(tmp_path, {"epochs": 3, "rate": 0.1, "start": None})
    begin_run(tmp_path, {"rate": 0.1, "epochs": 3, "start": None})
    with pytest.raises(DataError, match=r"epochs was 3, now 4\): take a new OUT.*--start .*last\.ckpt"):
        begin_run(tmp_path, {"epochs": 4, "rate": 0.1, "start": None})


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give --split, or --case-regex"),
        (["--case-regex", "(c"], "no regular expression"),
        (["--case-regex", "c1"], "needs a group"),
        (["--case-regex", "(c)", "--seed", "-1"], "-1 is not in the range x>=0"),
        (["--case-regex", "(c)", "--drawn", "3"], "DATA has no annotations/"),
    ],
)
def test_wrong_usage_of_train_is_named(crops, tmp_path, arguments, reason):
    done = run(train, crops, "-o", tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["cli:train", "segmenter_run:train_segmenter", "outline_run:train_outliner"])
@pytest.mark.parametrize("missing", ["torch", "lightning", "onnx"])
def test_without_the_extra_one_line_says_what_to_install(metaphases, tmp_path, verb, missing):
    module, _, name = verb.partition(":")
    arguments = [str(metaphases[0]), "-o", str(tmp_path), "--split", str(metaphases[0] / "split.csv")]
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom karyogram.training.{module} import {name}; {name}({arguments})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "pip install 'karyogram[train]'" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_crops_become_a_model_and_the_run_is_not_changed_underway(crops, tmp_path):
    arguments = crops, "-o", tmp_path / "out", "--case-regex", r"_(c\d)_", "--name", "tiny", "--epochs"
    done = run(train, *arguments, 1)
    assert done.exit_code == 0, done.output
    model = open_model((tmp_path / "out" / "tiny.onnx").read_bytes(), threads=1)
    assert model.name == "tiny"
    settings = json.loads((tmp_path / "out" / "run.json").read_text())
    assert settings["epochs"] == 1
    assert settings["height"] == Preparation().height
    assert run(train, *arguments, 1).exit_code == 0
    done = run(train, *arguments, 2)
    assert done.exit_code == 1
    assert "epochs was 1, now 2" in done.stderr


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_what_a_segmenter_cuts_out_and_drawn_metaphases_are_learned_from(metaphases, tmp_path):
    folder, _ = metaphases
    options = ["--segmenter", "gband-segment", "--drawn", 1, "--epochs", 1, "--name", "m"]
    done = run(train, folder, "-o", tmp_path, "--split", folder / "split.csv", *options)
    assert done.exit_code == 0, done.output
    assert open_model((tmp_path / "m.onnx").read_bytes(), threads=1).name == "m"
    table = np.load(tmp_path / "prepared" / "table.npy")
    cut, drawn = table[table["name"] != "synth_0"], table[table["name"] == "synth_0"]
    assert len(drawn) == 46
    whole = cut[cut["label"] >= 0]
    pairs, times = np.unique(whole[["name", "box"]], return_counts=True)
    assert min(np.unique(pairs["name"], return_counts=True)[1]) >= 40
    assert set(times) == {1, 2}  # twice what meets others: as it was drawn, and drawn anew


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_metaphases_become_a_segmenter(metaphases, tmp_path):
    folder, _ = metaphases
    done = run(train_segmenter, folder, "-o", tmp_path, "--split", folder / "split.csv", "--steps", 1, "--batch", 1)
    assert done.exit_code == 0, done.output
    assert open_model((tmp_path / "own-segment.onnx").read_bytes(), "segmenter", threads=1).name == "own-segment"
    done = run(train_segmenter, folder, "-o", tmp_path, "--split", folder / "split.csv", "--steps", 2, "--batch", 1)
    assert done.exit_code == 1
    assert "steps was 1, now 2" in done.stderr

"""The documents say nothing that is not so."""

import doctest
import hashlib
import importlib
import json
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from joblib import parallel_config
from PIL import Image

from blocks import find_blocks, run_block
from karyogram import pipeline
from karyogram.cli import VERBS, main
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.files import write_picture
from karyogram.shape.cutout import cut_out

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")])
#: A drawn metaphase that is read right, and the classes whose chromosomes are cut out of it.
SEED, KARYOTYPE, CLASSES = 1, "47,XX,+18", ("18", "X")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """What the documents speak of: cell.jpg, folder/ and annotations/, crops/ (class folders), manifest.csv, run/mine.onnx."""
    desk = tmp_path_factory.mktemp("desk")
    picture, truth = synth_metaphase(SEED, KARYOTYPE)
    for path in ("cell.jpg", "folder/one.jpg", "folder/two.jpg"):
        (desk / path).parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(desk / path, quality=95)
    for name in ("one", "two"):
        boxes = tuple(Box(each.label, each.bbox) for each in truth.chromosomes)
        write_voc(desk / "annotations" / f"{name}.xml", Annotation(f"{name}.jpg", truth.width, truth.height, boxes))
    for each in truth.chromosomes:
        if each.label in CLASSES:
            upright, _ = cut_out(picture, each.polygon, each.angle, each.flipped)
            write_picture(desk / "crops" / each.label / f"{each.label}_{each.id}_case1.png", upright)
    (desk / "manifest.csv").write_text("path\nfolder/one.jpg\nfolder/two.jpg\n")
    (desk / "run").mkdir()
    shutil.copy(str(files("karyogram.weights") / "gband.onnx"), desk / "run" / "mine.onnx")
    return desk


@pytest.fixture(scope="module")
def one_look(desk):
    """All in this process; the same picture is cut apart once by the same models; nothing opens a viewer."""
    cut, seen = pipeline.find_chromosomes, {}

    def find_chromosomes(flat, reader):
        key = (hashlib.sha256(flat).hexdigest(), *reader.identity().values())
        if key not in seen:
            seen[key] = cut(flat, reader)
        return seen[key]

    with pytest.MonkeyPatch.context() as patch, parallel_config(backend="sequential"):
        patch.setattr(pipeline, "find_chromosomes", find_chromosomes)
        patch.setattr(Image.Image, "show", lambda self, title=None: None)
        yield


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_block_of_code_in_a_document_runs(document, desk, one_look, tmp_path, monkeypatch):
    shutil.copytree(desk, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for block in find_blocks(document):
        run_block(block, names)


def shown(name, group=None):
    """Scores of a file in benchmarks/results as the first page shows them: shares and accuracies in percent."""
    scores = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))
    scores = scores[group] if group else scores
    shares = {key: value["share"] if isinstance(value, dict) and "share" in value else value for key, value in scores.items()}
    return {key: f"{100 * value:.1f} %" for key, value in shares.items() if isinstance(value, float)}


def counted(name, score):
    """A share of a file in benchmarks/results as the first page shows it: so many of so many."""
    share = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))[score]
    return f"{share['hits']} of {share['of']}"


@pytest.mark.parametrize(
    ("row", "figures"),
    [
        ("chromosomes found in a metaphase", lambda: [shown("held-out-all")["found"]]),
        ("found and named right", lambda: [shown("held-out-all")["found_and_right"]]),
        ("cells wholly right", lambda: [shown("held-out-all")["pictures_wholly_right"]]),
        ("of chromosomes that a threshold isolates", lambda: [shown("gband-tseng2023-otsu")["accuracy"]]),
        ("the same in the whole cell", lambda: [shown("in_cells", "otsu")["right"]]),
        ("short arm up, of chromosomes isolated", lambda: [shown("orientation", "all")["agreement"]]),
        ("named right, of single low-resolution", lambda: [shown("gband-cirnet-cirnet")["accuracy"]]),
        ("changes of number found", lambda: [counted("findings", "all_changes_found")]),
        ("normal cells in which", lambda: [counted("findings", "normal_cells_flagged")]),
        ("short arm up, of single", lambda: [shown("gband-cirnet")["up"], shown("gband-cirnet-cirnet")["up"]]),
    ],
)
def test_the_first_page_shows_the_figures_of_the_benchmarks(row, figures):
    (line,) = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("|") and row in line]
    assert line.split("|")[2].strip() == " / ".join(figures())


def test_the_comparison_shows_the_figures_of_the_benchmarks():
    scores = json.loads((ROOT / "benchmarks" / "results" / "held-out-all.json").read_text("utf-8"))
    assert f"on our split, {scores['ap50']:.3f}, {scores['ap50_by_class']:.3f}" in (ROOT / "README.md").read_text("utf-8")


def test_the_command_line_reference_is_fresh(tmp_path):
    # In a process of its own: click remembers of a command how its help was asked for first.
    subprocess.run([sys.executable, str(ROOT / "docs" / "generate.py"), str(tmp_path / "fresh.md")], check=True)
    written = (ROOT / "docs" / "cli-reference.md").read_text("utf-8")
    assert written == (tmp_path / "fresh.md").read_text("utf-8"), "stale: run python docs/generate.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_in_a_document_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target
    for path in re.findall(r"`((?:docs|benchmarks|src|tests)/[\w./-]+)`", document.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_helps(verb):
    done = CliRunner().invoke(main, [verb, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith("Usage:")


def test_the_entry_point_works():
    done = subprocess.run([sys.executable, "-m", "karyogram.cli", "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "version" in done.stdout


#: Modules whose docstrings hold examples.
EXPLAINED = sorted(path for path in (ROOT / "src" / "karyogram").rglob("*.py") if ">>>" in path.read_text("utf-8"))


@pytest.mark.parametrize("path", EXPLAINED, ids=lambda path: path.stem)
def test_every_example_in_a_docstring_gives_what_it_says(path):
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed

"""The Python interface on the picture that ships with karyogram, and the notebook that shows it."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

import karyogram
from karyogram.records import Karyotype

NOTEBOOK = Path(__file__).parents[1] / "examples" / "karyogram.ipynb"


@pytest.fixture(scope="module")
def k():
    return karyogram.analyze(files("karyogram") / "data" / "demo.png")


def test_an_analysis_is_a_karyotype_with_its_picture(k):
    assert isinstance(k, Karyotype)
    assert sum(k.counts.values()) == len(k.chromosomes)
    assert k.picture.shape == (k.height, k.width)
    assert "picture" not in k.to_dict()
    assert Karyotype.from_json(k.to_json()).to_dict() == k.to_dict()
    assert replace(k, iscn="46,XX").picture is k.picture
    assert len(repr(replace(k, chromosomes=(), candidates=()))) < 1500


def test_it_draws_as_it_is_asked(k):
    assert (k.draw() == karyogram.draw_karyogram(k.picture, k)).all()
    assert k.draw(dpi=200, ideograms=400, measures=True).shape[1] > k.draw().shape[1]
    assert (k.overlay() == karyogram.draw_overlay(k.picture, k)).all()


def test_it_shows_in_the_picture_viewer(k, monkeypatch):
    shown = []
    monkeypatch.setattr(Image.Image, "show", lambda image, title: shown.append((image.size, title)))
    k.show(dpi=72)
    assert shown == [(k.draw(dpi=72).shape[1::-1], k.iscn)]


def test_it_saves_what_the_command_line_writes(k, tmp_path):
    folder = k.save(tmp_path / "cell", "csv,coco")
    assert {path.name for path in folder.iterdir()} == {"karyotype.json", "chromosomes.csv", "coco.json"}
    with pytest.raises(ValueError, match="no format docx; there are coco, csv"):
        k.save(tmp_path, "docx")
    assert len(k.to_coco()["annotations"]) == len(k.chromosomes)


def test_the_interface_needs_no_reportlab_until_a_pdf_is_asked_for():
    code = "import sys, karyogram; karyogram.analyze; assert not {'reportlab', 'torch', 'matplotlib'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_notebook_runs(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**os.environ, "PYTHONPATH": str(Path(karyogram.__file__).parents[1])})
    pictures = [out for cell in notebook.cells for out in cell.get("outputs", ()) if "image/png" in out.get("data", {})]
    assert len(pictures) == 3
    assert "'report.pdf'" in notebook.cells[-1].outputs[-1]["data"]["text/plain"]

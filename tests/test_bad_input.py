"""What anyone may hand over: damaged files, odd names, pictures of nothing. A result or one clear line, nothing else."""

import contextlib
import io
import json
import os
import tarfile

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bars import Bar, draw_cell
from karyogram.cases import find_sources
from karyogram.cli import main
from karyogram.datasets.boxed import as_pair
from karyogram.datasets.cutouts import load_cutouts
from karyogram.datasets.results import read_karyotype, read_names
from karyogram.datasets.sources import find_coco, find_predictions
from karyogram.datasets.splits import read_split
from karyogram.datasets.voc import Annotation, read_voc
from karyogram.errors import KaryogramError, ModelError, PictureError
from karyogram.exchange.coco import to_coco
from karyogram.exchange.regions import to_geojson
from karyogram.exchange.table import write_table
from karyogram.files import find_pictures, read_picture, write_picture
from karyogram.pipeline import open_metaphase
from karyogram.records import Case
from karyogram.weights import package
from karyogram.weights.package import read_package
from strategies import DEEP, KARYOTYPES, NAMES, altered, damaged

CELL = draw_cell([Bar("7", 60, 30.0), Bar("X", 90, -45.0), Bar(None, 40)], image="folder/cell.png")[1]
CASE = Case("1", "constitutional", karyotypes=(CELL,))
VOC = (
    b"<annotation><filename>a.jpg</filename><size><width>100</width><height>80</height></size><object><name>G21</name>"
    b"<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30.5</xmax><ymax>40</ymax></bndbox></object></annotation>"
)
COCO = json.dumps(to_coco(CELL)).encode()
SPLIT = b"name,case,part\na1,a,train\nb1,b,test\n"
MANIFEST = b"path,use,number,iscn,note\nx,counted,46,,\ny,excluded,,,smeared\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bad")


def answer(read, path, data):
    """What ``read`` makes of a file with this content; None if it says, in one line that names the file, why nothing."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    try:
        return read(path)
    except KaryogramError as error:
        said = str(error)
    assert str(path) in said
    assert "\n" not in said
    return None


# records and tables


@settings(max_examples=80)
@given(altered(CELL.to_dict()) | KARYOTYPES.flatmap(lambda karyotype: altered(karyotype.to_dict())))
def test_an_altered_karyotype_is_refused_or_can_be_used(folder, text):
    karyotype = answer(read_karyotype, folder / "karyotype.json", text)
    if karyotype is None:
        return
    assert json.loads(json.dumps([to_coco(karyotype), to_geojson(karyotype)]))
    write_table(folder / "chromosomes.csv", karyotype)
    with contextlib.suppress(ValueError):
        as_pair(Annotation("", karyotype.width, karyotype.height, ()), karyotype, (0, 0, 0, 0))


@given(altered(CASE.to_dict()))
def test_an_altered_case_is_refused_or_written_back(text):
    try:
        case = Case.from_json(text)
    except KaryogramError:
        return
    assert Case.from_json(case.to_json()) == case


def library():
    """The bytes of a small library."""
    buffer = io.BytesIO()
    np.savez(buffer, shapes=np.array([[2, 3], [1, 4]]), pixels=np.arange(10, dtype=np.uint8), labels=np.array([0, 23]))
    return buffer.getvalue()


def read_coco_file(path):
    """The boxes of all pictures; None for what is no COCO file."""
    found = find_coco(path)
    return found and [told.boxed() for told in found.pictures.values()]


READERS = {
    "cell.xml": (read_voc, VOC),
    "karyotype.json": (read_karyotype, CELL.to_json().encode()),
    "coco.json": (read_coco_file, COCO),
    "predictions.csv": (find_predictions, b"path,label,probability\n1/a.png,1,0.5\n"),
    "library.npz": (load_cutouts, library()),
    "split.csv": (read_split, SPLIT),
    "names.txt": (read_names, b"a\nb\n"),
    "manifest.csv": (lambda path: find_sources(path, path.parent / "out"), MANIFEST),
}


@pytest.mark.parametrize("name", READERS)
def test_a_whole_file_is_read_and_an_empty_one_refused(folder, name):
    read, whole = READERS[name]
    assert answer(read, folder / name, whole)
    assert answer(read, folder / name, b"") is None


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(folder, name, data):
    read, whole = READERS[name]
    answer(read, folder / name, data.draw(damaged(whole)))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "data", [b"\0" * 9, b"\xff\xfe", b"a" * 200_000, b'"' + b"a" * 200_000, b"[" * 100_000, b"path,number\nx," + b"1" * 5000]
)
def test_a_file_of_something_else_is_read_or_refused(folder, name, data):
    answer(READERS[name][0], folder / name, data)


# archives


def tarball(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@settings(max_examples=60)
@given(damaged(tarball(("a.onnx", b"12345"), ("../b.onnx", b"67890"))))
def test_a_damaged_package_is_read_or_refused(folder, data):
    path = folder / "package.tgz"
    answer(lambda path: read_package(path, ["a.onnx"]), path, data)


def test_nothing_of_a_package_reaches_the_disk(tmp_path):
    path = tmp_path / "in" / "package.tgz"
    path.parent.mkdir()
    path.write_bytes(tarball(("../escaped", b"1"), ("/tmp/escaped", b"2"), ("a", b"3")))
    assert read_package(path, ["a"]) == {"a": b"3"}
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]


def test_a_package_that_swells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MAX_BYTES", 9_000_000)
    (tmp_path / "bomb.tgz").write_bytes(tarball(("a", b"\0" * 10_000_000)))
    assert (tmp_path / "bomb.tgz").stat().st_size < 100_000
    with pytest.raises(ModelError, match=r"bomb\.tgz: more than 9 MB unpacked"):
        read_package(tmp_path / "bomb.tgz", ["a"])


# names


@given(st.lists(NAMES, max_size=4), NAMES)
def test_results_stay_inside_their_folder(folder, folders, name):
    out = folder / "out"
    for _, place in find_pictures([folder.joinpath(*folders, name)]):
        inside = (out / place).resolve()
        assert inside.parent == out.resolve()


def test_a_name_of_dots_does_not_lead_out_of_the_folder_of_results(tmp_path):
    write_picture(tmp_path / "in" / "...png", np.full((20, 30), 255, np.uint8))
    done = CliRunner().invoke(main, ["analyze", str(tmp_path / "in" / "...png"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "...png" / "karyotype.json").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


# pictures


@settings(max_examples=100)
@given(DEEP)
def test_deep_pictures_keep_their_order_whatever_numbers_they_hold(folder, array):
    path = folder / "deep.tif"
    tifffile.imwrite(path, array, photometric="minisblack")
    grey, known = read_picture(path).pixels.astype(int), np.isfinite(array)
    assert grey.shape == array.shape
    order = np.argsort(array[known], kind="stable")
    assert (np.diff(grey[known][order]) >= 0).all()
    assert not grey[np.isnan(array)].any() or not known.any()


def test_a_hot_pixel_does_not_turn_a_picture_black(tmp_path):
    deep = np.linspace(100, 4000, 120 * 100).round().astype(np.uint16).reshape(120, 100)
    deep[60, 50] = 65535
    tifffile.imwrite(tmp_path / "a.tif", deep)
    assert np.percentile(read_picture(tmp_path / "a.tif").pixels, [5, 50, 95]) == pytest.approx([13, 128, 242], abs=3)


def test_a_picture_may_not_have_more_pixels_than_asked_for(tmp_path):
    path = write_picture(tmp_path / "a.png", np.zeros((100, 100), np.uint8))
    assert read_picture(path, 10_000).pixels.shape == (100, 100)
    with pytest.raises(PictureError, match="100 x 100 pixels are more than the limit"):
        read_picture(path, 9_999)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(PictureError, match="cannot be read: not a file"):
            read_picture(path)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    """A hundred kilobytes that are 100 megapixels."""
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    (tmp_path / "bomb.png").write_bytes(buffer.getvalue())
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=r"bomb\.png: 10000 x 10000 pixels are more than the limit of 25 megapixels"):
        open_metaphase(tmp_path / "bomb.png")

"""`karyogram synth --from`: pictures of real chromosomes in, composites with their truth out."""

import json
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from karyogram.cli import main
from karyogram.datasets.coco import CATEGORIES, encode_mask
from karyogram.datasets.cutouts import make_cutout, save_cutouts, to_grey
from karyogram.datasets.grounds import save_grounds
from karyogram.datasets.material import find_material
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.voc import Annotation, Box, read_voc, write_voc
from karyogram.errors import DataError
from karyogram.files import read_picture, write_picture
from karyogram.labels import LABELS
from karyogram.records import Instance


@cache
def single(label, seed=0):
    rod = draw_chromosome(label, np.random.default_rng(seed), size=90, width=13, bend=0)
    return np.pad(to_grey(rod.density / 2).astype(np.uint8), 4, constant_values=255)


@pytest.fixture
def class_folders(tmp_path):
    for label in LABELS:
        for copy in (1, 2):
            write_picture(tmp_path / "single" / label / f"{label}_{copy}_5_6_7.png", single(label, copy))
    return tmp_path / "single"


def run(*options):
    return CliRunner().invoke(main, ["synth", *map(str, options)])


def decode(segmentation):
    height, width = segmentation["size"]
    values = np.arange(len(segmentation["counts"])) % 2 == 1
    return np.repeat(values, segmentation["counts"]).reshape(width, height).T


@given(st.data())
def test_a_mask_is_the_same_after_run_length_encoding(data):
    height, width = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    h, w = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    y, x = data.draw(st.integers(0, height - h)), data.draw(st.integers(0, width - w))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=h * w, max_size=h * w))).reshape(h, w)
    whole = np.zeros((height, width), bool)
    whole[y : y + h, x : x + w] = mask
    encoded = encode_mask(Instance(mask, x, y), (height, width))
    assert sum(encoded["counts"]) == height * width
    assert all(count > 0 for count in encoded["counts"][1:])
    assert np.array_equal(decode(encoded), whole)


def test_class_folders_become_whole_cells_with_boxes_and_overlapping_masks(class_folders, tmp_path):
    out = tmp_path / "out"
    done = run("--from", class_folders, "-o", out, "--number", 2, "--seed", 7, "--karyotype", "47,XY,+21", "--crossings", 12)
    assert done.exit_code == 0, done.output
    coco = json.loads((out / "coco.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == ["composite_0007.png", "composite_0008.png"]
    assert [annotation["id"] for annotation in coco["annotations"]] == list(range(1, 95))
    for image in coco["images"]:
        picture = read_picture(out / "images" / image["file_name"]).pixels
        boxes = read_voc(out / "annotations" / image["file_name"].replace("png", "xml"))
        masks = [annotation for annotation in coco["annotations"] if annotation["image_id"] == image["id"]]
        assert picture.shape == (image["height"], image["width"]) == (690, 700)
        depth = np.zeros(picture.shape, int)
        for annotation, box in zip(masks, boxes.boxes, strict=True):
            mask = decode(annotation["segmentation"])
            ys, xs = np.nonzero(mask)
            assert box.bbox == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
            assert annotation["bbox"] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]
            assert annotation["area"] == mask.sum()
            assert annotation["category_id"] == CATEGORIES[box.label]
            depth += mask
        assert [box.label for box in boxes.boxes].count("21") == 3
        assert depth.max() > 1
        assert np.median(picture[depth > 1]) < np.median(picture[depth == 1]) < np.median(picture[depth == 0])


def test_pycocotools_reads_the_masks(class_folders, tmp_path):
    tools = pytest.importorskip("pycocotools.coco")
    assert run("--from", class_folders, "-o", tmp_path, "--chromosomes", "5").exit_code == 0
    coco = tools.COCO(str(tmp_path / "coco.json"))
    assert len(coco.anns) == 5
    for annotation in coco.anns.values():
        assert np.array_equal(coco.annToMask(annotation) > 0, decode(annotation["segmentation"]))


def test_the_same_options_write_the_same_bytes(class_folders, tmp_path):
    for out in ("one", "two"):
        assert run("--from", class_folders, "-o", tmp_path / out, "--chromosomes", "4-9", "--size", "300x250").exit_code == 0
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 3
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_class_folders_keep_sizes_and_are_listed_cell_by_cell(class_folders):
    for label in ("1", "22"):
        write_picture(class_folders / label / f"{label}_1_5_6_1.png", single(label))
    cutouts = [cutout for read in find_material(class_folders) for cutout in read().cutouts]
    labels = [LABELS[cutout.label] for cutout in cutouts]
    assert labels == ["1", "22", *(label for label in LABELS for _ in range(2))]
    assert abs(cutouts[0].density.shape[0] - (single("1").shape[0] - 8)) <= 3
    assert cutouts[0].mask.sum() > 2 * cutouts[1].mask.sum()


def test_isolated_chromosomes_of_boxed_metaphases_and_their_backgrounds_are_used(tmp_path):
    picture, truth = synth_metaphase(3)
    boxes = [Box(c.label, (c.bbox[0] - 7, c.bbox[1] - 8, c.bbox[2] + 5, c.bbox[3] + 4)) for c in truth.chromosomes]
    write_picture(tmp_path / "images" / "a.png", picture)
    write_voc(tmp_path / "annotations" / "a.xml", Annotation("a.png", truth.width, truth.height, tuple(boxes)))
    (read,) = find_material(tmp_path)
    material = read()
    assert len(material.cutouts) > 30
    assert len({cutout.label for cutout in material.cutouts}) > 18
    assert [ground.shape for ground in material.grounds] == [picture.shape]
    assert run("--from", tmp_path, "-o", tmp_path / "out", "--chromosomes", "8").exit_code == 0
    assert len(read_voc(tmp_path / "out" / "annotations" / "composite_0000.xml").boxes) == 8


def test_a_library_brings_the_backgrounds_that_lie_beside_it(tmp_path):
    cutout = make_cutout(np.full((30, 12), 120, np.uint8), np.ones((30, 12), bool), 3)
    save_cutouts(tmp_path / "library.npz", [cutout] * 3)
    save_grounds(tmp_path / "grounds.npz", [np.full((90, 90), 250, np.uint8)])
    for source in (tmp_path, tmp_path / "library.npz"):
        (read,) = find_material(source)
        assert len(read().cutouts) == 3
        assert len(read().grounds) == 1


@pytest.mark.parametrize(
    ("folders", "reason"),
    [([], "no class folders"), (["marker", "7"], "name no class (1 to 22, X, Y): marker"), (["unknown"], "no class folders")],
)
def test_folders_that_hold_no_classes_are_refused(tmp_path, folders, reason):
    for folder in folders:
        write_picture(tmp_path / "in" / folder / "a.png", single("7"))
    (tmp_path / "in").mkdir(exist_ok=True)
    with pytest.raises(DataError, match="in: "):
        find_material(tmp_path / "in")
    done = run("--from", tmp_path / "in", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert reason in done.output
    assert not (tmp_path / "out").exists()


def test_a_broken_picture_is_named_and_the_rest_are_used(class_folders, tmp_path):
    (class_folders / "3" / "broken.png").write_bytes(b"no")
    (class_folders / "3" / "empty.png").write_bytes(b"")
    write_picture(class_folders / "3" / "white.png", np.full((40, 40), 255, np.uint8))
    done = run("--from", class_folders, "-o", tmp_path / "out", "--chromosomes", "6")
    assert done.exit_code == 1
    for name in ("broken.png", "empty.png", "white.png"):
        assert f"{class_folders / '3' / name}: " in done.output
    assert "1 pictures of 48 chromosomes" in done.output
    assert (tmp_path / "out" / "coco.json").is_file()


@pytest.mark.parametrize(
    "options",
    [["--chromosomes", "9-3"], ["--chromosomes", "0-3"], ["--chromosomes", "3", "--karyotype", "46,XX"], ["--size", "0x9"]],
)
def test_wrong_options_are_wrong_usage(class_folders, tmp_path, options):
    assert run("--from", class_folders, "-o", tmp_path / "out", *options).exit_code == 2
    assert run("-o", tmp_path / "out", "--chromosomes", "3-9").exit_code == 2
    assert not (tmp_path / "out").exists()


def test_results_do_not_go_into_the_source(class_folders):
    done = run("--from", class_folders, "-o", class_folders)
    assert done.exit_code == 2
    assert not (class_folders / "images").exists()


@pytest.mark.data
def test_real_class_folders_give_cells_of_equal_stain(data_folder):
    readers = find_material(data_folder / "cirnet")
    cutouts = [cutout for read in readers[:46] for cutout in read().cutouts]
    assert len(readers) == 2171
    assert 23 <= len({cutout.label for cutout in cutouts}) <= 24
    areas = {LABELS[cutout.label]: cutout.mask.sum() for cutout in cutouts}
    assert areas["1"] > 2 * areas["21"]

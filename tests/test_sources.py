"""Truth and results of every kind are read into one form, so that any of them can be scored against any other."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from bars import Bar, draw_cell
from karyogram.cli import main
from karyogram.datasets.coco_reader import read_coco
from karyogram.datasets.material import class_pictures
from karyogram.datasets.sources import RESULTS, TRUTH, find_voc, open_source
from karyogram.datasets.voc import Annotation, Box, write_voc
from karyogram.errors import AnnotationError
from karyogram.exchange.coco import to_coco, write_boxes, write_coco
from karyogram.exchange.outlines import fill
from karyogram.files import write_picture, write_text
from karyogram.records import Case

BARS = [Bar("7", 60, 30.0), Bar("X", 90, -45.0), Bar("21", 40), Bar("Y", 50, 90.0, flipped=True)]


@pytest.fixture(scope="module")
def cell():
    drawn = draw_cell(BARS, image="photos/cell.png")[1]
    size = drawn.height, drawn.width
    return replace(drawn, chromosomes=tuple(replace(c, bbox=fill(c, size).bbox) for c in drawn.chromosomes))


@pytest.fixture
def out(cell, tmp_path):
    """A result folder: the same cell as karyotype.json, COCO and VOC."""
    folder = tmp_path / "out" / "cell"
    write_text(folder / "karyotype.json", cell.to_json())
    write_coco(folder / "coco.json", cell)
    write_boxes(folder / "voc.xml", cell)
    return tmp_path / "out"


def run(*arguments):
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def numbers(*arguments):
    done = run(*arguments, "--json", "-")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


FILES = ("cell/karyotype.json", "cell/coco.json", "cell/voc.xml", "cell", "")


@pytest.mark.parametrize("truth", FILES)
@pytest.mark.parametrize("said", FILES)
def test_a_cell_agrees_with_itself_whatever_it_is_written_as(out, truth, said):
    data = numbers(out / truth, out / said, "--margin", "0,0,0,0")
    assert data["names"] in (["cell"], ["voc"])
    for share in ("found", "found_and_right", "pictures_wholly_right"):
        assert data[share]["share"] == 1.0
    for precision in ("ap50", "ap50_by_class", "map_50_95", "map_50_95_by_class"):
        assert data[precision] == pytest.approx(1.0)


def test_the_masks_of_coco_tell_the_boxes_and_no_margin_is_added(cell, out, tmp_path):
    data = to_coco(cell)
    for annotation in data["annotations"]:
        annotation["bbox"] = [0, 0, 5, 5]
    write_text(tmp_path / "masks.json", json.dumps(data))
    found = numbers(tmp_path / "masks.json", out / "cell" / "karyotype.json")
    assert (found["margin"], found["map_50_95"]) == ([0, 0, 0, 0], pytest.approx(1.0))
    for annotation in data["annotations"]:
        del annotation["segmentation"]
    write_text(tmp_path / "boxes.json", json.dumps(data))
    assert numbers(tmp_path / "boxes.json", out / "cell" / "karyotype.json")["found"]["share"] == 0.0


def test_polygons_and_packed_run_lengths_tell_the_same_box_as_plain_ones(cell, tmp_path):
    mask = pytest.importorskip("pycocotools.mask")
    data = to_coco(cell)
    expected = np.array([c.bbox for c in cell.chromosomes])
    boxes = {}
    for kind in ("plain", "packed", "polygon"):
        for annotation, chromosome in zip(data["annotations"], cell.chromosomes, strict=True):
            if kind == "packed":
                runs = mask.frPyObjects(annotation["segmentation"], cell.height, cell.width)
                annotation["segmentation"] = {"size": runs["size"], "counts": runs["counts"].decode()}
            elif kind == "polygon":
                (x0, y0, x1, y1) = chromosome.bbox
                annotation["segmentation"] = [[x0, y0, x1, y0, x1, y1 - 2], [x0, y1 - 1, x1, y1, x0, y1]]
        path = write_text(tmp_path / f"{kind}.json", json.dumps(data))
        boxes[kind] = read_coco(path)["cell"]().boxes
        assert (boxes[kind] == expected).all(), kind


def test_a_corrected_result_is_truth_for_an_automatic_one(cell, out, tmp_path):
    first, *rest = cell.chromosomes
    write_text(
        tmp_path / "signed" / "cell" / "karyotype.json", replace(cell, chromosomes=(replace(first, label="8"), *rest)).to_json()
    )
    data = numbers(tmp_path / "signed", out)
    assert (data["found"]["share"], data["found_and_right"]["hits"]) == (1.0, 3)


def test_a_coco_file_of_many_pictures_is_scored_picture_by_picture(cell, out, tmp_path):
    data = to_coco(cell)
    twice = [annotation | {"id": 10 + annotation["id"], "image_id": 2} for annotation in data["annotations"]]
    twice[0]["iscrowd"] = 1
    data["images"].append(data["images"][0] | {"id": 2, "file_name": "sub/two.png"})
    data["annotations"] += twice
    write_text(tmp_path / "set" / "coco.json", json.dumps(data))
    write_text(out / "sub" / "two" / "karyotype.json", cell.to_json())
    found = numbers(tmp_path / "set", out)
    assert (found["names"], found["found"]["total"], found["spurious"]) == (["cell", "sub/two"], 7, 1)


def test_a_broken_picture_of_a_coco_file_is_named_and_the_others_are_scored(cell, out, tmp_path):
    data = to_coco(cell)
    data["images"].append(data["images"][0] | {"id": 2, "file_name": "two.png"})
    data["annotations"].append({"id": 9, "image_id": 2, "category_id": 99, "bbox": [1, 2, 3, 4]})
    file = write_text(tmp_path / "coco.json", json.dumps(data))
    write_text(out / "two.json", cell.to_json())
    done = run(file, out, "--json", "-")
    assert (done.exit_code, json.loads(done.stdout)["names"]) == (1, ["cell"])
    assert done.stderr == f"{file}: object 9 is no COCO object: KeyError(99)\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"images": None}, "not a COCO file"),
        ({"images": [{"id": 1}]}, "not a COCO file"),
        ({"categories": [1]}, "not a COCO file"),
        ({"annotations": [{"id": 1, "image_id": 7}]}, "not a COCO file"),
        ({"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "a.jpg"}], "annotations": []}, "the same name"),
    ],
)
def test_what_is_no_coco_file_is_refused(cell, tmp_path, change, reason):
    file = write_text(tmp_path / "coco.json", json.dumps(to_coco(cell) | change))
    with pytest.raises(AnnotationError, match=rf"coco\.json: .*{reason}"):
        read_coco(file)


def test_truth_and_results_may_lie_in_one_folder(cell, out):
    write_voc(out / "cell.xml", Annotation("cell.png", cell.width, cell.height, (Box("7", (0, 0, 9, 9)),)))
    assert list(open_source(out, TRUTH).pictures) == ["cell"]
    assert open_source(out, TRUTH).pictures["cell"].file.suffix == ".xml"
    assert open_source(out, RESULTS).pictures["cell"].file.name == "karyotype.json"


def test_a_case_beside_its_results_is_none_of_them(cell, out):
    write_text(out / "case.json", Case("1", "constitutional", karyotypes=(cell,)).to_json())
    assert list(open_source(out, RESULTS).pictures) == list(open_source(out, TRUTH).pictures) == ["cell"]


def test_annotations_beside_images_are_named_without_their_folder(cell, tmp_path):
    write_boxes(tmp_path / "annotations" / "sub" / "a.xml", cell)
    assert list(find_voc(tmp_path).pictures) == ["sub/a"]


# single chromosomes


@pytest.fixture
def sorted_twice(tmp_path):
    """The same three pictures in the class folders of two persons, who disagree in one."""
    for person, classes in (("one", "112"), ("two", "122")):
        for number, label in enumerate(classes):
            write_picture(tmp_path / person / label / f"p{number}.png", np.zeros((4, 4), np.uint8))
    (tmp_path / "said.csv").write_text("path,label,probability\nunsorted/p0.png,1,0.9\nunsorted/p1.png,1,0.8\n")
    return tmp_path


def test_class_folders_are_scored_against_class_folders(sorted_twice):
    scores = numbers(sorted_twice / "one", sorted_twice / "two")
    assert (scores["pictures"], scores["classes"]) == (3, {"1": [1, 2], "2": [1, 1]})


def test_predictions_and_class_folders_are_scored_both_ways(sorted_twice):
    folders, table = sorted_twice / "two", sorted_twice / "said.csv"
    assert numbers(folders, table)["classes"] == {"1": [1, 1], "2": [0, 1]}
    assert numbers(table, folders)["classes"] == {"1": [1, 2]}
    assert numbers(table, table)["accuracy"] == 1.0


def test_class_folders_may_lie_in_others_and_others_in_them(tmp_path):
    for folder in ("train/1/slide", "test/X", "7", "unknown/1", ".hidden/2"):
        write_picture(tmp_path / folder / f"{folder.replace('/', '_')}.png", np.zeros((4, 4), np.uint8))
    write_picture(tmp_path / "sheet.png", np.zeros((4, 4), np.uint8))
    assert {path.stem: label for path, label in class_pictures(tmp_path)} == {"train_1_slide": "1", "test_X": "X", "7": "7"}


def test_the_names_of_class_folders_do_not_tell_pictures_apart(sorted_twice):
    write_picture(sorted_twice / "one" / "X" / "p0.png", np.zeros((4, 4), np.uint8))
    done = run(sorted_twice / "one", sorted_twice / "two")
    assert (done.exit_code, "p0.png: another picture has the same name" in done.stderr) == (1, True)


def test_metaphases_are_not_scored_against_single_chromosomes(sorted_twice, out):
    done = run(out, sorted_twice / "said.csv")
    assert (done.exit_code, "one is of metaphases, the other of single chromosomes" in done.stderr) == (1, True)

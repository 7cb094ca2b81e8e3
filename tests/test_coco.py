"""COCO and VOC files of a karyotype say what the karyotype says."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from bars import Bar, draw_cell
from karyogram.datasets.coco import CATEGORIES
from karyogram.datasets.voc import read_voc
from karyogram.exchange.coco import to_coco, write_boxes, write_coco
from karyogram.labels import LABELS
from karyogram.records import Karyotype


@pytest.fixture(scope="module")
def cell():
    bars = [Bar("7", 60, 30.0), Bar("X", 90, -45.0), Bar(None, 40), Bar("Y", 50, 90.0, flipped=True)]
    return draw_cell(bars, image="folder/cell.png")[1]


def pixels(chromosome, karyotype):
    mask = np.zeros((karyotype.height, karyotype.width), np.uint8)
    return cv2.fillPoly(mask, [np.rint(chromosome.polygon).astype(np.int32)], (1,)) > 0


def test_pycocotools_reads_what_was_written(cell, tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    data = coco.COCO(str(write_coco(tmp_path / "coco.json", cell)))
    assert data.imgs[1] == {"id": 1, "file_name": "cell.png", "width": cell.width, "height": cell.height}
    assert [data.cats[number]["name"] for number in range(1, 26)] == [*LABELS, "unknown"]
    assert len(data.anns) == 4
    for chromosome in cell.chromosomes:
        annotation = data.anns[chromosome.id]
        assert annotation["category_id"] == CATEGORIES[chromosome.label or "unknown"]
        drawn, expected = data.annToMask(annotation) > 0, pixels(chromosome, cell)
        assert (drawn == expected).all()
        assert annotation["area"] == expected.sum()
        left, top, width, height = annotation["bbox"]
        assert (left, top, left + width, top + height) == chromosome.bbox


def test_category_ids_follow_the_labels():
    assert [CATEGORIES[label] for label in LABELS] == list(range(1, 25))


def test_a_score_is_that_of_mask_and_class(cell):
    placed, unplaced = cell.chromosomes[0], replace(cell.chromosomes[2], score=0.5)
    placed = replace(placed, score=0.5, probability=0.8)
    scores = [a["score"] for a in to_coco(replace(cell, chromosomes=(placed, unplaced)))["annotations"]]
    assert scores == [0.4, 0.5]


def test_a_karyotype_without_chromosomes_is_written(tmp_path):
    empty = Karyotype("a.png", 5, 4)
    assert to_coco(empty)["annotations"] == []
    assert read_voc(write_boxes(tmp_path / "voc.xml", empty)).boxes == ()


def test_our_own_reader_reads_the_boxes(cell, tmp_path):
    path = write_boxes(tmp_path / "voc.xml", cell)
    annotation = read_voc(path)
    assert (annotation.filename, annotation.width, annotation.height) == ("cell.png", cell.width, cell.height)
    assert [(box.label, box.bbox) for box in annotation.boxes] == [(c.label, c.bbox) for c in cell.chromosomes]
    assert "<name>C7</name>" in path.read_text()
    assert "<name>unknown</name>" in path.read_text()

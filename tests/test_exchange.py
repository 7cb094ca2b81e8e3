"""The files for other tools say what the karyotype says, read back by those tools where they are here."""

import csv
import json
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tifffile
from roifile import roiread

from bars import Bar, draw_cell
from karyogram.draw.colours import CLASS_COLOURS
from karyogram.exchange.coco import to_coco, write_coco
from karyogram.exchange.outlines import around, fill
from karyogram.exchange.planes import label_planes, write_planes
from karyogram.exchange.regions import to_geojson, write_geojson, write_rois
from karyogram.exchange.table import COLUMNS, runner_up, write_table
from karyogram.files import write_text
from karyogram.labels import LABELS
from karyogram.output import FORMATS, write_results
from karyogram.records import Karyotype

EMPTY = Karyotype("a.png", 5, 4)


@pytest.fixture(scope="module")
def crossing():
    """Two bars that cross, one that does not, one without a class."""
    _, cell = draw_cell([Bar("7", 80, 30, centromere=0.25), Bar("X", 90, -60), Bar("2", 60), Bar(None, 50, 15)])
    one, other, *rest = cell.chromosomes
    shift = 130
    moved = replace(
        other,
        polygon=tuple((x - shift, y) for x, y in other.polygon),
        bbox=tuple(int(v) for v in np.subtract(other.bbox, (shift, 0, shift, 0))),
        overlaps=(1,),
        review=("class uncertain", "outline uncertain"),
    )
    return replace(cell, chromosomes=(replace(one, overlaps=(2,)), moved, *rest))


def drawn(chromosome, karyotype):
    mask = np.zeros((karyotype.height, karyotype.width), np.uint8)
    return cv2.fillPoly(mask, [np.rint(chromosome.polygon).astype(np.int32)], (1,)) > 0


def test_coco_masks_share_the_pixels_of_a_crossing(crossing, tmp_path):
    coco = pytest.importorskip("pycocotools.coco").COCO(str(write_coco(tmp_path / "coco.json", crossing)))
    masks = [coco.annToMask(coco.anns[c.id]) > 0 for c in crossing.chromosomes]
    for mask, chromosome in zip(masks, crossing.chromosomes, strict=True):
        assert (mask == drawn(chromosome, crossing)).all()
    assert (masks[0] & masks[1]).sum() > 100


def test_a_label_picture_holds_both_of_a_crossing(crossing, tmp_path):
    planes = tifffile.imread(write_planes(tmp_path / "labels.tif", crossing))
    assert planes.dtype == np.uint16
    assert planes.shape == (2, crossing.height, crossing.width)
    for chromosome in crossing.chromosomes:
        assert ((planes == chromosome.id).any(0) == drawn(chromosome, crossing)).all()
    assert set(np.unique(planes[1])) == {0, 2}


def test_a_label_picture_without_crossings_has_one_page(tmp_path):
    _, cell = draw_cell([Bar("1"), Bar("2")])
    assert tifffile.imread(write_planes(tmp_path / "labels.tif", cell)).shape == (cell.height, cell.width)
    assert not label_planes(EMPTY).any()
    with pytest.raises(ValueError, match="ids from 1 to 65535, not 0"):
        label_planes(replace(cell, chromosomes=(replace(cell.chromosomes[0], id=0),)))


@pytest.mark.parametrize("shift", [(-40, -30), (0, 90), (5000, 0)])
def test_what_an_outline_encloses_beyond_the_picture_is_cut_off(shift):
    _, cell = draw_cell([Bar("1", 100)], columns=1)
    (own,) = cell.chromosomes
    moved = replace(own, polygon=tuple((x + shift[0], y + shift[1]) for x, y in own.polygon))
    item = fill(moved, (cell.height, cell.width))
    whole = np.zeros((cell.height, cell.width), bool)
    whole[item.window()] = item.mask
    assert (whole == drawn(moved, cell)).all()
    (annotation,) = to_coco(replace(cell, chromosomes=(moved,)))["annotations"]
    assert sum(annotation["segmentation"]["counts"]) == cell.height * cell.width
    assert annotation["area"] == whole.sum()


def test_the_line_around_the_pixels_holds_them(crossing):
    chromosome = replace(crossing.chromosomes[0], polygon=((2, 3), (5, 3), (5, 4), (2, 4)))
    points = around(chromosome)
    assert (points.min(0).tolist(), points.max(0).tolist()) == ([2, 3], [6, 5])
    assert cv2.contourArea(points.astype(np.float32)) == pytest.approx(8, abs=0.6)


def test_a_row_a_chromosome(crossing, tmp_path):
    rows = list(csv.DictReader(write_table(tmp_path / "c.csv", crossing).open()))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["label"] for row in rows] == ["7", "X", "2", ""]
    assert (rows[0]["arm_ratio"], rows[1]["arm_ratio"], rows[0]["length_percent"]) == ("3.0", "", "")
    assert (rows[0]["overlaps"], rows[1]["review"]) == ("2", "class uncertain; outline uncertain")
    for row, chromosome in zip(rows, crossing.chromosomes, strict=True):
        assert tuple(int(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")) == chromosome.bbox
        assert row["flipped"] == json.dumps(chromosome.flipped)
    assert write_table(tmp_path / "empty.csv", EMPTY).read_text() == ",".join(COLUMNS) + "\n"


def test_the_runner_up_is_the_best_of_the_others(crossing):
    opinions = dict.fromkeys(LABELS, 0.0) | {"7": 0.6, "X": 0.3, "2": 0.1}
    chromosome = replace(crossing.chromosomes[0], probabilities=tuple(opinions.values()))
    assert runner_up(chromosome) == ("X", 0.3)
    assert runner_up(replace(chromosome, label="X")) == ("7", 0.6)


def test_geojson_outlines_are_closed_and_hold_the_pixels(crossing, tmp_path):
    stored = json.loads(write_geojson(tmp_path / "c.geojson", crossing).read_text())
    assert stored == json.loads(json.dumps(to_geojson(crossing)))
    for feature, chromosome in zip(stored["features"], crossing.chromosomes, strict=True):
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        area = cv2.contourArea(np.array(ring, np.float32))
        assert area == pytest.approx(drawn(chromosome, crossing).sum(), rel=0.02)
        assert feature["properties"]["classification"]["name"] == (chromosome.label or "unknown")
        assert feature["properties"]["measurements"]["id"] == chromosome.id


def test_imagej_reads_the_regions(crossing, tmp_path):
    path = write_rois(tmp_path / "rois.zip", crossing)
    rois = roiread(path)
    assert [roi.name for roi in rois] == ["7_id1", "X_id2", "2_id3", "unknown_id4"]
    for roi, chromosome in zip(rois, crossing.chromosomes, strict=True):
        assert np.allclose(roi.coordinates(), around(chromosome))
    assert tuple(rois[0].stroke_color[1:]) == CLASS_COLOURS["7"]
    assert path.read_bytes() == write_rois(tmp_path / "again.zip", crossing).read_bytes()
    with zipfile.ZipFile(write_rois(tmp_path / "empty.zip", EMPTY)) as archive:
        assert archive.namelist() == []


def test_files_of_others_stay(tmp_path):
    picture, cell = draw_cell([Bar("1", 100, 20)])
    foreign = {"notes.txt", "karyogram-old.png", *(f"chromosomes/{name}.png" for name in ("07", "mine_a_id1", "01_ab_id1"))}
    for name in foreign:
        write_text(tmp_path / name, "mine")
    for _ in range(2):
        write_results(tmp_path, picture, cell, frozenset(FORMATS))
    write_results(tmp_path, picture, cell, frozenset({"json"}))
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == foreign | {"karyotype.json"}


def test_every_format_writes_its_files_and_a_second_run_clears_them(tmp_path):
    picture, cell = draw_cell([Bar("1", 100, 20), Bar(None, 40, review=("unplaced",))], iscn="46,XX")
    write_results(tmp_path, picture, cell, frozenset(FORMATS))
    files = {name for format_ in FORMATS.values() for name in format_.files}
    assert {path.name for path in tmp_path.iterdir()} == files | {"chromosomes"}
    assert (tmp_path / "iscn.txt").read_text() == "46,XX\n"
    write_results(tmp_path, picture, cell, frozenset({"csv"}))
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"chromosomes.csv", "karyotype.json"}
    assert list((tmp_path / "chromosomes").iterdir()) == []
    assert Karyotype.from_json((tmp_path / "karyotype.json").read_text()) == cell

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.datasets.voc import Annotation, Box, read_voc, write_voc
from karyogram.errors import AnnotationError
from karyogram.labels import LABELS, voc_name

SIZE = "<size><width>100</width><height>80</height></size>"


def voc_object(name, xmin, ymin, xmax, ymax):
    corners = f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
    return f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>"


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / "cell.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_voc(path)

    return read_text


def test_a_file_is_read(read):
    text = f"<annotation><filename>a.jpg</filename>{SIZE}{voc_object('G21', 1, 2, 30.5, 40)}</annotation>"
    found = read(text)
    assert (found.filename, found.width, found.height) == ("a.jpg", 100, 80)
    assert found.boxes == (Box("21", (1, 2, 30.5, 40)),)


def test_every_class_comes_back_from_its_voc_name(read):
    objects = "".join(voc_object(voc_name(label), 0, 0, 9, 9) for label in LABELS)
    assert [box.label for box in read(f"<annotation>{SIZE}{objects}</annotation>").boxes] == list(LABELS)


@pytest.mark.parametrize("name", ["marker", "", "25"])
def test_a_name_that_is_no_class_is_none(read, name):
    (box,) = read(f"<annotation>{SIZE}{voc_object(name, 0, 0, 9, 9)}</annotation>").boxes
    assert box.label is None


def test_boxes_are_clipped_and_those_outside_dropped(read):
    objects = voc_object("X", -5, -6, 120, 90) + voc_object("Y", 100, 10, 130, 20) + voc_object("A1", 5, 5, 5, 9)
    assert read(f"<annotation>{SIZE}{objects}</annotation>").boxes == (Box("X", (0, 0, 100, 80)),)


def test_boxes_of_a_picture_of_unknown_size_stay_as_they_are(read):
    found = read(f"<annotation>{voc_object('X', -5, 1, 120, 90)}</annotation>")
    assert (found.filename, found.width, found.height) == ("cell", 0, 0)
    assert found.boxes == (Box("X", (-5, 1, 120, 90)),)


BOMB = (
    '<!DOCTYPE annotation [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
    "<annotation><filename>&c;</filename></annotation>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotation><filename>&x;</filename></annotation>'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a picture",
        b"\x00\xff\x00",
        "<annotation><object>",
        "<html></html>",
        BOMB,
        OUTSIDE,
        "<annotation><object><name>A1</name></object></annotation>",
        "<annotation><object><name>A1</name><bndbox><xmin>1</xmin></bndbox></object></annotation>",
        f"<annotation>{voc_object('A1', 'one', 2, 3, 4)}</annotation>",
        f"<annotation>{voc_object('A1', 'nan', 2, 3, 4)}</annotation>",
        f"<annotation>{voc_object('A1', 1, 2, 'inf', 4)}</annotation>",
        "<annotation><size><width>wide</width><height>1</height></size></annotation>",
    ],
)
def test_what_is_no_annotation_is_refused_in_one_line_that_names_the_file(read, tmp_path, text):
    with pytest.raises(AnnotationError) as caught:
        read(text)
    assert str(caught.value).startswith(f"{tmp_path / 'cell.xml'}: not a VOC annotation: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AnnotationError, match=r"none\.xml: cannot be read"):
        read_voc(tmp_path / "none.xml")


@pytest.mark.data
def test_the_real_files_hold_about_46_boxes_of_known_class(data_folder):
    files = sorted((data_folder / "tseng2023" / "annotations").glob("*.xml"))[::60]
    found = [read_voc(file) for file in files]
    assert len(found) >= 20
    for item in found:
        boxes = [box.bbox for box in item.boxes]
        assert 40 <= len(boxes) <= 50
        assert all(box.label for box in item.boxes)
        assert all(0 <= x0 < x1 <= item.width and 0 <= y0 < y1 <= item.height for x0, y0, x1, y1 in boxes)


@given(
    st.lists(st.tuples(st.sampled_from([*LABELS, None]), st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(41, 80)] * 2))),
    st.booleans(),
)
def test_what_is_written_is_read_back(tmp_path_factory, boxes, halves):
    written = tuple(Box(label, tuple(v + 0.5 * halves for v in box)) for label, box in boxes)
    annotation = Annotation("a <& é.png", 100, 90, written)
    path = write_voc(tmp_path_factory.mktemp("voc") / "deep" / "cell.xml", annotation)
    assert read_voc(path) == annotation

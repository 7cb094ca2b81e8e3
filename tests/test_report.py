"""A report says what must be said, in words that are text and not markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from bars import Bar, draw_cell
from karyogram.draw.karyogram import Style
from karyogram.karyotype.proportions import usual
from karyogram.records import Chromosome, Finding, Karyotype
from karyogram.report.blocks import Figure, Heading, Table, Text
from karyogram.report.content import NOTICE, Cell, report_blocks
from karyogram.report.html import to_html
from karyogram.report.pdf import to_pdf

MODEL = {"name": "gband", "sha256": "ab" * 32, "segmenter": "gband-segment", "segmenter_sha256": "cd" * 32}
DOUBT = Bar("21", 40, 20, review=("class uncertain", "extra copy"), probability=0.47)


@pytest.fixture(scope="module")
def cell():
    found = (Finding("21", 1, 0.31),)
    picture, karyotype = draw_cell(
        [Bar("1", 100, 33), DOUBT], image="in/a&b<i>.png", iscn="47,XX,+21", findings=found, model=MODEL
    )
    return Cell(picture, replace(karyotype, warnings=("bright on black: inverted", "another species?"), quality=0.9))


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def said(blocks):
    """All the words of a report's blocks."""
    for block in blocks:
        if isinstance(block, Table):
            yield block.caption
            yield from block.heads
            yield from (cell.alt if isinstance(cell, Figure) else cell for row in block.rows for cell in row)
        else:
            yield block.alt if isinstance(block, Figure) else block.text


def test_a_report_says_what_was_analysed_by_what_and_what_was_found(cell):
    words = "\n".join(said(report_blocks([cell])))
    for text in (
        "not a diagnosis",
        "not a medical device",
        "47,XX,+21",
        "in/a&b<i>.png, 1300 x 130 pixels",
        "ab" * 32,
        "cd" * 32,
    ):
        assert text in words
    for text in (
        "0.310",
        "+1",
        "bright on black: inverted.",
        "another species?",
        "class uncertain, extra copy",
        "21, 0.47",
        "1 of 2",
        "0.900",
    ):
        assert text in words


def test_no_number_finding_is_not_called_normal(cell):
    normal = replace(cell.karyotype, iscn="46,XX", findings=())
    undecided = replace(normal, iscn="")
    fused = replace(normal, iscn="45,XX,?")
    overview = report_blocks([Cell(cell.picture, k) for k in (normal, undecided, fused)])[2]
    assert [row[3] for row in overview.rows] == ["none", "not decided", "not decided"]
    told = [" ".join(said(report_blocks([Cell(cell.picture, k)]))) for k in (normal, undecided, fused)]
    assert ["No gain or loss" in text for text in told] == [True, False, False]
    assert ["No number finding is made" in text for text in told] == [False, True, True]


def test_only_what_is_marked_is_to_be_reviewed(cell):
    tables = {block.caption: block for block in report_blocks([cell]) if isinstance(block, Table)}
    ((figure, *_),) = tables["Chromosomes to review"].rows
    assert figure.alt == "Chromosome 2, class 21"
    assert figure.pixels.shape[0] == pytest.approx(24 * 8 * 40 / 100, abs=6)
    sure = replace(cell.karyotype, chromosomes=cell.karyotype.chromosomes[:1])
    assert "can be wrong where it is sure" in " ".join(said(report_blocks([Cell(cell.picture, sure)])))


def test_measurements_stand_beside_those_of_iscn(cell):
    (table,) = (b for b in report_blocks([cell]) if isinstance(b, Table) and b.caption == "Lengths and arm ratios")
    assert table.rows[0][:4] == ("1", "100", "?", f"{usual('1').length:.1f}")


def test_the_karyogram_of_a_report_is_fit_for_print(cell):
    def width(style):
        return next(b.pixels.shape[1] for b in report_blocks([cell], style) if isinstance(b, Figure))

    assert width(Style()) == width(Style(300)) < width(Style(600))


def test_several_cells_have_an_overview_and_a_section_each(cell):
    other = Cell(cell.picture, replace(cell.karyotype, image="b.png", iscn="", findings=()))
    lead = Heading("The case")
    blocks = report_blocks([cell, other], title="Case 7", lead=[lead])
    assert blocks[2] is lead
    assert [b.text for b in blocks if isinstance(b, Heading) and (b.level == 1 or b.opens)] == ["Case 7", "a&b<i>.png", "b.png"]
    (table,) = (b for b in blocks if isinstance(b, Table) and b.caption == "The cells")
    assert table.rows[0] == ("a&b<i>.png", "2", "47,XX,+21", "+1 21", "1")
    assert table.rows[1][2:4] == ("none", "not decided")
    with pytest.raises(ValueError, match="needs a cell"):
        report_blocks([])


def test_headings_skip_no_level(cell):
    for cells in ([cell], [cell, cell]):
        levels = [block.level for block in report_blocks(cells) if isinstance(block, Heading)]
        assert levels[0] == 1
        assert all(1 < after <= before + 1 for before, after in pairwise(levels))


def test_homologues_are_measured_in_one_row():
    picture, karyotype = draw_cell([Bar("1", 100, centromere=0.5), Bar("1", 90), Bar(None, 40), Bar(None, 30)])
    (table,) = (b for b in report_blocks([Cell(picture, karyotype)]) if isinstance(b, Table) and b.heads[:1] == ("Class",))
    assert [row[0] for row in table.rows] == ["1", "?3", "?4"]
    assert (table.rows[0][1], table.rows[0][4]) == ("100 / 90", "1.0 / ?")


def test_html_is_one_file_of_escaped_text_without_script(cell):
    page = Page(to_html(report_blocks([cell])))
    assert page.open == []
    assert NOTICE in page.text
    assert "a&b<i>.png" in page.text
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "i", "link", "iframe"} & set(tags)
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == 3
    assert all(p["src"].startswith("data:image/") and p["alt"] for p in pictures)
    assert not any("href" in attributes or name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert tags.count("h1") == 1
    assert "default-src 'none'" in str(page.tags)


def test_pdf_is_the_same_twice_and_a4(cell):
    one, two = (to_pdf(report_blocks([cell])) for _ in range(2))
    assert one == two
    assert one.startswith(b"%PDF-")
    assert re.search(rb"/MediaBox \[ 0 0 595\.\d+ 841\.\d+ \]", one)
    assert b"Karyotype of a&b<i>.png" in one


def test_pdf_takes_any_text_and_any_size_of_picture():
    wide, high = np.zeros((3, 3000), np.uint8), np.zeros((3000, 3, 3), np.uint8)
    blocks = [
        Heading("\u6838 <b>", 1),
        Text("x" * 5000),
        Figure(wide, "wide", 178),
        Figure(high, "high & narrow", 178, photo=True),
    ]
    assert to_pdf(blocks).count(b"/Type /Page\n") >= 2


def test_a_chromosome_without_length_has_a_report():
    outline = ((10.0, 10.0), (19.0, 10.0), (19.0, 29.0))
    point = Chromosome(
        1, "1", 0.5, (1 / 24,) * 24, 0.5, (10, 10, 20, 30), outline, 0.0, False, 0.0, review=("class uncertain",)
    )
    karyotype = Karyotype("a.png", 60, 60, (point,))
    assert to_pdf(report_blocks([Cell(np.full((60, 60), 240, np.uint8), karyotype)])).startswith(b"%PDF")


def test_a_cell_without_chromosomes_has_a_report():
    picture, karyotype = draw_cell([], warnings=("no chromosomes found",))
    blocks = report_blocks([Cell(picture, karyotype)])
    assert "no chromosomes found" in " ".join(said(blocks))
    assert to_pdf(blocks)

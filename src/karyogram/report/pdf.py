"""A report as a PDF on A4, the same bytes for the same blocks."""

import io
from collections.abc import Sequence
from html import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Image, PageBreak, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from karyogram.report.blocks import Block, Figure, Heading, Table, Text

MARGIN = 16 * mm
#: A frame of reportlab keeps 6 points free on each side.
WIDTH, HEIGHT = A4[0] - 2 * MARGIN - 12, A4[1] - 2 * MARGIN - 12
INK, GREY, RULE, PALE, AMBER = (HexColor(code) for code in ("#1c1e22", "#4c5058", "#c9ccd1", "#fff6e8", "#b45f00"))

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=INK, spaceAfter=4)
_NOTICE = ParagraphStyle(
    "notice", _BODY, backColor=PALE, borderPadding=6, spaceBefore=8, spaceAfter=14, leftIndent=6, rightIndent=6
)
_CAPTION = ParagraphStyle("caption", _BODY, fontSize=8.5, leading=11, textColor=GREY)
_CELL = ParagraphStyle("cell", _BODY, fontSize=8.5, leading=11, spaceAfter=0, splitLongWords=True)
_NAME = ParagraphStyle("name", _CELL, fontName="Helvetica-Bold")
_HEADINGS = {
    level: ParagraphStyle(
        f"h{level}",
        _BODY,
        fontName="Helvetica-Bold",
        fontSize=size,
        leading=1.25 * size,
        spaceBefore=8,
        spaceAfter=5,
        keepWithNext=True,
    )
    for level, size in ((1, 19), (2, 15), (3, 11.5))
}
#: A table of more columns than these has narrow cells, that are not wrapped.
NARROW = 12
#: Room that a section's heading needs below it, or it opens a new page.
ROOM = 90 * mm


def to_pdf(blocks: Sequence[Block]) -> bytes:
    """Return the PDF of a report's blocks, A4, with bookmarks and numbered pages.

    Its typeface knows the characters of Western Europe; others become ``?``.
    """
    title = next((block.text for block in blocks if isinstance(block, Heading) and block.level == 1), "karyogram")
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=_plain(title),
        author="karyogram",
        subject="decision support, not a diagnosis",
        lang="en",
        invariant=1,
    )
    flow = [item for number, block in enumerate(blocks) for item in _block(block, number)]
    document.build(flow, onFirstPage=_foot, onLaterPages=_foot)
    return buffer.getvalue()


def _foot(canvas: Canvas, _: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(GREY)
    canvas.drawString(MARGIN + 6, 9 * mm, "karyogram: decision support, not a diagnosis")
    canvas.drawRightString(A4[0] - MARGIN - 6, 9 * mm, f"page {canvas.getPageNumber()}")


def _plain(text: str) -> str:
    return text.encode("cp1252", "replace").decode("cp1252")


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_plain(text), quote=False), style)


class _Bookmark(Flowable):
    """An entry in the reader's list of contents."""

    def __init__(self, key: str, text: str, level: int) -> None:
        super().__init__()
        self._entry = (key, text, level)

    def draw(self) -> None:
        key, text, level = self._entry
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level)


def _block(block: Block, number: int) -> list[Flowable]:
    if isinstance(block, Heading):
        before = PageBreak() if block.opens else CondPageBreak(ROOM)
        mark = _Bookmark(f"h{number}", _plain(block.text), min(block.level - 1, 1))
        return [before, mark, _paragraph(block.text, _HEADINGS[block.level])]
    if isinstance(block, Text):
        return [_paragraph(block.text, _NOTICE if block.important else _BODY)]
    if isinstance(block, Figure):
        return [_image(block), _paragraph(block.alt, _CAPTION)]
    return [_paragraph(block.caption, _CAPTION), _grid(block), Spacer(1, 6)]


def _image(figure: Figure) -> Image:
    """Return the picture at its width, or smaller where the page, with its heading and caption, is too low for it."""
    height, width = figure.pixels.shape[:2]
    across = min(figure.width * mm, WIDTH, (HEIGHT - 28 * mm) * width / height)
    return Image(io.BytesIO(figure.encoded()[0]), across, across * height / width, hAlign="LEFT")


def _grid(table: Table) -> Grid:
    def cell(value: str | Figure, style: ParagraphStyle) -> Flowable | str:
        if isinstance(value, Figure):
            return _image(value)
        return _plain(value) if len(table.widths) > NARROW else _paragraph(value, style)

    rows = [[cell(value, _CELL if place or table.heads else _NAME) for place, value in enumerate(row)] for row in table.rows]
    heads = [[cell(head, _NAME) for head in table.heads]] if table.heads else []
    lines = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("FONTSIZE", (0, 0), (-1, -1), 8),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        *([("LINEBELOW", (0, 0), (-1, 0), 1, INK), ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")] if heads else []),
    ]
    share = WIDTH / sum(table.widths)
    return Grid([*heads, *rows], [share * width for width in table.widths], hAlign="LEFT", repeatRows=len(heads), style=lines)

"""A report as one HTML file: no script, no second file, pictures inside."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from karyogram.report.blocks import Block, Figure, Heading, Table, Text

STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1c1e22; font: 16px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2, h3 { font-size: 1.2rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
.opens { font-size: 1.5rem; border-top: 3px solid #1c1e22; padding-top: 1rem; margin-top: 3rem; }
p { margin: .5rem 0; max-width: 45rem; }
.notice { border-left: 5px solid #b45f00; background: #fff6e8; padding: .75rem 1rem; }
figure { margin: .5rem 0; }
figure img { width: 100%; height: auto; }
figcaption, caption { color: #4c5058; font-size: .875rem; text-align: left; padding: .25rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .94rem; margin: .5rem 0; }
th, td { text-align: left; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid #c9ccd1; vertical-align: middle; }
thead th { border-bottom: 2px solid #1c1e22; }
tbody th { font-weight: 600; width: 9rem; }
td { overflow-wrap: anywhere; }
@media print {
  @page { size: A4; margin: 15mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .opens { break-before: page; border-top: 0; margin-top: 0; }
  h1, h2, h3, caption { break-after: avoid; }
  .wide { overflow: visible; }
  th, td { padding-right: .5rem; }
  figure, tr, .notice { break-inside: avoid; }
  figure img { max-height: 240mm; width: auto; max-width: 100%; }
  .notice { print-color-adjust: exact; }
}
"""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html(blocks: Sequence[Block]) -> str:
    """Return the page of a report's blocks. All text is escaped; the title is the first heading of level 1."""
    title = next((block.text for block in blocks if isinstance(block, Heading) and block.level == 1), "karyogram")
    body = "\n".join(_block(block) for block in blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        mark = ' class="opens"' if block.opens else ""
        return f"<h{block.level}{mark}>{escape(block.text)}</h{block.level}>"
    if isinstance(block, Text):
        mark = ' class="notice" role="note"' if block.important else ""
        return f"<p{mark}>{escape(block.text)}</p>"
    if isinstance(block, Figure):
        return f"<figure>{_image(block)}<figcaption>{escape(block.alt)}</figcaption></figure>"
    return _table(block)


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    head = f"<thead><tr>{heads}</tr></thead>" if heads else ""
    rows = "\n".join(f"<tr>{_row(row, named=not heads)}</tr>" for row in table.rows)
    caption = f"<caption>{escape(table.caption)}</caption>"
    return f'<div class="wide"><table>{caption}{head}<tbody>\n{rows}\n</tbody></table></div>'


def _row(row: Sequence[str | Figure], named: bool) -> str:
    cells = [_small(cell) if isinstance(cell, Figure) else escape(cell) for cell in row]
    first = f'<th scope="row">{cells[0]}</th>' if named else f"<td>{cells[0]}</td>"
    return first + "".join(f"<td>{cell}</td>" for cell in cells[1:])


def _small(figure: Figure) -> str:
    return _image(figure, f' style="width:{figure.width:.1f}mm;height:auto"')


def _image(figure: Figure, style: str = "") -> str:
    data, kind = figure.encoded()
    height, width = figure.pixels.shape[:2]
    source = f"data:{kind};base64,{b64encode(data).decode()}"
    return f'<img src="{source}" alt="{escape(figure.alt)}" width="{width}" height="{height}"{style}>'

"""One karyotype to its result folder: which formats there are, and how each is written."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from karyogram.datasets.results import RESULT
from karyogram.draw.chromosomes import CUTOUT, chromosome_cutouts
from karyogram.draw.karyogram import PLAIN, Style, draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.exchange.coco import write_boxes, write_coco
from karyogram.exchange.planes import write_planes
from karyogram.exchange.regions import write_geojson, write_rois
from karyogram.exchange.table import write_table
from karyogram.files import write_bytes, write_picture, write_text
from karyogram.records import Karyotype
from karyogram.report.content import Cell, report_blocks
from karyogram.report.html import to_html

#: The folder of cut-outs, one a chromosome.
CUTOUTS = "chromosomes"


@dataclass(frozen=True)
class Format:
    """The files of one format, and what writes them: (folder, dark-on-white picture uint8 (H, W), karyotype, style)."""

    files: tuple[str, ...]
    write: Callable[[Path, np.ndarray, Karyotype, Style], object]


def _write_pictures(folder: Path, picture: np.ndarray, karyotype: Karyotype, style: Style) -> None:
    with ThreadPoolExecutor(2) as pool:  # one picture is packed while the next is drawn
        page = pool.submit(write_picture, folder / "karyogram.png", draw_karyogram(picture, karyotype, style=style), style.dpi)
        overlay = pool.submit(write_picture, folder / "overlay.png", draw_overlay(picture, karyotype))
        for name, image in chromosome_cutouts(picture, karyotype):
            write_picture(folder / CUTOUTS / name, image)
        page.result(), overlay.result()


def _write_pdf(folder: Path, picture: np.ndarray, karyotype: Karyotype, style: Style) -> None:
    from karyogram.report.pdf import to_pdf  # reportlab takes its time

    write_bytes(folder / "report.pdf", to_pdf(report_blocks([Cell(picture, karyotype)], style)))


def _write_html(folder: Path, picture: np.ndarray, karyotype: Karyotype, style: Style) -> None:
    write_text(folder / "report.html", to_html(report_blocks([Cell(picture, karyotype)], style)))


def _record(name: str, write: Callable[[Path, Karyotype], object]) -> Format:
    """Return the format of one file that needs the record alone."""
    return Format((name,), lambda folder, _, karyotype, __: write(folder / name, karyotype))


#: What a result can be written as: the name that ``--format`` takes, and what writes it.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "png": Format(("karyogram.png", "overlay.png"), _write_pictures),
        "html": Format(("report.html",), _write_html),
        "pdf": Format(("report.pdf",), _write_pdf),
        "coco": _record("coco.json", write_coco),
        "voc": _record("voc.xml", write_boxes),
        "tiff": _record("labels.tif", write_planes),
        "csv": _record("chromosomes.csv", write_table),
        "iscn": _record("iscn.txt", lambda path, karyotype: write_text(path, karyotype.iscn + "\n")),
        "geojson": _record("chromosomes.geojson", write_geojson),
        "imagej": _record("rois.zip", write_rois),
        "json": _record(RESULT, lambda path, karyotype: write_text(path, karyotype.to_json())),
    }
)


def parse_formats(text: str) -> frozenset[str]:
    """Return the names of formats in a text like "json,png". Raises ValueError if there is none of one name."""
    chosen = frozenset(part.strip() for part in text.split(",") if part.strip())
    if unknown := sorted(chosen - set(FORMATS)):
        raise ValueError(f"no format {', '.join(unknown)}; there are {', '.join(sorted(FORMATS))}")
    return chosen


def has_formats(folder: Path, formats: frozenset[str]) -> bool:
    """Return whether a result folder holds the files of all these formats."""
    return all((folder / file).is_file() for name in formats for file in FORMATS[name].files)


def write_results(
    folder: Path, picture: np.ndarray, karyotype: Karyotype, formats: frozenset[str], style: Style = PLAIN
) -> None:
    """Write the chosen formats of one karyotype; ``picture`` is its dark-on-white uint8 (H, W).

    What an earlier run left goes first, ``karyotype.json`` before all. That file is always written, and last. Files that are
    called otherwise than those written here stay.
    """
    left = (folder / file for format_ in FORMATS.values() for file in format_.files)
    cutouts = (file for file in (folder / CUTOUTS).glob("*.png") if CUTOUT.fullmatch(file.name))
    for path in (folder / RESULT, *left, *cutouts):
        path.unlink(missing_ok=True)
    for name, format_ in FORMATS.items():
        if name in formats or name == "json":
            format_.write(folder, picture, karyotype, style)

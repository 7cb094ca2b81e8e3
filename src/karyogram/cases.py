"""A case on disk: from a folder of pictures or results, or a manifest, to case.json, cells.csv and sheet.png."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np

from karyogram import bands
from karyogram.datasets.results import read_karyotype
from karyogram.draw.sheet import draw_sheet
from karyogram.errors import AnnotationError, DataError, PictureError
from karyogram.files import find_pictures, write_picture, write_text
from karyogram.karyotype.case import USES, Entry
from karyogram.karyotype.quality import band_level
from karyogram.labels import LABELS
from karyogram.output import RESULT
from karyogram.pipeline import open_metaphase
from karyogram.records import Case, Cell, Karyotype
from karyogram.shape.cutout import cut_out
from karyogram.shape.resolution import count_bands
from karyogram.shape.straighten import straighten
from karyogram.tables import to_csv

COLUMNS = ("path", "use", "number", "iscn", "note")
#: The level of the band table against which classes that were not seen are weighed.
LEVEL = 400


@dataclass(frozen=True)
class Source:
    """Where one cell comes from: a picture to be analysed into the folder of ``result``, or a result that is there already.

    ``picture`` and ``result`` are None for a cell of which a manifest alone tells. ``entry`` is what the manifest says.
    """

    entry: Entry
    picture: Path | None = None
    result: Path | None = None


def find_sources(given: Path, out: Path) -> list[Source]:
    """Return the cells of a case: of a folder of results or pictures, or of a manifest.

    A folder that holds a ``karyotype.json`` somewhere is one of results. Results of pictures go to ``out/cells``. A manifest is
    a CSV file with the columns path, use, number, iscn and note, all but the first optional; a path, relative to the manifest,
    is a picture, a result folder, or the mere name of a cell that was counted or excluded. Raises DataError, naming file and
    reason, if there is no cell, or if a manifest is none.
    """
    if given.is_file() and given.suffix.lower() == ".csv":
        return _read_manifest(given, out)
    home = out.resolve()
    results = sorted(f for f in given.rglob(RESULT) if not f.resolve().is_relative_to(home)) if given.is_dir() else []
    if results:
        return [Source(Entry(str(file.parent)), None, file) for file in results]
    pictures = find_pictures([given], out)
    if not pictures:
        raise DataError(f"{given}: no pictures, no results ({RESULT}), and no manifest (.csv)")
    return [Source(Entry(str(path)), path, out / "cells" / name / RESULT) for path, name in pictures]


def _read_manifest(path: Path, out: Path) -> list[Source]:
    try:
        table = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), restkey="more")
        rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if unknown := sorted(set(table.fieldnames or ()) - set(COLUMNS)):
        raise DataError(f"{path}: no column {unknown[0]!r}; there are {', '.join(COLUMNS)}")
    if not rows or "path" not in (table.fieldnames or ()):
        raise DataError(f"{path}: not a manifest: it needs a column path and a row for each cell")
    if longer := next((line for line, row in rows if "more" in row), None):
        raise DataError(f"{path}, line {longer}: more values than there are columns")
    found = [_source(path, line, {key: (value or "").strip() for key, value in row.items()}) for line, row in rows]
    pictures = [source.picture for source in found if source.picture]
    names = dict(find_pictures(pictures, out))
    return [replace(s, result=out / "cells" / names[s.picture] / RESULT) if s.picture else s for s in found]


def _source(manifest: Path, line: int, row: dict[str, str]) -> Source:
    where = f"{manifest}, line {line}"
    use, number, file = row.get("use") or USES[0], row.get("number", ""), manifest.parent / row["path"]
    if not row["path"] or use not in USES or (number and not (number.isdecimal() and len(number) < 5)):
        raise DataError(f"{where}: a cell has a path, a use ({', '.join(USES)}) and a number of chromosomes or none")
    entry = Entry(str(file), None, use, int(number) if number else None, row.get("iscn", ""), row.get("note", ""))
    if use != "karyogram":
        return Source(entry)
    if file.is_dir() or file.name == RESULT:
        return Source(entry, None, file / RESULT if file.is_dir() else file)
    if not file.is_file():
        raise DataError(f"{where}: {file} is not there")
    return Source(entry, file)


def read_entries(sources: Sequence[Source]) -> Iterator[tuple[Entry, np.ndarray | None]]:
    """Yield each cell with its dark-on-white picture, uint8 (H, W), None where there is none.

    Raises AnnotationError if a result is broken; a picture that is gone costs its karyogram and the estimate of its bands only.
    """
    for source in sources:
        if source.result is None:
            yield source.entry, None
            continue
        karyotype, picture = read_karyotype(source.result), None
        try:
            picture = open_metaphase(karyotype.image).pixels
        except PictureError:
            picture = None
        if picture is not None and picture.shape != (karyotype.height, karyotype.width):
            raise AnnotationError(f"{source.result}: {karyotype.image} has another size now")
        level = None if picture is None else estimate_bands(picture, karyotype)
        yield replace(source.entry, image=karyotype.image, karyotype=karyotype, bands=level), picture


def estimate_bands(picture: np.ndarray, karyotype: Karyotype) -> int | None:
    """Return the band level of a cell: the bands seen on its free chromosomes, brought to a haploid set; None if none is free.

    ``picture`` is uint8 (H, W), dark on white.
    """
    seen = []
    for chromosome in karyotype.chromosomes:
        if chromosome.label and not chromosome.overlaps:
            image, mask = cut_out(picture, chromosome.polygon, chromosome.angle, chromosome.flipped)
            seen.append((chromosome.label, count_bands(*straighten(image, mask))))
    return band_level(seen, {label: len(bands.bands(label, LEVEL)) for label in LABELS})


def write_case(out: Path, case: Case, pictures: dict[str, np.ndarray]) -> None:
    """Write case.json, cells.csv and sheet.png; ``pictures`` are dark-on-white, by image."""
    write_text(out / "cells.csv", cells_table(case.cells))
    write_picture(out / "sheet.png", draw_sheet(case, pictures))
    write_text(out / "case.json", case.to_json())


def cells_table(cells: Sequence[Cell]) -> str:
    """Return the text of ``cells.csv``, one row a cell, the best first."""
    return to_csv([field.name for field in fields(Cell)], map(astuple, cells))

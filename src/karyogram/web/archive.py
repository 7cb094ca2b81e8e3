"""Files for the client: one as it is, several as a zip; rows as CSV."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import IO, Any

from flask import Response, send_file

from karyogram.tables import to_csv

#: A cell of a table that begins so would be a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Bytes of a zip that are kept in memory; larger ones go through the disk.
IN_MEMORY = 2**23


def send_bytes(data: bytes, name: str) -> Response:
    """Answer with one file to be saved under a name."""
    kind = guess_type(name)[0] or "application/octet-stream"
    return send_file(io.BytesIO(data), kind, as_attachment=True, download_name=name.replace("/", "_"), max_age=0)


def send_folder(folder: Path, files: Sequence[str], name: str) -> Response:
    """Answer with what is written in a folder: the file itself if it is one, else a zip. ``name`` has no suffix."""
    found = (path for file in files for path in (folder / file, *sorted((folder / file).rglob("*"))))
    paths = [path for path in found if path.is_file()]
    if len(paths) == 1:
        return send_bytes(paths[0].read_bytes(), f"{name}-{paths[0].name}")
    return send_zip(((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths), f"{name}.zip")


def send_zip(entries: Iterable[tuple[str, bytes]], name: str) -> Response:
    """Answer with a zip of (path, content), made entry by entry."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  the response closes it
    write_zip(file, entries)
    file.seek(0)
    return send_file(file, "application/zip", as_attachment=True, download_name=name.replace("/", "_"), max_age=0)


def write_zip(file: IO[bytes], entries: Iterable[tuple[str, bytes]]) -> None:
    """Write a zip of (path, content), entry by entry."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in entries:
            packed = PurePosixPath(path).suffix in (".png", ".jpg", ".pdf", ".zip")
            archive.writestr(path, content, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV; what is no text is written as JSON, and no cell is a formula."""
    return to_csv(columns, ([_cell(value) for value in row] for row in rows))


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return f"'{text}" if text.startswith(FORMULA) else text

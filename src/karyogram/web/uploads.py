"""The files of a request: pictures, or a zip of a folder, opened one by one and within bounds."""

import zipfile
from collections.abc import Iterator
from typing import IO

from werkzeug.datastructures import FileStorage

from karyogram.files import SUFFIXES
from karyogram.web.pictures import MAX_BYTES, shown_name
from karyogram.web.refusals import Invalid, NotAPicture, TooLarge

#: A zip may not promise more than so many times its own size, beyond a first part that is free: that is a bomb.
RATIO, FREE = 50, 64 * 2**20
#: Entries of a zip that are looked at, pictures or not.
MAX_ENTRIES = 5000


def open_files(uploads: list[FileStorage], limit: int) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield (name, open file) for each picture of an upload; what a zip holds beside pictures is left out.

    Raises Invalid if there is nothing, TooLarge for more than ``limit`` pictures or a zip that swells, NotAPicture for a zip
    that is broken or holds no picture. A zip's names are shown, never used as paths.
    """
    if not uploads:
        raise Invalid("the field image holds the pictures, one or several, or a zip of a folder", field="image")
    if len(uploads) > limit:
        raise TooLarge(f"{len(uploads)} pictures are more than the {limit} of one upload")
    for upload in uploads:
        if _is_zip(upload.stream):
            yield from _unzip(upload.stream, limit)
        else:
            yield shown_name(upload.filename), upload.stream


def _is_zip(stream: IO[bytes]) -> bool:
    head = stream.read(4)
    stream.seek(0)
    return head in (b"PK\x03\x04", b"PK\x05\x06")


def _unzip(stream: IO[bytes], limit: int) -> Iterator[tuple[str, IO[bytes]]]:
    size = stream.seek(0, 2)
    try:
        with zipfile.ZipFile(stream) as archive:
            for entry in _entries(archive, size, limit):
                with archive.open(entry) as file:
                    yield shown_name(entry.filename), file
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise NotAPicture(f"a zip that cannot be read: {error}") from error


def _entries(archive: zipfile.ZipFile, size: int, limit: int) -> list[zipfile.ZipInfo]:
    """Return the pictures of a zip, checked against bombs: what entries promise is all that is read of them."""
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise TooLarge(f"a zip of {len(infos)} entries, more than {MAX_ENTRIES}")
    found = [info for info in infos if not info.is_dir() and _is_picture(info.filename)]
    if not found:
        raise NotAPicture("a zip without pictures")
    if len(found) > limit:
        raise TooLarge(f"a zip of {len(found)} pictures, more than the {limit} of one upload")
    if any(info.file_size > MAX_BYTES for info in found) or sum(i.file_size for i in found) > FREE + RATIO * size:
        raise TooLarge("a zip that swells beyond all measure when it is opened")
    return found


def _is_picture(name: str) -> bool:
    last = name.replace("\\", "/").rpartition("/")[2]
    return not last.startswith(".") and "__MACOSX/" not in name and any(last.lower().endswith(s) for s in SUFFIXES)

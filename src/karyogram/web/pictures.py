"""Uploaded pictures: looked at before they are taken, kept under their checksum, never under the name they came with."""

import hashlib
import os
import threading
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

from karyogram.errors import PictureError
from karyogram.files import decode_picture, write_bytes
from karyogram.pipeline import MAX_PIXELS
from karyogram.web.refusals import NotAPicture, TooLarge

#: The folder of pictures in the data folder, and the suffix of each kind of file.
FOLDER = "pictures"
SUFFIXES = {"TIFF": ".tif", "PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp"}
#: A picture's file has so many bytes at most.
MAX_BYTES = 128 * 2**20

#: So many pictures are decoded at a time, to bound memory.
_decoding = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Stored:
    """A picture in the data folder: its checksum, its path in there, its size in pixels."""

    sha256: str
    path: str
    width: int
    height: int


def take(data: Path, file: IO[bytes]) -> Stored:
    """Keep an uploaded picture. Raises NotAPicture for what is none, TooLarge for more than a metaphase may have."""
    content, suffix, pixels = open_upload(file)
    sha256 = hashlib.sha256(content).hexdigest()
    path = Path(FOLDER) / sha256[:2] / f"{sha256}{suffix}"
    if not (data / path).exists():
        write_bytes(data / path, content)
        with (data / path).open("r+b") as kept:  # accepted is on the disk
            os.fsync(kept.fileno())
    height, width = pixels.shape
    return Stored(sha256, path.as_posix(), width, height)


def open_upload(file: IO[bytes]) -> tuple[bytes, str, np.ndarray]:
    """Return an uploaded picture's bytes, the suffix of its kind, and its pixels uint8 (H, W). Raises as :func:`take` does."""
    try:
        content = file.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:  # an entry of a zip
        raise NotAPicture("cannot be unpacked: the zip is broken here") from error
    if len(content) > MAX_BYTES:
        raise TooLarge(f"more than {MAX_BYTES // 2**20} MB")
    suffix = _suffix(content)
    with _decoding:
        try:
            return content, suffix, decode_picture(content, "picture").pixels
        except PictureError as error:
            raise NotAPicture(str(error).removeprefix("picture: ")) from error


def _suffix(content: bytes) -> str:
    """Return the suffix for a picture's bytes, by what is in them; its header must promise a bounded size."""
    try:
        image = Image.open(BytesIO(content), formats=list(SUFFIXES))
    except (Image.DecompressionBombError, UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise TooLarge(f"more than {MAX_PIXELS // 10**6} megapixels") from error
        raise NotAPicture("not a TIFF, PNG, JPEG or BMP picture, or a broken one") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TooLarge(f"{width} x {height} pixels are more than a metaphase may have: {MAX_PIXELS // 10**6} megapixels")
    return SUFFIXES[image.format or ""]


def shown_name(name: str | None) -> str:
    """Return a file name as it is shown: the part behind the last slash, printable, at most 200 characters."""
    last = (name or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable()).strip()
    return clean[-200:] or "picture"

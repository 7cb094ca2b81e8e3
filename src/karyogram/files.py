"""Read any picture safely, write results atomically. The only code that touches picture files."""

import os
import secrets
import stat
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from karyogram.errors import DataError, PictureError

SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp"})
#: Pictures of more pixels are not decoded, files of more bytes (16-bit RGBA of so many pixels) not read.
MAX_PIXELS = 200_000_000
MAX_BYTES = 8 * MAX_PIXELS
#: One in so many pixels of a deep picture may be a hot or a dead one of the camera: it does not set the range of grey.
ODD_PIXELS = 10_000
_FORMATS = ("TIFF", "PNG", "JPEG", "BMP")
#: Pillow's limit is one for all threads: it is changed by one at a time.
_opening = threading.Lock()


@dataclass(frozen=True, eq=False)
class Picture:
    """A grey picture: ``pixels`` uint8 (H, W) as stored, and one line for each thing a reader should know."""

    pixels: np.ndarray
    warnings: tuple[str, ...] = ()


def read_picture(path: str | Path, limit: int = MAX_PIXELS) -> Picture:
    """Read TIFF, PNG, JPEG or BMP (8 or 16 bit; grey, RGB, RGBA, palette; first page of many) as grey uint8.

    16-bit pictures are stretched from their darkest to their brightest pixel, because cameras fill 10 to 16 of the
    bits; one pixel in ``ODD_PIXELS`` may lie outside at either end. So are floats; what is no number is black. Transparent
    pixels become white. Raises PictureError, naming file and reason, for anything else, and for more than ``limit`` pixels
    before they are decoded.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{path}: cannot be read: not a file")
        if status.st_size > MAX_BYTES:
            raise PictureError(f"{path}: more than {MAX_BYTES // 10**6} MB")
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror or error}") from error
    return decode_picture(data, str(path), limit)


def decode_picture(data: bytes, name: str, limit: int = MAX_PIXELS) -> Picture:
    """Decode the bytes of a picture's file, which errors call ``name``; see :func:`read_picture`."""
    if not data:
        raise PictureError(f"{name}: the file is empty")
    try:
        return _decode(data, limit)
    except Exception as error:  # on broken data the decoders raise whatever they stumble over
        reason = str(error) if isinstance(error, PictureError) else f"broken picture: {error or type(error).__name__}"
        raise PictureError(f"{name}: {' '.join(reason.split())}") from error


def _decode(data: bytes, most: int) -> Picture:
    import io

    from PIL import Image, UnidentifiedImageError

    notes: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opening:
            usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, MAX_PIXELS  # Pillow's own limit is lower
            try:
                image: Any = Image.open(io.BytesIO(data), formats=_FORMATS)
            except Image.DecompressionBombError as error:
                raise PictureError(f"more than the limit of {most // 10**6} megapixels") from error
            except UnidentifiedImageError as error:
                raise PictureError("not a TIFF, PNG, JPEG or BMP picture, or a broken one") from error
            finally:
                Image.MAX_IMAGE_PIXELS = usual
        width, height = image.size
        if width * height > most:
            raise PictureError(f"{width} x {height} pixels are more than the limit of {most // 10**6} megapixels")
        if image.format != "TIFF":
            return Picture(_to_grey(_decode_pillow(image, data)))
        pages = getattr(image, "n_frames", 1)
        if pages > 1:
            notes.append(f"{pages} pages, only the first was read")
            image.seek(0)
        grey = _to_grey(_decode_pillow(image, data) if image.mode in ("LA", "PA") else _decode_opencv(data))
        if (
            image.mode.startswith("I;16") and getattr(image, "tag_v2", {}).get(262) == 0
            # White is zero; OpenCV heeds it at 8 bits only.
        ):
            grey = 255 - grey
    return Picture(grey, tuple(notes))


def _decode_pillow(image: Any, data: bytes) -> np.ndarray:
    image.load()
    if image.format == "PNG" and image.mode in ("RGB", "RGBA") and data[24] == 16:
        return _decode_opencv(data)  # Pillow keeps the upper 8 bits only
    if "transparency" in image.info and image.mode.startswith("I"):  # Pillow would cut these levels off at 255
        grey = np.asarray(image)
        full = np.iinfo(grey.dtype).max
        return np.dstack([grey, grey, grey, np.where(grey == image.info["transparency"], 0, full).astype(grey.dtype)])
    if "transparency" in image.info or image.mode in ("LA", "PA"):
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "RGBA") and not image.mode.startswith("I"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    return np.asarray(image)


def _decode_opencv(data: bytes) -> np.ndarray:
    """Decode with OpenCV, which ignores TIFF strips past the last row; Pillow would paint them over the first."""
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(level)
    if array is None:
        raise PictureError("broken picture, or a kind of TIFF that cannot be read")
    return array if array.ndim == 2 else array[..., [2, 1, 0, *range(3, array.shape[2])]]


def _to_grey(array: np.ndarray) -> np.ndarray:
    """(H, W), (H, W, 3) or (H, W, 4) of any number type -> (H, W) uint8; white behind transparency."""
    if array.dtype == np.uint8 and array.ndim == 2:
        return np.ascontiguousarray(array)
    values = _finite(array) if array.dtype.kind == "f" else array.astype(np.float32)
    grey = values if values.ndim == 2 else values[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    if array.dtype != np.uint8:
        grey = _stretch(grey)
    if values.ndim == 3 and values.shape[2] == 4:
        full = np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1.0
        alpha = np.clip(np.nan_to_num(array[..., 3]) / full, 0, 1)
        grey = grey * alpha + 255.0 * (1.0 - alpha)
    return np.clip(grey + 0.5, 0, 255).astype(np.uint8)


def _finite(array: np.ndarray) -> np.ndarray:
    """Return floats of any size as float32 within -1 and 1; infinities as the largest and least number, NaN as the least."""
    known = array[np.isfinite(array)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    peak = max(abs(low), abs(high)) or 1.0
    return (np.nan_to_num(array, nan=low, posinf=high, neginf=low) / peak).astype(np.float32)


def _stretch(grey: np.ndarray) -> np.ndarray:
    """Bring grey levels, float32 (H, W), to 0..255; one pixel in ``ODD_PIXELS`` is cut off at either end."""
    odd = grey.size // ODD_PIXELS
    ordered = np.partition(grey, (odd, grey.size - 1 - odd), axis=None)
    low, high = float(ordered[odd]), float(ordered[-1 - odd])
    return np.clip((grey - low) * (255.0 / (high - low) if high > low else 0.0), 0, 255)


def find_pictures(inputs: list[Path], out: Path | None = None) -> list[tuple[Path, Path]]:
    """Return (path, name) for each picture among files and folders, folders read recursively, in name order.

    ``name`` is the path relative to the input folder (a file's own name), without its suffix: where its results go. Two
    inputs that would share a name keep their suffix or get the number of the input in front, so that none is lost.
    Hidden files are left out of folders, and so is what lies in ``out``, the folder of results, if that is given.
    """
    found: list[tuple[int, Path, Path]] = []
    for number, entry in enumerate(inputs):
        if entry.is_dir():
            files = sorted(f for f in _files_below(entry, out.resolve() if out else None) if _is_picture(f))
            found += [(number, f, f.relative_to(entry)) for f in files]
        else:
            found.append((number, entry, Path(entry.name)))
    names = _distinct([(number, relative) for number, _, relative in found])
    return [(path, name) for (_, path, _), name in zip(found, names, strict=True)]


def _files_below(folder: Path, but: Path | None) -> Iterator[Path]:
    """Yield the files of a folder and those below it. ``but``, a resolved folder, is not even entered: it may hold millions."""
    top = folder.resolve()
    for place, folders, names in os.walk(folder):
        here = Path(place)
        there = top / here.relative_to(folder)
        if but and there.is_relative_to(but):
            folders.clear()
            continue
        for name in names:
            path = here / name
            if not (but and path.is_symlink() and path.resolve().is_relative_to(but)):
                yield path


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _distinct(entries: list[tuple[int, Path]]) -> list[Path]:
    """Return a name for each (input number, relative path), no two alike even where upper and lower case are one."""
    names = [relative if relative.stem in (".", "..") else relative.with_suffix("") for _, relative in entries]
    full = [relative for _, relative in entries]
    numbered = [Path(f"{number + 1}") / relative for number, relative in entries]
    for better in (full, numbered):
        count = Counter(str(name).casefold() for name in names)
        names = [better[i] if count[str(name).casefold()] > 1 else name for i, name in enumerate(names)]
    taken: set[str] = set()
    for i, name in enumerate(names):
        copy = 1
        while str(names[i]).casefold() in taken:
            copy += 1
            names[i] = name.with_name(f"{name.name}_{copy}")
        taken.add(str(names[i]).casefold())
    return names


def make_folder(path: Path) -> Path:
    """Make a folder for results, or find it there. Raises DataError, naming folder and reason, if nothing can be put in it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part. Folders are made as needed.

    Who may read it is for the process's umask to say, as with any new file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def write_text(path: str | Path, text: str) -> Path:
    r"""Write UTF-8 text atomically; see :func:`write_bytes`. Bytes of file names that are no UTF-8 become ``\\udcff``."""
    return write_bytes(path, text.encode(errors="backslashreplace"))


def write_picture(path: str | Path, pixels: np.ndarray, dpi: int | None = None) -> Path:
    """Write uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA atomically, in the format the suffix names.

    ``dpi`` is what the file says of its size in print, in pixels per inch; None for nothing.
    """
    return write_bytes(path, encode_picture(pixels, Path(path).suffix, dpi))


def encode_picture(pixels: np.ndarray, suffix: str = ".png", dpi: int | None = None) -> bytes:
    """Return the bytes of the file that :func:`write_picture` writes."""
    import io

    from PIL import Image

    size = {} if dpi is None else {"dpi": (dpi, dpi)}
    buffer, form = io.BytesIO(), Image.registered_extensions()[suffix.lower()]
    quick = {"compress_level": 1} if form == "PNG" else {}  # much less time for a quarter more bytes
    Image.fromarray(pixels).save(buffer, format=form, **quick, **size)
    return buffer.getvalue()

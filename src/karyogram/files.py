"""Read any picture safely, write results atomically. The only code that touches picture files."""

import os
import struct
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karyogram.errors import PictureError

SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp"})
MAX_PIXELS = 200_000_000
_FORMATS = ("TIFF", "PNG", "JPEG", "BMP", "MPO")


@dataclass(frozen=True, eq=False)
class Picture:
    """A grey picture: ``pixels`` uint8 (H, W) as stored, and one line for each thing a reader should know."""

    pixels: np.ndarray
    warnings: tuple[str, ...] = ()


def read_picture(path: str | Path) -> Picture:
    """Read TIFF, PNG, JPEG or BMP (8 or 16 bit; grey, RGB, RGBA, palette; first page of many) as grey uint8.

    16-bit pictures are stretched from their darkest to their brightest pixel, because cameras fill 10 to 16 of the
    bits. Transparent pixels become white. Raises PictureError, naming file and reason, for anything else.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not data:
        raise PictureError(f"{path}: the file is empty")
    try:
        return _decode(data)
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def _decode(data: bytes) -> Picture:
    import io

    from PIL import Image, UnidentifiedImageError

    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise PictureError(f"{width} x {height} pixels are more than the limit of {MAX_PIXELS // 10**6} megapixels")
            pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
            if pages > 1:
                notes.append(f"{pages} pages, only the first was read")
                image.seek(0)
            array = _decode_tiff(data) if image.format == "TIFF" else _decode_pillow(image)
    except Image.DecompressionBombError as error:
        raise PictureError(f"more than the limit of {MAX_PIXELS // 10**6} megapixels") from error
    except UnidentifiedImageError as error:
        raise PictureError("not a TIFF, PNG, JPEG or BMP picture") from error
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, IndexError, struct.error) as error:
        raise PictureError(f"broken picture: {error}") from error
    return Picture(_to_grey(array), tuple(notes))


def _decode_pillow(image) -> np.ndarray:  # type: ignore[no-untyped-def]
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode in ("1", "LA", "PA", "CMYK", "YCbCr"):
        image = image.convert({"1": "L", "LA": "RGBA", "PA": "RGBA"}.get(image.mode, "RGB"))
    return np.asarray(image)


def _decode_tiff(data: bytes) -> np.ndarray:
    """Decode the first page with OpenCV, which ignores strips past the last row; Pillow would paint them over the first."""
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PictureError(f"broken picture: {error.err}") from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    if array is None:
        raise PictureError("broken or unsupported TIFF")
    return array if array.ndim == 2 else array[..., [2, 1, 0, *range(3, array.shape[2])]]


def _to_grey(array: np.ndarray) -> np.ndarray:
    """(H, W), (H, W, 3) or (H, W, 4) of any number type -> (H, W) uint8; white behind transparency."""
    if array.dtype == np.uint8 and array.ndim == 2:
        return np.ascontiguousarray(array)
    values = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if array.dtype != np.uint8:
        colours = values[..., :3] if values.ndim == 3 else values
        low, high = float(colours.min()), float(colours.max())
        scaled = (colours - low) * (255.0 / (high - low) if high > low else 0.0)
        if values.ndim == 3:
            values[..., :3] = scaled
            values[..., 3:] *= 255.0 / float(np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1.0)
        else:
            values = scaled
    if values.ndim == 3:
        grey = values[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32) if values.shape[2] >= 3 else values[..., 0]
        if values.shape[2] == 4:
            alpha = values[..., 3] / 255.0
            grey = grey * alpha + 255.0 * (1.0 - alpha)
        values = grey
    return np.ascontiguousarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def find_pictures(inputs: list[Path]) -> list[tuple[Path, Path]]:
    """Return (path, name) for each picture among files and folders, folders read recursively, in name order.

    ``name`` is the path relative to the input folder (a file's own name), without its suffix: where its results go. Two
    inputs that would share a name keep their suffix or get the number of the input in front, so that none is lost.
    """
    found: list[tuple[int, Path, Path]] = []
    for number, entry in enumerate(inputs):
        if entry.is_dir():
            files = sorted(f for f in entry.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
            found += [(number, f, f.relative_to(entry)) for f in files]
        else:
            found.append((number, entry, Path(entry.name)))
    names = _distinct([(number, relative) for number, _, relative in found])
    return [(path, name) for (_, path, _), name in zip(found, names, strict=True)]


def _distinct(entries: list[tuple[int, Path]]) -> list[Path]:
    stems = [relative.with_suffix("") for _, relative in entries]
    full = [relative for _, relative in entries]
    numbered = [Path(f"{number + 1}") / relative for number, relative in entries]
    unique = [Path(f"{i + 1}") / relative for i, (_, relative) in enumerate(entries)]
    names = list(stems)
    for better in (full, numbered, unique):
        seen: dict[str, int] = {}
        for name in names:
            seen[str(name).casefold()] = seen.get(str(name).casefold(), 0) + 1
        names = [better[i] if seen[str(n).casefold()] > 1 else n for i, n in enumerate(names)]
    return names


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part. Folders are made as needed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write_text(path: str | Path, text: str) -> Path:
    """Write UTF-8 text atomically; see :func:`write_bytes`."""
    return write_bytes(path, text.encode())


def write_picture(path: str | Path, pixels: np.ndarray) -> Path:
    """Write uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA atomically, in the format the suffix names."""
    import io

    from PIL import Image

    path = Path(path)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=Image.registered_extensions()[path.suffix.lower()])
    return write_bytes(path, buffer.getvalue())

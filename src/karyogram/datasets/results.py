"""The ``karyotype.json`` files that ``karyogram analyze`` writes, and lists of picture names."""

from pathlib import Path

from karyogram.errors import AnnotationError, DataError
from karyogram.records import Karyotype

#: The file whose presence says that a picture is done.
RESULT = "karyotype.json"


def read_names(path: str | Path) -> list[str]:
    """Read a text file of picture names, one a line; empty lines do not count. Raises DataError if there is none."""
    path = Path(path)
    try:
        names = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not names:
        raise DataError(f"{path}: holds no names")
    return names


def read_karyotype(path: str | Path) -> Karyotype:
    """Read one ``karyotype.json``. Raises AnnotationError, naming file and reason, if it is none."""
    path = Path(path)
    try:
        return Karyotype.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (AnnotationError, UnicodeDecodeError, OverflowError, RecursionError) as error:
        raise AnnotationError(f"{path}: {error}") from error

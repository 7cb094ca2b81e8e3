"""The exceptions karyogram raises on purpose.

    KaryogramError
    ├── PictureError        a file that cannot be used as a picture (broken, empty, huge, no picture)
    ├── AnnotationError     a truth or result file that cannot be used (VOC, JSON, CSV)
    ├── ModelError          a model that is unknown, damaged, or not one of ours
    ├── DataError           a data set, split or folder that does not hold what was asked of it
    └── EditError           a correction of a karyotype that cannot be made

Every message names the file and the reason and fits on one line, so a command can print it as it is.
"""


class KaryogramError(Exception):
    """Base of every error raised on purpose by karyogram."""


class PictureError(KaryogramError):
    """A file that cannot be used as a picture."""


class AnnotationError(KaryogramError):
    """A truth or result file that cannot be used."""


class ModelError(KaryogramError):
    """A model that is unknown, damaged, or not one of ours."""


class DataError(KaryogramError):
    """A data set, split or folder that does not hold what was asked of it."""


class EditError(KaryogramError):
    """A correction of a karyotype that cannot be made."""


def explain(path: object, error: Exception) -> str:
    """Return in one line, which names the file, what went wrong with it; what was not raised on purpose says its kind.

    >>> explain("a.png", PictureError("a.png: the file is empty")), explain("a.png", KeyError("size"))
    ('a.png: the file is empty', "a.png: KeyError: 'size'")
    """
    planned = isinstance(error, KaryogramError | OSError)
    text = " ".join((str(error) if planned else f"{type(error).__name__}: {error}").split())
    return text if text.startswith(str(path)) else f"{path}: {text}"

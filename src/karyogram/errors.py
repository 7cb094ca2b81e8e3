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

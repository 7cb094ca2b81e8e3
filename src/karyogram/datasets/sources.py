"""Files that tell what chromosomes there are, whatever their kind: as truth or as results, all are read into two forms.

Metaphases are read picture by picture into :class:`karyogram.datasets.boxed.Boxed`, pictures of single chromosomes at once into
:class:`karyogram.datasets.predictions.Singles`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from karyogram.datasets.boxed import Boxed, Margin, of_annotation, of_karyotype, pair_up
from karyogram.datasets.coco_reader import read_coco
from karyogram.datasets.predictions import Singles, read_folders, read_predictions
from karyogram.datasets.results import RESULT, read_karyotype
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import read_voc
from karyogram.errors import AnnotationError, DataError
from karyogram.metrics.metaphases import Pair

#: Files in which a folder holds COCO, the one in which a case lies beside its results, and that of a result folder's boxes.
COCO_FILES, CASE, BOXES = ("coco.json", "annotations.json"), "case.json", "voc.xml"


@dataclass(frozen=True)
class Told:
    """Where one picture's chromosomes are told, and what reads them; it may raise ValueError or AnnotationError."""

    file: Path
    read: Callable[[], Boxed]

    def boxed(self) -> Boxed:
        """Read them. Raises AnnotationError, naming the file."""
        try:
            return self.read()
        except ValueError as error:
            raise AnnotationError(f"{self.file}: {error}") from error


@dataclass(frozen=True)
class Metaphases:
    """Pictures by name; ``margin`` is how far boxes of this kind, as truth, stand off the chromosomes, in pixels."""

    pictures: Mapping[str, Told]
    margin: Margin = (0.0, 0.0, 0.0, 0.0)


def find_coco(path: Path) -> Metaphases | None:
    """A COCO file, or the one in a folder."""
    files = [path / name for name in COCO_FILES] if path.is_dir() else [path]
    for file in files:
        if file.suffix == ".json" and file.is_file() and (pictures := read_coco(file)) is not None:
            return Metaphases({name: Told(file, read) for name, read in pictures.items()})
    return None


def find_voc(path: Path) -> Metaphases | None:
    """A VOC file, or all below a folder, or below its ``annotations``, but those beside a ``karyotype.json``."""
    folder = path / "annotations" if (path / "annotations").is_dir() else path
    files = [
        file
        for file in (folder.rglob("*.xml") if folder.is_dir() else [path])
        if file.suffix == ".xml" and not (path.is_dir() and file.name == BOXES and file.with_name(RESULT).is_file())
    ]
    told = {_name(file, folder): Told(file, partial(_read_voc, file)) for file in files}
    return Metaphases(told, MARGIN) if told else None


def _read_voc(file: Path) -> Boxed:
    return of_annotation(read_voc(file))


def find_results(path: Path) -> Metaphases | None:
    """A ``karyotype.json``, or all below a folder, called ``NAME/karyotype.json`` or ``NAME.json``."""
    below = path.rglob("*.json") if path.is_dir() else [path]
    files = [file for file in below if file.suffix == ".json" and file.name not in (*COCO_FILES, CASE) and file.is_file()]
    files.sort(key=lambda file: file.name == RESULT)  # of two with one name, this one is the result
    if not any(_is_result(file) for file in reversed(files)):
        return None
    return Metaphases({_name(file, path): Told(file, partial(_read_result, file)) for file in files})


def _is_result(file: Path) -> bool:
    if file.name == RESULT:
        return True
    content = file.read_bytes()
    return b'"chromosomes"' in content and b'"annotations"' not in content


def _read_result(file: Path) -> Boxed:
    return of_karyotype(read_karyotype(file))


def find_predictions(path: Path) -> Singles | None:
    """A ``predictions.csv`` of `karyogram classify`."""
    return read_predictions(path) if path.suffix == ".csv" and path.is_file() else None


def find_folders(path: Path) -> Singles | None:
    """Class folders of pictures of single chromosomes."""
    return read_folders(path) if path.is_dir() else None


Source = Metaphases | Singles
Find = Callable[[Path], Source | None]

#: Kind -> what finds it at a path. The first that finds something is taken; truth and results may lie in one folder, so truth
#: is looked for in the files of annotators first, results in those of karyogram.
TRUTH: Mapping[str, Find] = {
    "COCO": find_coco,
    "VOC": find_voc,
    RESULT: find_results,
    "predictions.csv": find_predictions,
    "class folders": find_folders,
}
RESULTS: Mapping[str, Find] = {RESULT: find_results, **{kind: find for kind, find in TRUTH.items() if kind != RESULT}}


def open_source(path: Path, kinds: Mapping[str, Find]) -> Source:
    """Return what a file or folder tells. Raises DataError or AnnotationError, naming it, if it is of none of the kinds."""
    for find in kinds.values():
        if found := find(path):
            return found
    *others, last = kinds
    raise DataError(f"{path}: neither {', '.join(others)} nor {last} here")


def pair_pictures(
    truth: Metaphases, said: Metaphases, wanted: Iterable[str] | None = None, alike: bool = False
) -> dict[str, tuple[Told | None, Told | None]]:
    """Return {name: (truth, result)} of the ``wanted`` pictures, or of all that have truth, in name order; None: not there.

    With ``alike``, one picture on either side is the same one, whatever it is called.
    """
    results = said.pictures
    if alike and len(truth.pictures) == len(results) == 1:
        results = dict(zip(truth.pictures, results.values(), strict=True))
    names = sorted(truth.pictures if wanted is None else set(wanted))
    return {name: (truth.pictures.get(name), results.get(name)) for name in names}


def read_pair(name: str, truth: Told | None, said: Told | None, margin: Margin) -> Pair:
    """Read truth and result of one picture; a missing result is one that found nothing. See :func:`pair_up` for ``margin``.

    Raises AnnotationError, naming file and reason, if there is no truth, if a file is broken, or if the two disagree in size.
    """
    if truth is None:
        raise AnnotationError(f"{name}: no truth file of that name")
    known, found = truth.boxed(), said.boxed() if said else None
    try:
        return pair_up(known, found, margin)
    except ValueError as error:
        raise AnnotationError(f"{said.file if said else truth.file}: {error}") from error


def _name(file: Path, root: Path) -> str:
    """Return the name of the picture that a file tells of: its path below ``root`` without suffix, or that of its folder."""
    if file == root:
        return file.resolve().parent.name if file.name in (RESULT, BOXES) else file.stem
    inside = file.relative_to(root)
    if file.name != RESULT:
        return inside.with_suffix("").as_posix()
    return inside.parent.as_posix() if len(inside.parts) > 1 else root.resolve().name

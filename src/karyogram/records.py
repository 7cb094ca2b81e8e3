"""The nouns of the project: frozen dataclasses, to and from JSON.

``Instance`` is what segmentation speaks, ``Chromosome``, ``Karyotype`` and ``Case`` are what users read. The JSON written by
:meth:`Karyotype.to_json` and :meth:`Case.to_json` follows ``data/karyotype.schema.json`` and ``data/case.schema.json``, which
ship beside this module.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import chain
from typing import Any

import numpy as np

from karyogram.errors import AnnotationError
from karyogram.labels import LABELS
from karyogram.plain import build

SCHEMA_VERSION = "1.1"


@dataclass(frozen=True, eq=False)
class Instance:
    """One segmented object: a mask crop plus its origin, so that two objects may share a pixel.

    ``mask`` is bool (h, w); its pixel [0, 0] is the picture's pixel [y, x]. ``score`` (0..1) is how sure the mask
    is. ``pixels``,
    uint8 (h, w), are the object's own grey levels on a flattened ground where the picture mixes them with another's
    under a crossing.
    """

    mask: np.ndarray
    x: int
    y: int
    score: float = 1.0
    pixels: np.ndarray | None = None

    @property
    def area(self) -> int:
        """Number of pixels in the mask."""
        return int(self.mask.sum())

    @property
    def bbox(self) -> tuple[int, int, int, int]:
        """Tight box (xmin, ymin, xmax, ymax) in pixels of the picture; the maxima lie one past the last pixel."""
        ys, xs = np.nonzero(self.mask.any(1))[0], np.nonzero(self.mask.any(0))[0]
        return self.x + int(xs[0]), self.y + int(ys[0]), self.x + int(xs[-1]) + 1, self.y + int(ys[-1]) + 1

    def common(self, other: "Instance") -> int:
        """Number of pixels of the picture that belong to both masks."""
        top, left = max(self.y, other.y), max(self.x, other.x)
        bottom = min(self.y + self.mask.shape[0], other.y + other.mask.shape[0])
        right = min(self.x + self.mask.shape[1], other.x + other.mask.shape[1])
        if top >= bottom or left >= right:
            return 0
        own = self.mask[top - self.y : bottom - self.y, left - self.x : right - self.x]
        return int((own & other.mask[top - other.y : bottom - other.y, left - other.x : right - other.x]).sum())

    def window(self) -> tuple[slice, slice]:
        """The rows and columns of the picture that the crop covers."""
        h, w = self.mask.shape
        return slice(self.y, self.y + h), slice(self.x, self.x + w)


@dataclass(frozen=True)
class Chromosome:
    """One chromosome of a cell. Coordinates are pixels of the input picture, angles degrees counter-clockwise."""

    id: int
    label: str | None
    probability: float
    probabilities: tuple[float, ...]
    score: float
    bbox: tuple[int, int, int, int]
    polygon: tuple[tuple[float, float], ...]
    angle: float
    flipped: bool
    length_px: float
    centromere: float | None = None
    overlaps: tuple[int, ...] = ()
    review: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A mask that was seen and not taken: its likeliest class, how sure that is, how sure the mask, tight box and outline."""

    label: str
    probability: float
    score: float
    bbox: tuple[int, int, int, int]
    polygon: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Finding:
    """A deviation from two of each autosome and two sex chromosomes: ``change`` copies of ``label`` too many."""

    label: str
    change: int
    probability: float


@dataclass(frozen=True)
class Karyotype:
    """One metaphase, read: its chromosomes, what they add up to, and what a person should look at."""

    image: str
    width: int
    height: int
    chromosomes: tuple[Chromosome, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    iscn: str = ""
    quality: float = 0.0
    warnings: tuple[str, ...] = ()
    model: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = field(default=(), metadata={"since": "1.1"})
    schema_version: str = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return json.loads(self.to_json())

    def to_json(self) -> str:
        """Return the text of ``karyotype.json``."""
        own = {f.name: getattr(self, f.name) for f in fields(Karyotype)}
        return json.dumps(own, default=asdict, indent=1) + "\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Karyotype":
        """Inverse of :meth:`to_dict`. Raises AnnotationError if a field is missing, unknown or of another type.

        So it does where a class is none, or where an outline lies so far off the picture that nothing could be drawn of it.
        """
        karyotype: Karyotype = _read("karyotype", cls, data)
        _check_sense(karyotype)
        return karyotype

    @classmethod
    def from_json(cls, text: str) -> "Karyotype":
        """Read the text of ``karyotype.json``. Raises AnnotationError if it is none."""
        return cls.from_dict(_parse("karyotype", text))


@dataclass(frozen=True)
class Cell:
    """One metaphase of a case: what it is used for, what it holds, how well it can be read.

    ``use`` is "karyogram", "counted" (its chromosomes were counted, no more) or "excluded". ``number`` of chromosomes and
    ``iscn`` are None and empty where they could not be told; ``entered`` is true if a person told. ``quality`` (0..1) ranks
    the cells: ``spread`` is how many times the chromosomes' area the cell covers, ``overlaps`` the share of chromosomes that
    lie across others, ``bands`` an estimate of the band level; None where there is no karyogram. ``proposed`` cells are
    those to show.
    """

    image: str
    use: str = "karyogram"
    number: int | None = None
    iscn: str = ""
    entered: bool = False
    quality: float = 0.0
    spread: float | None = None
    overlaps: float | None = None
    bands: int | None = None
    proposed: bool = False
    note: str = ""


@dataclass(frozen=True)
class Clone:
    """Cells of a case, by image, that share a karyotype; ``terms`` is what is changed in it, empty in a normal one."""

    iscn: str
    terms: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """Several metaphases of one person: their karyotypes, the number most of them have, their clones, one ISCN text.

    ``kind`` is "constitutional" or "acquired"; ``structural`` are the rearrangements that a person entered for all cells;
    ``findings`` are changes that the cells speak for together, whether or not any clone has them.
    """

    name: str
    kind: str
    cells: tuple[Cell, ...] = ()
    karyotypes: tuple[Karyotype, ...] = ()
    modal_number: int | None = None
    clones: tuple[Clone, ...] = ()
    iscn: str = ""
    structural: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    schema_version: str = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return json.loads(self.to_json())

    def to_json(self) -> str:
        """Return the text of ``case.json``."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Case":
        """Inverse of :meth:`to_dict`. Raises AnnotationError as :meth:`Karyotype.from_dict` does."""
        case: Case = _read("case", cls, data)
        for karyotype in case.karyotypes:
            _check_sense(karyotype)
        return case

    @classmethod
    def from_json(cls, text: str) -> "Case":
        """Read the text of ``case.json``. Raises AnnotationError if it is none."""
        return cls.from_dict(_parse("case", text))


def _read(noun: str, kind: type, data: Mapping[str, Any]) -> Any:
    """Return what ``data`` holds as a dataclass. Raises AnnotationError."""
    version = str(data.get("schema_version")) if isinstance(data, Mapping) else ""
    if "." in version and version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise AnnotationError(f"{noun} has schema version {version}, this karyogram reads {SCHEMA_VERSION}")
    try:
        return build(kind, data)
    except ValueError as error:
        raise AnnotationError(f"not a {noun}: {error}") from error


def _check_sense(karyotype: Karyotype) -> None:
    """Raise AnnotationError where what is of the right type makes no sense."""
    size = max(karyotype.width, 1), max(karyotype.height, 1)
    shares = [karyotype.quality, *(finding.probability for finding in karyotype.findings)]
    named_outlines = [(f"chromosome {one.id}", one.polygon) for one in karyotype.chromosomes]
    for where, polygon in (*named_outlines, *(("a candidate", one.polygon) for one in karyotype.candidates)):
        points = np.array(polygon, float).reshape(-1, 2) / size
        if len(points) < 3 or points.min() < -1 or points.max() > 2:
            raise AnnotationError(f"not a karyotype: {where} has an outline that is none of this picture")
    for chromosome in karyotype.chromosomes:
        if len(chromosome.probabilities) != len(LABELS):
            raise AnnotationError(f"not a karyotype: chromosome {chromosome.id} has not {len(LABELS)} probabilities")
        shares += [chromosome.score, chromosome.probability, *chromosome.probabilities, chromosome.centromere or 0.0]
    for candidate in karyotype.candidates:
        shares += [candidate.score, candidate.probability]
    if not all(0 <= share <= 1 for share in shares):
        raise AnnotationError("not a karyotype: a quality, score, probability or centromere is not from 0 to 1")
    if min(karyotype.width, karyotype.height, 0, *karyotype.counts.values()) < 0 or not all(
        f.change for f in karyotype.findings
    ):
        raise AnnotationError("not a karyotype: a size, count or change that none can be")
    named = [c.label for c in karyotype.chromosomes if c.label is not None]
    told = (finding.label for finding in karyotype.findings), (candidate.label for candidate in karyotype.candidates)
    for label in (*named, *karyotype.counts, *chain(*told)):
        if label not in LABELS:
            raise AnnotationError(f"not a karyotype: {label!r} is no class")


def _parse(noun: str, text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"not JSON: {error}") from error
    if not isinstance(data, Mapping):
        raise AnnotationError(f"not a {noun}: the JSON is no object")
    return data

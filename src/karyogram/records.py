"""The nouns of the project: frozen dataclasses, to and from JSON.

``Instance`` is what segmentation speaks, ``Chromosome``, ``Karyotype`` and ``Case`` are what users read. The JSON written by
:meth:`Karyotype.to_json` and :meth:`Case.to_json` follows ``data/karyotype.schema.json`` and ``data/case.schema.json``, which
ship beside this module.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from karyogram.errors import AnnotationError

SCHEMA_VERSION = "1.0"


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
        """Inverse of :meth:`to_dict`. Raises AnnotationError if a field is missing or unknown."""
        try:
            _check_version("karyotype", data)
            kwargs = {f.name: data[f.name] for f in fields(cls)}
            kwargs["chromosomes"] = tuple(_chromosome(c) for c in data["chromosomes"])
            kwargs["findings"] = tuple(Finding(**f) for f in data["findings"])
            kwargs["warnings"] = tuple(data["warnings"])
            return cls(**kwargs)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise AnnotationError(f"not a karyotype: {type(error).__name__} {error}") from error

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

    ``kind`` is "constitutional" or "acquired"; ``structural`` are the rearrangements that a person entered for all cells.
    """

    name: str
    kind: str
    cells: tuple[Cell, ...] = ()
    karyotypes: tuple[Karyotype, ...] = ()
    modal_number: int | None = None
    clones: tuple[Clone, ...] = ()
    iscn: str = ""
    structural: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    schema_version: str = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return _plain(self)

    def to_json(self) -> str:
        """Return the text of ``case.json``."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Case":
        """Inverse of :meth:`to_dict`. Raises AnnotationError if a field is missing or unknown."""
        try:
            _check_version("case", data)
            kwargs = {f.name: data[f.name] for f in fields(cls)}
            if unknown := sorted(set(data) - set(kwargs)):
                raise AnnotationError(f"not a case: it has no field {unknown[0]}")
            kwargs["cells"] = tuple(Cell(**cell) for cell in data["cells"])
            kwargs["karyotypes"] = tuple(Karyotype.from_dict(karyotype) for karyotype in data["karyotypes"])
            kwargs["clones"] = tuple(Clone(c["iscn"], tuple(c["terms"]), tuple(c["cells"])) for c in data["clones"])
            kwargs |= {name: tuple(data[name]) for name in ("structural", "warnings")}
            return cls(**kwargs)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnnotationError(f"not a case: {type(error).__name__} {error}") from error

    @classmethod
    def from_json(cls, text: str) -> "Case":
        """Read the text of ``case.json``. Raises AnnotationError if it is none."""
        return cls.from_dict(_parse("case", text))


def _plain(record: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(record)))
    return plain


def _check_version(noun: str, data: Mapping[str, Any]) -> None:
    version = str(data["schema_version"])
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise AnnotationError(f"{noun} has schema version {version}, this karyogram reads {SCHEMA_VERSION}")


def _parse(noun: str, text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"not JSON: {error}") from error
    if not isinstance(data, Mapping):
        raise AnnotationError(f"not a {noun}: the JSON is no object")
    return data


def _chromosome(data: Mapping[str, Any]) -> Chromosome:
    lists = {name: tuple(data[name]) for name in ("probabilities", "bbox", "overlaps", "review")}
    polygon = tuple((float(x), float(y)) for x, y in data["polygon"])
    return Chromosome(**{**data, **lists, "polygon": polygon})

"""Read human chromosomes: a metaphase photograph goes in, a karyogram comes out.

    photograph -> segment -> straighten -> classify -> arrange -> draw / report

>>> import karyogram
>>> karyotype = karyogram.analyze("cell.jpg")        # doctest: +SKIP
>>> karyotype.counts["21"], karyotype.iscn           # doctest: +SKIP
(3, '47,XX,+21')

Names load when they are first used, so importing karyogram is cheap.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from karyogram.analysis import Analysis, analyze
    from karyogram.draw.karyogram import Style, draw_karyogram
    from karyogram.draw.overlay import draw_overlay
    from karyogram.errors import AnnotationError, DataError, KaryogramError, ModelError, PictureError
    from karyogram.exchange.coco import to_coco
    from karyogram.files import read_picture
    from karyogram.karyotype.case import make_case
    from karyogram.labels import LABELS
    from karyogram.pipeline import open_metaphase
    from karyogram.records import Case, Cell, Chromosome, Clone, Finding, Karyotype

_HOMES = {
    "LABELS": "labels",
    "Analysis": "analysis",
    "AnnotationError": "errors",
    "Case": "records",
    "Cell": "records",
    "Chromosome": "records",
    "Clone": "records",
    "DataError": "errors",
    "Finding": "records",
    "Karyotype": "records",
    "KaryogramError": "errors",
    "ModelError": "errors",
    "PictureError": "errors",
    "Style": "draw.karyogram",
    "analyze": "analysis",
    "draw_karyogram": "draw.karyogram",
    "draw_overlay": "draw.overlay",
    "make_case": "karyotype.case",
    "open_metaphase": "pipeline",
    "read_picture": "files",
    "to_coco": "exchange.coco",
}

__all__ = [  # noqa: RUF022  # classes first, then functions
    "LABELS",
    "Analysis",
    "AnnotationError",
    "Case",
    "Cell",
    "Chromosome",
    "Clone",
    "DataError",
    "Finding",
    "Karyotype",
    "KaryogramError",
    "ModelError",
    "PictureError",
    "Style",
    "analyze",
    "draw_karyogram",
    "draw_overlay",
    "make_case",
    "open_metaphase",
    "read_picture",
    "to_coco",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'karyogram' has no attribute {name!r}")
    return getattr(importlib.import_module(f"karyogram.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""Pictures: single chromosomes, karyogram and overlay of an analysis as it is now; ideograms and templates of the classes."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Float, Integer
from apiflask.validators import OneOf, Range
from flask import Response, request
from sqlalchemy import select

from karyogram.bands import LEVELS
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.draw.ideogram import draw_ideogram, ideogram_svg
from karyogram.draw.karyogram import Style, draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.files import encode_picture
from karyogram.labels import INDEX
from karyogram.shape.cutout import cut_out, upright_extent
from karyogram.web.bench import bench
from karyogram.web.config import Config
from karyogram.web.db import reading
from karyogram.web.db.edits import load_analysis
from karyogram.web.db.tables import Analysis, Metaphase
from karyogram.web.edits import State
from karyogram.web.refusals import Missing
from karyogram.web.states import state_of
from karyogram.web.turns import DRAWING

pictures = APIBlueprint("pictures", __name__, tag="pictures")

#: Seconds that a picture of what never changes, or of a URL with a version, may be kept.
FOR_EVER = 31536000
#: Length in pixels of the template of chromosome 1, and its width.
TEMPLATE, BREADTH = 260.0, 34.0


class CutoutIn(Schema):
    """How large a chromosome is wanted; ``version``, whatever it says, lets the browser keep the picture."""

    height = Integer(load_default=None, validate=Range(8, 2000))
    version = Integer(load_default=None)


class KaryogramIn(Schema):
    """How a karyogram is drawn."""

    dpi = Integer(load_default=144, validate=Range(72, 600))
    ideograms = Integer(load_default=None, validate=OneOf(LEVELS))
    measures = Boolean(load_default=False)
    version = Integer(load_default=None)


class VersionOnly(Schema):
    """``version``, whatever it says, lets the browser keep the picture."""

    version = Integer(load_default=None)


class BandsIn(Schema):
    """How an ideogram is drawn: its band level, its height in pixels, and whether bands are named."""

    level = Integer(load_default=550, validate=OneOf(LEVELS))
    height = Float(load_default=300.0, validate=Range(20, 2000))
    names = Boolean(load_default=False)


@pictures.get("/analyses/<int:analysis>/chromosomes/<int:chromosome>.png")
@pictures.input(CutoutIn, location="query")
@pictures.doc(summary="One chromosome as it is now, upright on white", responses=[409])
def cutout(analysis: int, chromosome: int, query_data: dict[str, Any]) -> Response:
    """Return a cut-out, deleted ones too; its ETag changes only when its own outline, angle or side up does."""
    metaphase, state = _state(analysis)
    found = next((c for c in state.records if c.id == chromosome), None)
    if found is None:
        raise Missing(f"analysis {analysis} has no chromosome {chromosome}")
    height = query_data["height"]
    scale = 1.0 if height is None else height / upright_extent(found.polygon, found.angle)[0]

    def draw() -> np.ndarray:
        return cut_out(bench().picture(metaphase).pixels, found.polygon, found.angle, found.flipped, scale)[0]

    return _png((metaphase.sha256, found.polygon, found.angle, found.flipped, height), draw, query_data["version"])


@pictures.get("/analyses/<int:analysis>/karyogram.png")
@pictures.input(KaryogramIn, location="query")
@pictures.doc(summary="The karyogram as it is now", responses=[409])
def karyogram(analysis: int, query_data: dict[str, Any]) -> Response:
    """Return the karyogram."""
    metaphase, state = _state(analysis)
    style = Style(query_data["dpi"], query_data["ideograms"], query_data["measures"])

    def draw() -> np.ndarray:
        with DRAWING.take():
            return draw_karyogram(bench().picture(metaphase).pixels, state.karyotype, style=style)

    return _png((metaphase.sha256, state.records, state.deleted, style), draw, query_data["version"])


@pictures.get("/analyses/<int:analysis>/overlay.png")
@pictures.input(VersionOnly, location="query")
@pictures.doc(summary="The metaphase with every chromosome outlined and named", responses=[409])
def overlay(analysis: int, query_data: dict[str, Any]) -> Response:
    """Return the overlay."""
    metaphase, state = _state(analysis)

    def draw() -> np.ndarray:
        with DRAWING.take():
            return draw_overlay(bench().picture(metaphase).pixels, state.karyotype)

    return _png((metaphase.sha256, state.records, state.deleted), draw, query_data["version"])


@pictures.get("/bands/<label>.svg")
@pictures.input(BandsIn, location="query")
@pictures.doc(summary="The ideogram of a class, drawn from the band table")
def ideogram(label: str, query_data: dict[str, Any]) -> Response:
    """Return an ideogram as SVG."""
    _check(label)
    text = ideogram_svg(label, query_data["height"], query_data["level"], query_data["names"])
    return _kept(Response(text, mimetype="image/svg+xml"), text.encode())


@pictures.get("/bands/<label>.png")
@pictures.input(BandsIn, location="query")
@pictures.doc(summary="The ideogram of a class as pixels")
def ideogram_pixels(label: str, query_data: dict[str, Any]) -> Response:
    """Return an ideogram as PNG, a seventh as wide as it is high."""
    _check(label)
    height = round(query_data["height"])
    data = encode_picture(draw_ideogram(label, height, max(6, height // 7), query_data["level"]))
    return _kept(Response(data, mimetype="image/png"), data)


@pictures.get("/templates/<label>.png")
@pictures.doc(summary="What a chromosome of a class is expected to look like")
def template(label: str) -> Response:
    """Return a straight chromosome drawn from the band table, grey on white, short arm up."""
    _check(label)
    data = _template(label)
    return _kept(Response(data, mimetype="image/png"), data)


@lru_cache(maxsize=len(INDEX))
def _template(label: str) -> bytes:
    rod = draw_chromosome(label, np.random.default_rng(0), TEMPLATE, BREADTH, bend=0.0)
    return encode_picture(np.rint(255 * np.exp(-rod.density)).astype(np.uint8))


def _check(label: str) -> None:
    if label not in INDEX:
        raise Missing(f"there is no class {label!r}; there are 1 to 22, X and Y")


def _state(analysis: int) -> tuple[Metaphase, State]:
    """Return the metaphase and the state of an analysis; a bench asks for many pictures of one version."""
    with reading(bench().engine) as session:
        version = session.scalar(select(Analysis.version).where(Analysis.id == analysis))
    if version is None:
        raise Missing(f"there is no analysis {analysis}")
    return _replayed(bench().config, analysis, version)


@lru_cache(maxsize=32)
def _replayed(_: Config, analysis: int, __: int) -> tuple[Metaphase, State]:
    with reading(bench().engine) as session:
        loaded = load_analysis(session, analysis)
    return loaded.metaphase, state_of(loaded)


def _png(identity: object, draw: Callable[[], np.ndarray], version: int | None) -> Response:
    """Return the picture of what ``identity`` tells, drawn only if the client has not got it."""
    etag = hashlib.sha256(repr(identity).encode()).hexdigest()[:32]
    known = request.if_none_match.contains(etag)
    response = Response(status=304) if known else Response(encode_picture(draw()), mimetype="image/png")
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache" if version is None else f"private, max-age={FOR_EVER}, immutable"
    return response


def _kept(response: Response, content: bytes) -> Response:
    """Return a response that may be kept, since a class always looks the same."""
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = f"public, max-age={FOR_EVER // 365}"
    response.make_conditional(request)
    return response

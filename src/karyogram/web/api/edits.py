"""Corrections of an analysis: edits, undo, redo, the trail of them, and a click that finds a chromosome."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from apiflask import APIBlueprint, Schema
from apiflask.fields import Float, Integer, List, Raw
from apiflask.validators import Length

from karyogram.drawn import tighten
from karyogram.errors import ModelError
from karyogram.metrics.detection import iou_matrix
from karyogram.records import Candidate, Karyotype
from karyogram.segment.prompts import TILE, cut_tiles
from karyogram.segment.sam import Embedding, Sam, embed, load_sam, segment_point
from karyogram.shape.pose import outline
from karyogram.web.bench import bench
from karyogram.web.db import reading, writing
from karyogram.web.db.edits import Loaded, NewEdit, append_edits, check_open, conflict, load_analysis
from karyogram.web.db.tables import iso
from karyogram.web.edits import REDO, UNDO, Row, State, perform, standing, step
from karyogram.web.looking import Looking, ground_of
from karyogram.web.people import person
from karyogram.web.refusals import Conflict, Invalid, Refusal
from karyogram.web.states import rows_of, state_of, tell_state

edits = APIBlueprint("edits", __name__, tag="edits")

#: So many edits may come in one request.
MOST = 200
#: A candidate whose box overlaps so much of a chromosome's, as IoU, is that chromosome.
TAKEN = 0.8
#: Side in pixels of the smallest part of a picture that is looked at around a click.
LEAST_TILE = 64


class NotFetched(Refusal):
    """What is asked for needs weights that are not here."""

    status, code = 501, "not_fetched"


class VersionIn(Schema):
    """The version that a change builds on."""

    version = Integer(required=True, strict=True)


class EditsIn(VersionIn):
    """Edits, done in this order or not at all; docs/editing.md lists their kinds."""

    edits = List(Raw(), required=True, validate=Length(1, MOST))


class PointIn(Schema):
    """A place in the picture, in pixels."""

    x = Float(required=True)
    y = Float(required=True)


@edits.post("/analyses/<int:analysis>/edits")
@edits.input(EditsIn)
@edits.doc(summary="Correct a karyogram", responses=[409, 422, 423])
def add(analysis: int, json_data: dict[str, Any]) -> dict[str, Any]:
    """Do edits on one version of an analysis; 409 says who was faster, and gives the state as it is now."""

    def make(loaded: Loaded, rows: Sequence[Row]) -> tuple[list[Row], State]:
        return perform(loaded.read(), rows, json_data["edits"], Looking(bench(), loaded))

    return _change(analysis, json_data["version"], make)


@edits.post("/analyses/<int:analysis>/undo")
@edits.input(VersionIn)
@edits.doc(summary="Take back the last edit that stands", responses=[409, 422, 423])
def undo(analysis: int, json_data: dict[str, Any]) -> dict[str, Any]:
    """Undo without limit, back to what the machine read."""
    return _change(analysis, json_data["version"], lambda loaded, rows: _step(loaded, rows, UNDO))


@edits.post("/analyses/<int:analysis>/redo")
@edits.input(VersionIn)
@edits.doc(summary="Bring back the last edit undone", responses=[409, 422, 423])
def redo(analysis: int, json_data: dict[str, Any]) -> dict[str, Any]:
    """Redo without limit, until something new is done."""
    return _change(analysis, json_data["version"], lambda loaded, rows: _step(loaded, rows, REDO))


def _step(loaded: Loaded, rows: Sequence[Row], kind: str) -> tuple[list[Row], State]:
    row, state = step(loaded.read(), rows, kind)
    return [row], state


def _change(analysis: int, version: int, make: Callable[[Loaded, Sequence[Row]], tuple[list[Row], State]]) -> dict[str, Any]:
    """Append the rows that ``make`` returns, made outside of the transaction that keeps them."""
    with reading(bench().engine) as session:
        loaded = load_analysis(session, analysis)
        check_open(loaded.case)
        rows = rows_of(loaded.edits)
        if loaded.analysis.version != version:
            raise _with_current(conflict(session, loaded.analysis), loaded)
    added, state = make(loaded, rows)
    new = [NewEdit(row.kind, row.body, row.before, row.after) for row in added]
    try:
        with writing(bench().engine) as session:
            kept = append_edits(session, analysis, version, person().name, new, state.karyotype)
    except Conflict as refusal:
        with reading(bench().engine) as session:
            raise _with_current(refusal, load_analysis(session, analysis)) from refusal
    return tell_state(state, [*rows, *added], kept.version)


def _with_current(refusal: Conflict, loaded: Loaded) -> Conflict:
    refusal.more["current"] = tell_state(state_of(loaded), rows_of(loaded.edits), loaded.analysis.version)
    return refusal


@edits.get("/analyses/<int:analysis>/edits")
@edits.doc(summary="Every edit, undo and redo: who, when, what, before and after")
def trail(analysis: int) -> dict[str, Any]:
    """Tell all rows, oldest first; ``undone`` is true for those that are taken back now."""
    with reading(bench().engine) as session:
        loaded = load_analysis(session, analysis)
    rows = rows_of(loaded.edits)
    done = {id(row) for row in standing(rows)[0]}
    undone = {id(row) for row in rows if row.kind not in (UNDO, REDO)} - done
    items = [
        {
            "number": edit.number,
            "user": edit.user,
            "at": iso(edit.at),
            "kind": edit.kind,
            "body": edit.body,
            "before": edit.before,
            "after": edit.after,
            "undone": id(row) in undone,
        }
        for edit, row in zip(loaded.edits, rows, strict=True)
    ]
    return {"version": loaded.analysis.version, "items": items}


@edits.get("/analyses/<int:analysis>/segment")
@edits.input(PointIn, location="query")
@edits.doc(summary="Find the chromosome at a place: a candidate, or by Segment Anything", responses=[422, 501])
def segment(analysis: int, query_data: dict[str, Any]) -> dict[str, Any]:
    """Return the outline of what lies at a place, for an edit of the kind outline.

    That is a candidate which the machine did not take, if one lies there, else what Segment Anything sees; 501 where its
    weights are not fetched.
    """
    with reading(bench().engine) as session:
        loaded = load_analysis(session, analysis)
        current = loaded.analysis.current
    x, y = query_data["x"], query_data["y"]
    if not (0 <= x < loaded.metaphase.width and 0 <= y < loaded.metaphase.height):
        raise Invalid(f"({x:g}, {y:g}) lies outside of the picture", field="x")
    for candidate in left_out(Karyotype.from_json(current)) if current else ():
        if _distance(np.array(candidate.polygon), (x, y)) <= 0:
            return {"polygon": candidate.polygon, "score": candidate.score}
    try:
        sam = _sam()
    except ModelError as error:
        raise NotFetched("the weights of Segment Anything are not here: karyogram models fetch sam") from error
    path = bench().path(loaded.metaphase)
    ground = ground_of(path)
    found = segment_point(sam, _embedding(path, *_tile(path, x, y)), np.array([[x, y]]), np.array([1]))
    item = found and tighten(found, ground)
    if found is None or item is None or _distance(outline(item), (x, y)) > ground.width / 2:  # the ground was found
        raise Invalid("there is no chromosome at this place")
    return {"polygon": outline(item).tolist(), "score": round(found.score, 4)}


def left_out(karyotype: Karyotype) -> list[Candidate]:
    """Return the candidates, likeliest first, that are no chromosome of the karyotype: a person may have taken some."""
    boxes, taken = (np.array([one.bbox for one in each], float) for each in (karyotype.candidates, karyotype.chromosomes))
    if not len(boxes):
        return []
    overlap = iou_matrix(boxes, taken.reshape(-1, 4)).max(1, initial=0.0)
    return [one for one, shared in zip(karyotype.candidates, overlap, strict=True) if shared < TAKEN]


def _distance(polygon: np.ndarray, point: tuple[float, float]) -> float:
    """Return how many pixels a point x, y lies outside of a polygon (N, 2), at most 0 for one inside."""
    return -float(cv2.pointPolygonTest(polygon.astype(np.float32).reshape(-1, 1, 2), point, True))


@lru_cache(maxsize=1)
def _sam() -> Sam:
    return load_sam(1)


def _tile(path: Path, x: float, y: float) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of the tile of a picture in whose middle a place lies most."""
    ground = ground_of(path)
    height, width = ground.flat.shape
    tiles = cut_tiles(height, width, max(round(TILE * ground.width), LEAST_TILE))
    rows, columns = min(tiles, key=lambda t: max(abs(t[0].start + t[0].stop - 2 * y), abs(t[1].start + t[1].stop - 2 * x)))
    return rows.start, columns.start, rows.stop, columns.stop


@lru_cache(maxsize=16)
def _embedding(path: Path, top: int, left: int, bottom: int, right: int) -> Embedding:
    """Return what the encoder says of a part of a picture, kept for the next click."""
    return embed(_sam(), ground_of(path).flat[top:bottom, left:right], left, top)

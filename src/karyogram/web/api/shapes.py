"""What the API says of an analysis, a metaphase, an action: rows to JSON."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from karyogram.web.bench import bench
from karyogram.web.db import reading
from karyogram.web.db.edits import load_analysis
from karyogram.web.db.tables import Action, Analysis, Metaphase, iso
from karyogram.web.edits import replay
from karyogram.web.refusals import Missing
from karyogram.web.states import rows_of, tell_state

#: How far an analysis is, 0 to 1.
PROGRESS = {"queued": 0.0, "running": 0.5, "done": 1.0, "failed": 1.0}


def whole_analysis(session: Session, analysis_id: int) -> dict[str, Any]:
    """Return an analysis with its state after all edits; ``karyotype`` is None until it is read. Raises Missing."""
    analysis = session.get(Analysis, analysis_id)
    if analysis is None:
        raise Missing(f"there is no analysis {analysis_id}")
    metaphase, case = analysis.metaphase, analysis.metaphase.case
    place = {
        "metaphase": metaphase.id,
        "filename": metaphase.filename,
        "use": metaphase.use,
        "case": case.id,
        "case_name": case.name,
        "case_state": case.state,
        "case_version": case.version,
    }
    unread: dict[str, Any] = {"karyotype": None, "deleted": [], "can_undo": False, "can_redo": False, "machine": None}
    told = _told(bench().engine, analysis_id, analysis.version) if analysis.state == "done" else unread
    return {**state_line(analysis), **place, **told}


@lru_cache(maxsize=32)
def _told(engine: Engine, analysis_id: int, version: int) -> dict[str, Any]:
    """Return the state that one version of an analysis is; it never changes, so it is kept for the next who asks."""
    with reading(engine) as session:
        loaded = load_analysis(session, analysis_id)
    machine, rows = loaded.read(), rows_of(loaded.edits[:version])
    return tell_state(replay(machine, rows), rows, version) | {"machine": {"iscn": machine.iscn}}


def state_line(analysis: Analysis) -> dict[str, Any]:
    """Return what is said of an analysis while it is waited for."""
    return {
        "id": analysis.id,
        "state": analysis.state,
        "progress": PROGRESS[analysis.state],
        "error": analysis.error,
        "version": analysis.version,
        "model": analysis.model,
        "segmenter": analysis.segmenter,
        "attempts": analysis.attempts,
        "seconds": analysis.seconds,
        "created": iso(analysis.created),
        "finished": iso(analysis.finished),
    }


def metaphase_line(metaphase: Metaphase, analysis: Analysis | None) -> dict[str, Any]:
    """Return what a case says of one of its metaphases and the analysis that counts."""
    summary = None
    if analysis is not None:
        names = ("count", "iscn", "findings", "review", "quality", "bands")
        summary = state_line(analysis) | {name: getattr(analysis, name) for name in names}
    own = ("id", "filename", "width", "height", "use", "counted_number", "note", "sha256")
    return {**{name: getattr(metaphase, name) for name in own}, "analysis": summary}


def action_line(action: Action) -> dict[str, Any]:
    """Return an action as it is told."""
    return {
        "id": action.id,
        "user": action.user,
        "at": iso(action.at),
        "kind": action.kind,
        "what": action.what,
        "before": action.before,
    }

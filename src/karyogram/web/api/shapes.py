"""What the API says of an analysis, a metaphase, an action: rows to JSON."""

from typing import Any

from karyogram.web.db.edits import Loaded
from karyogram.web.db.tables import Action, Analysis, Metaphase, iso
from karyogram.web.states import rows_of, state_of, tell_state

#: How far an analysis is, 0 to 1.
PROGRESS = {"queued": 0.0, "running": 0.5, "done": 1.0, "failed": 1.0}


def whole_analysis(loaded: Loaded) -> dict[str, Any]:
    """Return an analysis with its state after all edits; ``karyotype`` is None until the machine has read it."""
    analysis = loaded.analysis
    shown: dict[str, Any] = {"karyotype": None, "deleted": [], "can_undo": False, "can_redo": False, "machine": None}
    if analysis.karyotype is not None:
        shown = tell_state(state_of(loaded), rows_of(loaded.edits), analysis.version)
        shown["machine"] = {"iscn": loaded.read().iscn}
    return {**state_line(analysis), **_place(loaded), **shown}


def _place(loaded: Loaded) -> dict[str, Any]:
    case = loaded.case
    return {
        "metaphase": loaded.metaphase.id,
        "filename": loaded.metaphase.filename,
        "use": loaded.metaphase.use,
        "case": case.id,
        "case_name": case.name,
        "case_state": case.state,
        "case_version": case.version,
    }


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

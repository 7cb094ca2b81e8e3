"""Training data: which cells it is made of, and the life of an export. As with analyses, every step has one winner."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from karyogram.web.db.analyses import latest
from karyogram.web.db.engine import clock
from karyogram.web.db.tables import GONE, STATES, WAITING, Analysis, Case, Export, Metaphase, iso, now
from karyogram.web.refusals import Busy, Missing, TooLarge

QUEUED, RUNNING, DONE, FAILED = STATES
#: Which states of a case count as signed, at least.
SIGNED = {"approved": ("approved", "locked"), "reviewed": ("reviewed", "approved", "locked")}
#: So many exports may wait or run, one may hold so many cells, and its file is kept for so long.
MOST, MOST_CELLS, KEPT = 4, 5000, timedelta(days=1)
#: Seconds after which a queued row was lost on the way to the queue.
LOST = 5.0


def cells_signed(session: Session, signed: str) -> list[int]:
    """Return the analyses that count of cells in signed cases, oldest first. Raises Missing if there are none."""
    states = SIGNED[signed]
    chosen = select(Analysis.id).join(Metaphase).join(Case).where(Case.state.in_(states), Metaphase.use == "karyogram")
    ids = list(session.scalars(chosen.where(Analysis.id.in_(latest()), Analysis.state == DONE).order_by(Analysis.id)))
    if not ids:
        raise Missing(f"no cell of a case that is {' or '.join(states)}")
    return ids


def add_export(session: Session, user: str, layout: str, signed: str) -> Export:
    """Ask for training data. Raises Missing as :func:`cells_signed` does; Busy, TooLarge for more than the bench takes on."""
    if (session.scalar(select(func.count()).where(Export.state.in_(WAITING))) or 0) >= MOST:
        raise Busy(f"{MOST} exports wait or run already", seconds=30)
    cells = len(cells_signed(session, signed))
    if cells > MOST_CELLS:
        raise TooLarge(f"{cells} cells are more than the {MOST_CELLS} of one export")
    export = Export(user=user, layout=layout, signed=signed, cells=cells)
    export.heartbeat = session.scalar(select(clock(session))) or 0.0
    session.add(export)
    session.flush()
    return export


def find_export(session: Session, number: int) -> Export:
    """Return an export. Raises Missing."""
    export = session.get(Export, number)
    if export is None:
        raise Missing(f"there is no export {number}")
    return export


def export_line(export: Export) -> dict[str, Any]:
    """Return what is told of an export, as JSON."""
    names = ("id", "state", "layout", "signed", "cells", "packed", "error")
    times = {"created": iso(export.created), "finished": iso(export.finished)}
    progress = 1.0 if export.state == DONE else round(export.packed / max(export.cells, 1), 3)
    file = f"/api/v1/export/training/{export.id}/file" if export.state == DONE else None
    return {**{name: getattr(export, name) for name in names}, **times, "progress": progress, "file": file}


def claim(session: Session, number: int) -> Export | None:
    """Take a queued export to pack it; None if another has it. Its ``attempts`` tell this claim from a later one."""
    won = update(Export).where(Export.id == number, Export.state == QUEUED)
    won = won.values(state=RUNNING, attempts=Export.attempts + 1, packed=0, heartbeat=clock(session))
    if not session.execute(won).rowcount:  # type: ignore[attr-defined]
        return None
    return session.get_one(Export, number, populate_existing=True)


def note(session: Session, held: Export, **told: Any) -> bool:
    """Keep what is told of an export that is held, as a sign of life; false if it was given to another."""
    kept = update(Export).where(_mine(held)).values(heartbeat=clock(session), **told)
    return bool(session.execute(kept).rowcount)  # type: ignore[attr-defined]


def _mine(held: Export) -> ColumnElement[bool]:
    return and_(Export.id == held.id, Export.state == RUNNING, Export.attempts == held.attempts)


def sweep(session: Session, lease: float, attempts: int) -> list[int]:
    """Put back exports whose workers are silent, or fail those tried often; return all that should be in the queue by now."""
    age = clock(session) - Export.heartbeat
    stale = and_(Export.state == RUNNING, age > lease)
    tired = update(Export).where(stale, Export.attempts >= attempts)
    session.execute(tired.values(state=FAILED, error=f"the worker died {attempts} times over it", finished=now()))
    session.execute(update(Export).where(stale).values(state=QUEUED))
    return list(session.scalars(select(Export.id).where(Export.state == QUEUED, age > LOST).order_by(Export.id)))


def expire(session: Session) -> list[str]:
    """Give up exports that were kept long enough, and return where their files lie."""
    old = and_(or_(Export.state == DONE, Export.state == FAILED), Export.finished < now() - KEPT)
    rows = list(session.scalars(select(Export).where(old)))
    for row in rows:
        row.state = GONE
    return [row.stored for row in rows]

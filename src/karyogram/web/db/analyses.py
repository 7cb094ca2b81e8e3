"""The life of an analysis: queued, running, done or failed. Every step is one statement that only one worker can win."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import Session

from karyogram.records import Karyotype
from karyogram.web.db.edits import hold_case, summarise, touch
from karyogram.web.db.engine import clock
from karyogram.web.db.tables import STATES, Analysis, Case, Metaphase, now

QUEUED, RUNNING, DONE, FAILED = STATES
#: Seconds after which a row that waits while the queue is empty counts as lost between the two.
LOST = 5.0


@dataclass(frozen=True)
class Claim:
    """An analysis that one worker runs: ``attempt`` tells it from a worker that was given up."""

    analysis: int
    attempt: int
    model: str
    segmenter: str
    stored: str
    filename: str


def claim(session: Session, analysis_id: int) -> Claim | None:
    """Take a queued analysis to run it; None if another has it, or it is done."""
    won = update(Analysis).where(Analysis.id == analysis_id, Analysis.state == QUEUED)
    won = won.values(state=RUNNING, attempts=Analysis.attempts + 1, heartbeat=clock(session))
    if not session.execute(won).rowcount:  # type: ignore[attr-defined]
        return None
    row = session.get_one(Analysis, analysis_id, populate_existing=True)
    return Claim(row.id, row.attempts, row.model, row.segmenter, row.metaphase.stored, row.metaphase.filename)


def beat(session: Session, held: Claim) -> bool:
    """Give a sign of life; false if the analysis was given to another."""
    alive = update(Analysis).where(_mine(held)).values(heartbeat=clock(session))
    return bool(session.execute(alive).rowcount)  # type: ignore[attr-defined]


def finish(session: Session, held: Claim, karyotype: Karyotype, seconds: float, bands: int | None) -> bool:
    """Keep what a worker read; false, and nothing is kept, if the analysis was given to another."""
    analysis = _take_back(session, held, DONE, "")
    if analysis is None:
        return False
    analysis.karyotype, analysis.seconds, analysis.bands = karyotype.to_json(), round(seconds, 3), bands
    summarise(analysis, karyotype)
    return True


def fail(session: Session, held: Claim, reason: str) -> bool:
    """Keep why an analysis failed; false if it was given to another."""
    return _take_back(session, held, FAILED, reason) is not None


def release(session: Session, held: Claim) -> None:
    """Give an analysis back untouched, because its worker is told to stop."""
    back = update(Analysis).where(_mine(held))
    session.execute(back.values(state=QUEUED, attempts=Analysis.attempts - 1, heartbeat=0.0))


def _mine(held: Claim) -> ColumnElement[bool]:
    return and_(Analysis.id == held.analysis, Analysis.state == RUNNING, Analysis.attempts == held.attempt)


def _take_back(session: Session, held: Claim, state: str, error: str) -> Analysis | None:
    case_id = session.scalar(
        select(Metaphase.case_id).join(Analysis, Analysis.metaphase_id == Metaphase.id).where(Analysis.id == held.analysis)
    )
    if case_id is None:
        return None
    case = hold_case(session, case_id)
    ended = update(Analysis).where(_mine(held)).values(state=state, error=error, finished=now())
    if not session.execute(ended).rowcount:  # type: ignore[attr-defined]
        return None
    touch(case)
    return session.get_one(Analysis, held.analysis, populate_existing=True)


def sweep(session: Session, lease: float, attempts: int) -> list[int]:
    """Put back analyses whose workers gave no sign of life for ``lease`` seconds, return them; those tried so often fail."""
    stale = and_(Analysis.state == RUNNING, Analysis.heartbeat < clock(session) - lease)
    ids = list(session.scalars(select(Analysis.id).where(stale).with_for_update(skip_locked=True)))
    if not ids:
        return []
    reason = f"the worker died {attempts} times over this picture (out of memory?)"
    tired = update(Analysis).where(Analysis.id.in_(ids), Analysis.attempts >= attempts)
    session.execute(tired.values(state=FAILED, error=reason, finished=now()))
    cases = select(Metaphase.case_id).join(Analysis, Analysis.metaphase_id == Metaphase.id)
    failed = Case.id.in_(cases.where(Analysis.id.in_(ids), Analysis.state == FAILED))
    session.execute(update(Case).where(failed).values(updated=now(), result=None))
    fresh = update(Analysis).where(Analysis.id.in_(ids), Analysis.state == RUNNING)
    session.execute(fresh.values(state=QUEUED, heartbeat=clock(session)))
    return list(session.scalars(select(Analysis.id).where(Analysis.id.in_(ids), Analysis.state == QUEUED)))


def waiting(session: Session) -> list[int]:
    """Return the analyses that have waited for a while, the oldest first."""
    old = Analysis.heartbeat < clock(session) - LOST
    return list(session.scalars(select(Analysis.id).where(Analysis.state == QUEUED, old).order_by(Analysis.id)))


def numbers(session: Session) -> dict[str, int]:
    """Return how many analyses there are in each state."""
    rows = session.execute(select(Analysis.state, func.count()).group_by(Analysis.state))
    found = {row[0]: row[1] for row in rows}
    return {state: found.get(state, 0) for state in STATES}


def latest(metaphases: Sequence[int] | None = None) -> Select[int]:
    """Return the ids of the analyses that count, the newest of each metaphase, as a query."""
    query = select(func.max(Analysis.id)).group_by(Analysis.metaphase_id)
    return query if metaphases is None else query.where(Analysis.metaphase_id.in_(metaphases))

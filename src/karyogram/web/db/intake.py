"""New metaphases into a case, and new analyses of old ones."""

from pathlib import PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from karyogram.web.db.cases import add_case, find_case, free_name
from karyogram.web.db.edits import check_open, hold_case, reopen, touch
from karyogram.web.db.engine import clock
from karyogram.web.db.tables import CASE_STATES, KINDS, STATES, WAITING, Action, Analysis, Case, Metaphase
from karyogram.web.pictures import Stored
from karyogram.web.refusals import Busy, Conflict, Missing


def check_room(session: Session, number: int, limit: int) -> None:
    """Raise Busy if ``number`` more analyses would make more than ``limit`` wait."""
    waiting = session.scalar(select(func.count()).where(Analysis.state == STATES[0])) or 0
    if waiting + number > limit:
        raise Busy(f"{waiting} analyses wait, {limit} may: come again when some are done")


def case_for(session: Session, user: str, case_id: int | None, case_name: str, otherwise: str) -> Case:
    """Return the case that new pictures go to, held: by id, by name (made if there is none), or a new one."""
    if case_id is not None:
        find_case(session, case_id)
    elif case_name:
        case_id = _named(session, case_name.strip())
    while case_id is None:
        try:
            case_id = add_case(session, case_name or free_name(session, otherwise), KINDS[0], user).id
        except Conflict:  # somebody made a case of this name just now: join it, or take the next name that is free
            case_id = _named(session, case_name.strip())
    case = hold_case(session, case_id)
    check_open(case)
    return case


def _named(session: Session, name: str) -> int | None:
    """Return the id of the case of a name, None if there is none."""
    return session.scalar(select(Case.id).where(Case.name == name))


def add_metaphase(session: Session, case: Case, stored: Stored, filename: str, user: str) -> Metaphase:
    """Add a picture to a held case. Raises Conflict if it is in there already."""
    there = session.scalar(select(Metaphase).where(Metaphase.case_id == case.id, Metaphase.sha256 == stored.sha256))
    if there is not None:
        raise Conflict(f"is in the case already, as metaphase {there.id}")
    metaphase = Metaphase(case_id=case.id, filename=_own_name(session, case, filename), sha256=stored.sha256)
    metaphase.stored, metaphase.width, metaphase.height = stored.path, stored.width, stored.height
    session.add(metaphase)
    session.flush()
    what = {"metaphase": metaphase.id, "filename": metaphase.filename, "sha256": stored.sha256}
    session.add(Action(case_id=case.id, user=user, kind="add", what=what, before={}))
    return metaphase


def _own_name(session: Session, case: Case, filename: str) -> str:
    """Return the file name, with a number behind its stem if another picture of the case has it."""
    taken = set(session.scalars(select(Metaphase.filename).where(Metaphase.case_id == case.id)))
    path, number, name = PurePosixPath(filename), 1, filename
    while name in taken:
        number += 1
        name = f"{path.with_suffix('')} ({number}){path.suffix}"
    return name


def add_analysis(session: Session, metaphase: Metaphase, model: str, segmenter: str, webhook: str) -> Analysis:
    """Let a metaphase be analysed; its case, which the caller holds, is to be told anew."""
    analysis = Analysis(metaphase_id=metaphase.id, model=model, segmenter=segmenter, webhook=webhook)
    analysis.heartbeat = session.scalar(select(clock(session))) or 0.0
    session.add(analysis)
    session.flush()
    return analysis


def analyse_again(session: Session, analysis_id: int, user: str, model: str, segmenter: str) -> Analysis:
    """Add an analysis of the metaphase of an old one, which stays. Raises Missing, Locked; Conflict while one waits or runs."""
    old = session.get(Analysis, analysis_id)
    if old is None:
        raise Missing(f"there is no analysis {analysis_id}")
    case = hold_case(session, old.metaphase.case_id)
    check_open(case)
    busy = select(Analysis.id).where(Analysis.metaphase_id == old.metaphase_id, Analysis.state.in_(WAITING))
    if (running := session.scalar(busy)) is not None:
        raise Conflict(f"analysis {running} of this metaphase is not done yet")
    new = add_analysis(session, old.metaphase, model or old.model, segmenter or old.segmenter, "")
    what = {"metaphase": old.metaphase_id, "analysis": new.id, "model": new.model, "segmenter": new.segmenter}
    reopen(session, case, user, {"again": new.id})
    session.add(Action(case_id=case.id, user=user, kind="again", what=what, before={"analysis": analysis_id}))
    case.version += 1
    touch(case)
    return new


def note_additions(case: Case) -> None:
    """Count a held case up after pictures were added; a reviewed one is open again."""
    case.state, case.version = CASE_STATES[0], case.version + 1
    touch(case)

"""What pages ask for again and again: the list of cases, and the versions of one; whether it is the same is told cheaply."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from karyogram.web.db.analyses import latest
from karyogram.web.db.cases import find_case
from karyogram.web.db.tables import STATES, WAITING, Analysis, Case, Edit, Metaphase, iso


class Cell(NamedTuple):
    """What the list needs to know of a metaphase and the analysis that counts."""

    use: str
    state: str
    review: int | None
    iscn: str


@dataclass(frozen=True)
class Page:
    """Cases of one page of the list, ids in its order, and how many there are in all; ``stamp`` changes when a line would."""

    ids: list[int]
    total: int
    stamp: str


def find_page(session: Session, query: str, state: str, archived: bool, page: int, per_page: int) -> Page:
    """Find a page of the list of cases, those changed last first.

    Whatever changes a line also changes ``updated`` of its case, but for the text that its cells add up to, and for an analysis
    that begins: so case, time, text and the analyses that are not done are all that the stamp tells.
    """
    wanted = select(Case.id, Case.updated, Case.iscn).where(Case.archived == archived)
    if query:
        wanted = wanted.where(func.lower(Case.name).contains(query.lower(), autoescape=True))
    if state:
        wanted = wanted.where(Case.state == state)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    ordered = wanted.order_by(Case.updated.desc(), Case.id.desc()).limit(per_page).offset((page - 1) * per_page)
    rows = [(row.id, row.updated, row.iscn) for row in session.execute(ordered)]
    waiting = select(Analysis.id, Analysis.state).where(Analysis.state.in_(WAITING)).order_by(Analysis.id)
    stamp = repr((page, per_page, total, rows, [tuple(row) for row in session.execute(waiting)]))
    return Page([row[0] for row in rows], total, stamp)


def tell_page(session: Session, page: Page) -> list[dict[str, Any]]:
    """Return the lines of a page, as JSON."""
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(page.ids)))}
    cells: dict[int, list[Cell]] = {number: [] for number in page.ids}
    newest = latest().join(Metaphase, Metaphase.id == Analysis.metaphase_id).where(Metaphase.case_id.in_(page.ids))
    columns = (Metaphase.case_id, Metaphase.use, Analysis.state, Analysis.review, Analysis.iscn)
    joined = select(*columns).join(Analysis, Analysis.metaphase_id == Metaphase.id).where(Analysis.id.in_(newest))
    for row in session.execute(joined):
        cells[row.case_id].append(Cell(row.use, row.state, row.review, row.iscn))
    return [case_line(cases[number], cells[number]) for number in page.ids]


def case_line(case: Case, cells: Sequence[Cell]) -> dict[str, Any]:
    """Return what the list of cases shows of one."""
    states = Counter(cell.state for cell in cells)
    used = [cell for cell in cells if cell.use == "karyogram"]
    texts = Counter(cell.iscn for cell in used if cell.iscn)
    return {
        "id": case.id,
        "name": case.name,
        "kind": case.kind,
        "state": case.state,
        "archived": case.archived,
        "version": case.version,
        "metaphases": len(cells),
        **{state: states[state] for state in STATES},
        "to_review": sum(cell.review or 0 for cell in used),
        "iscn": case.iscn or (texts.most_common(1)[0][0] if texts else ""),
        "created": iso(case.created),
        "updated": iso(case.updated),
    }


def versions(session: Session, case_id: int) -> dict[str, Any]:
    """Return the version and state of a case and of all of its analyses, and who changed each last, as JSON. Raises Missing."""
    case = find_case(session, case_id)
    last = and_(Edit.analysis_id == Analysis.id, Edit.number == Analysis.version)
    asked = select(Analysis.id, Analysis.version, Analysis.state, Edit.user, Edit.at).join(Metaphase).outerjoin(Edit, last)
    rows = session.execute(asked.where(Metaphase.case_id == case_id).order_by(Analysis.id)).all()
    told = {str(row.id): {"version": row.version, "state": row.state, "by": row.user, "at": iso(row.at)} for row in rows}
    return {"version": case.version, "state": case.state, "analyses": told}

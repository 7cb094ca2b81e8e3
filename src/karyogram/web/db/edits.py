"""The edits of an analysis: load what they build on, append to them, never change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from karyogram.records import Karyotype
from karyogram.web.db.tables import Action, Analysis, Case, Edit, Metaphase, iso, now
from karyogram.web.refusals import Conflict, Locked, Missing

#: States of a case in which nothing in it may be changed.
CLOSED = ("approved", "locked")


@dataclass(frozen=True)
class Loaded:
    """An analysis with what it belongs to and its edits, oldest first; ``analysis.karyotype`` and ``.current`` are loaded."""

    analysis: Analysis
    metaphase: Metaphase
    case: Case
    edits: list[Edit]

    def read(self) -> Karyotype:
        """Return the karyotype as the machine read it. Raises Conflict if the machine has not done so yet."""
        if self.analysis.karyotype is None:
            raise Conflict(f"the analysis is {self.analysis.state}, it has no karyotype", state=self.analysis.state)
        return Karyotype.from_json(self.analysis.karyotype)


@dataclass(frozen=True)
class NewEdit:
    """One edit to be appended: ``body`` is what was asked, ``before`` and ``after`` what it changed, as JSON."""

    kind: str
    body: Mapping[str, Any]
    before: Any = None
    after: Any = None


def load_analysis(session: Session, analysis_id: int) -> Loaded:
    """Return an analysis and its edits. Raises Missing."""
    wanted = [undefer(Analysis.karyotype), undefer(Analysis.current)]
    analysis = session.get(Analysis, analysis_id, options=wanted)
    if analysis is None:
        raise Missing(f"there is no analysis {analysis_id}")
    edits = list(session.scalars(select(Edit).where(Edit.analysis_id == analysis_id).order_by(Edit.number)))
    return Loaded(analysis, analysis.metaphase, analysis.metaphase.case, edits)


def hold_case(session: Session, case_id: int) -> Case:
    """Return a case that nobody else can change before this transaction ends. Raises Missing."""
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise Missing(f"there is no case {case_id}")
    return case


def check_open(case: Case) -> None:
    """Raise Locked if nothing in the case may be changed."""
    if case.state in CLOSED:
        raise Locked(f"the case is {case.state}: reopen it first", state=case.state)


def append_edits(
    session: Session, analysis_id: int, version: int, user: str, edits: Sequence[NewEdit], current: Karyotype
) -> Analysis:
    """Append edits that were made on ``version`` of an analysis, and return it with its new version.

    ``session`` is one of :func:`karyogram.web.db.writing`; the check, the rows and the new ``current`` karyotype (the state
    after these edits) are kept together or not at all. The new version is ``version`` plus the number of edits; a reviewed case
    falls back to open. Raises Missing; Locked if the case is approved or locked; Conflict, whose ``more`` says ``version``,
    ``by`` and ``at``, if ``version`` is not the current one. What takes long (measuring, classifying) belongs before this
    call, not in its transaction.
    """
    case_id = session.scalar(
        select(Metaphase.case_id).join(Analysis, Analysis.metaphase_id == Metaphase.id).where(Analysis.id == analysis_id)
    )
    if case_id is None:
        raise Missing(f"there is no analysis {analysis_id}")
    case = hold_case(session, case_id)
    analysis = session.get_one(Analysis, analysis_id, populate_existing=True)
    check_open(case)
    if analysis.version != version:
        raise conflict(session, analysis)
    if analysis.state != "done":
        raise Conflict(f"the analysis is {analysis.state}, it has no karyotype", state=analysis.state)
    for number, edit in enumerate(edits, version + 1):
        row = Edit(analysis_id=analysis_id, number=number, user=user, kind=edit.kind, body=dict(edit.body))
        row.before, row.after = edit.before, edit.after
        session.add(row)
    analysis.version = version + len(edits)
    summarise(analysis, current)
    reopen(session, case, user, {"edited": analysis_id})
    touch(case)
    return analysis


def reopen(session: Session, case: Case, user: str, what: dict[str, Any]) -> None:
    """Let a reviewed case, which the caller holds, fall back to open, since ``what`` is done to it: nobody has signed that."""
    if case.state == "reviewed":
        session.add(Action(case_id=case.id, user=user, kind="reopen", what=what, before={"state": case.state}))
        case.state, case.version = "open", case.version + 1


def conflict(session: Session, analysis: Analysis) -> Conflict:
    """Return the refusal that says who changed an analysis last, and when."""
    last = session.scalar(select(Edit).where(Edit.analysis_id == analysis.id).order_by(Edit.number.desc()).limit(1))
    by, at = (last.user, iso(last.at)) if last else ("", None)
    reason = f"the analysis is at version {analysis.version}" + (f": {by} changed it at {at}" if last else "")
    return Conflict(reason, version=analysis.version, by=by, at=at)


def summarise(analysis: Analysis, current: Karyotype) -> None:
    """Keep a karyotype as the analysis's current one, and what lists show of it."""
    analysis.current = current.to_json()
    analysis.count = sum(current.counts.values())
    analysis.iscn = current.iscn
    analysis.findings = [{"label": f.label, "change": f.change, "probability": f.probability} for f in current.findings]
    analysis.review = sum(bool(chromosome.review) for chromosome in current.chromosomes)
    analysis.quality = current.quality


def touch(case: Case) -> None:
    """Note that something in the case has changed: what its cells add up to is to be told anew."""
    case.updated, case.result = now(), None

"""Questions and changes about cases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from karyogram.errors import KaryogramError
from karyogram.karyotype.case import Entry, make_case
from karyogram.records import Case as Record
from karyogram.records import Karyotype
from karyogram.web.db.analyses import DONE, latest
from karyogram.web.db.edits import check_open, hold_case, load_analysis, reopen, touch
from karyogram.web.db.engine import reading
from karyogram.web.db.tables import ADDED_UP, KINDS, USES, WAITING, Action, Analysis, Case, Edit, Metaphase, iso
from karyogram.web.refusals import Conflict, Forbidden, Invalid, Missing
from karyogram.web.states import state_of

#: What may be done to a case: from which states, to which (None: it stays), and the role it takes.
ACTIONS: dict[str, tuple[tuple[str, ...], str | None, str]] = {
    "review": (("open",), "reviewed", "edit"),
    "approve": (("open", "reviewed"), "approved", "approve"),
    "second": (("reviewed", "approved"), None, "edit"),
    "lock": (("approved",), "locked", "approve"),
    "reopen": (("reviewed", "approved", "locked"), "open", "approve"),
}


#: So many parsed karyotypes are kept, 0.4 MB each.
MOST_CELLS = 200
#: Actions that put a name under what the cells say.
SIGNATURES = ("review", "approve", "second")


def find_case(session: Session, case_id: int) -> Case:
    """Return a case. Raises Missing."""
    case = session.get(Case, case_id)
    if case is None:
        raise Missing(f"there is no case {case_id}")
    return case


def add_case(session: Session, name: str, kind: str, user: str) -> Case:
    """Add a case. Raises Conflict if its name is taken, Invalid for an empty name or a kind there is none of."""
    name = check_name(name)
    check_kind(kind)
    case = Case(name=name, kind=kind)
    try:
        with session.begin_nested():
            session.add(case)
    except IntegrityError as error:
        raise Conflict("there is a case of this name already", field="name") from error
    session.add(Action(case_id=case.id, user=user, kind="create", what={"name": name, "kind": kind}, before={}))
    session.flush()
    return case


def free_name(session: Session, name: str) -> str:
    """Return a name for a new case: the one given, or with the lowest number behind it that makes it one of its own."""
    name = check_name(name)
    taken = set(session.scalars(select(Case.name).where(Case.name.startswith(name, autoescape=True))))
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:190]} ({number})"
    return free


def check_name(name: str) -> str:
    """Return a name without blanks around it. Raises Invalid if it is empty, too long, or not printable."""
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid("a case has a printable name of 1 to 200 characters", field="name")
    return name


def check_kind(kind: str) -> None:
    """Raise Invalid for a kind of case there is none of."""
    if kind not in KINDS:
        raise Invalid(f"a case's kind is one of {', '.join(KINDS)}", field="kind")


def check_version(session: Session, case: Case, version: int) -> None:
    """Raise Conflict unless ``version`` is the case's current one."""
    if case.version != version:
        last = session.scalar(select(Action).where(Action.case_id == case.id).order_by(Action.id.desc()).limit(1))
        by, at = (last.user, iso(last.at)) if last else ("", None)
        reason = f"the case is at version {case.version}" + (f": {by} changed it at {at}" if last else "")
        raise Conflict(reason, version=case.version, by=by, at=at)


def change_case(session: Session, case_id: int, version: int, user: str, changes: dict[str, Any]) -> Case:
    """Change name, kind or archived of a case. Raises Missing, Conflict, Invalid, and Locked but for ``archived``."""
    case = hold_case(session, case_id)
    check_version(session, case, version)
    if set(changes) - {"archived"}:
        check_open(case)
    if "name" in changes:
        changes["name"] = check_name(changes["name"])
    if "kind" in changes:
        check_kind(changes["kind"])
    before = {key: getattr(case, key) for key in changes}
    if changes.get("kind", case.kind) != case.kind:
        reopen(session, case, user, {"kind": changes["kind"]})
    for key, value in changes.items():
        setattr(case, key, value)
    _note(session, case, user, "rename" if "name" in changes else "change", changes, before)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("there is a case of this name already", field="name") from error
    return case


def act(session: Session, case_id: int, version: int, user: str, kind: str, note: str, seen: Mapping[int, int] | None) -> Case:
    """Review, approve, second, lock or reopen a case.

    ``seen`` are the versions of its analyses that the person looked at, by id; None if that is not told. Raises Missing;
    Conflict if the case has another version, or is in a state in which this cannot be done, or, of a signature, if an
    analysis still runs or was not seen as it stands; Forbidden if a second reader is the first.
    """
    states, target, _ = ACTIONS[kind]
    case = hold_case(session, case_id)
    check_version(session, case, version)
    if case.state not in states:
        raise Conflict(f"the case is {case.state}; to {kind} it, it has to be {' or '.join(states)}", state=case.state)
    rows = session.scalars(select(Analysis).where(Analysis.id.in_(latest([cell.id for cell in case.metaphases])))).all()
    if kind in SIGNATURES:
        _check_seen(session, rows, seen)
    if kind == "second" and user in _readers(session, case_id):
        raise Forbidden(f"{user} has read this case already: the second reader is another person")
    before = {"state": case.state}
    case.state = target or case.state
    what = {"note": note, "versions": {str(row.id): row.version for row in rows}}
    _note(session, case, user, kind, what, before)
    return case


def _check_seen(session: Session, rows: Sequence[Analysis], seen: Mapping[int, int] | None) -> None:
    """Raise Conflict, whose ``changed`` tells which, unless all analyses are read and stand as they were seen."""
    if busy := [row.id for row in rows if row.state in WAITING]:
        raise Conflict(f"analysis {busy[0]} is not done yet", analyses=busy)
    changed = [] if seen is None else [_told_change(session, row) for row in rows if seen.get(row.id) != row.version]
    if changed:
        first, rest = changed[0], len(changed) - 1
        by = f" by {first['by']} at {first['at']}" if first["by"] else ""
        more = f", and {rest} more cell{'s' if rest > 1 else ''}" if rest else ""
        raise Conflict(f"{first['filename']} was changed{by}{more}: look at it before you sign", changed=changed, **first)


def _told_change(session: Session, row: Analysis) -> dict[str, Any]:
    last = session.scalar(select(Edit).where(Edit.analysis_id == row.id, Edit.number == row.version))
    by, at = (last.user, iso(last.at)) if last else ("", iso(row.finished))
    return {"analysis": row.id, "version": row.version, "filename": row.metaphase.filename, "by": by, "at": at}


def _readers(session: Session, case_id: int) -> set[str]:
    """Return who reviewed or approved the case since it was last open."""
    found: set[str] = set()
    for row in session.scalars(select(Action).where(Action.case_id == case_id).order_by(Action.id)):
        found = set() if row.kind == "reopen" else found | {row.user} if row.kind in ("review", "approve") else found
    return found


def set_use(
    session: Session, metaphase_id: int, version: int, user: str, use: str, number: int | None, note: str | None
) -> Metaphase:
    """Say what a metaphase is used for; ``version`` is its case's. Raises Missing, Conflict, Locked, Invalid."""
    metaphase = session.get(Metaphase, metaphase_id)
    if metaphase is None:
        raise Missing(f"there is no metaphase {metaphase_id}")
    if use not in USES:
        raise Invalid(f"a metaphase's use is one of {', '.join(USES)}", field="use")
    case = hold_case(session, metaphase.case_id)
    check_version(session, case, version)
    check_open(case)
    session.refresh(metaphase)
    what = {"metaphase": metaphase_id, "use": use, "counted_number": number, "note": metaphase.note if note is None else note}
    before = {"use": metaphase.use, "counted_number": metaphase.counted_number, "note": metaphase.note}
    metaphase.use, metaphase.counted_number, metaphase.note = use, number, what["note"]  # type: ignore[assignment]
    reopen(session, case, user, {"metaphase": metaphase_id})
    _note(session, case, user, "use", what, before)
    return metaphase


def _note(session: Session, case: Case, user: str, kind: str, what: dict[str, Any], before: dict[str, Any]) -> None:
    session.add(Action(case_id=case.id, user=user, kind=kind, what=what, before=before))
    case.version += 1
    touch(case)


def entries_of(session: Session, case: Case) -> list[Entry]:
    """Return the cells of a case as :func:`karyogram.karyotype.case.make_case` takes them, each with its current karyotype.

    Of a cell whose every chromosome a person has confirmed, the text counts as a person's.
    """
    ids = [metaphase.id for metaphase in case.metaphases]
    newest = {row.metaphase_id: row for row in session.scalars(select(Analysis).where(Analysis.id.in_(latest(ids))))}
    found = []
    for cell in case.metaphases:
        row, karyotype, text = newest.get(cell.id), None, ""
        if row and row.state == DONE and cell.use == "karyogram":
            karyotype, checked = _as_it_stands(session.get_bind(), row.id, row.version)
            text = karyotype.iscn if checked else ""
        number = cell.counted_number if cell.use == "counted" else None
        bands = row.bands if row and karyotype else None
        found.append(Entry(cell.filename, karyotype, cell.use, number, text, cell.note, bands))
    return found


@lru_cache(maxsize=MOST_CELLS)
def _as_it_stands(engine: Engine, analysis_id: int, version: int) -> tuple[Karyotype, bool]:
    """Return what one version of an analysis is, and whether a person has confirmed all of it; neither ever changes.

    Kept, since each edit in a case lets all of its cells be added up anew, and a karyotype takes some milliseconds to parse.
    """
    with reading(engine) as session:
        loaded = load_analysis(session, analysis_id)
    return Karyotype.from_json(loaded.analysis.current or ""), version > 0 and state_of(loaded).checked


def add_up(session: Session, case: Case) -> dict[str, Any]:
    """Return what the cells of a case add up to: number, clones, ISCN text, ranked cells; told anew if something changed."""
    if case.result is not None and set(case.result) == set(ADDED_UP):  # one kept by an older version tells less
        return case.result
    try:
        record = make_case(case.name, entries_of(session, case), case.kind)
    except KaryogramError as error:
        record = Record(case.name, case.kind, warnings=(str(error),))
    told = replace(record, karyotypes=()).to_dict()
    return {key: told[key] for key in ADDED_UP}


def keep_result(session: Session, case_id: int, stamp: datetime, result: dict[str, Any]) -> None:
    """Keep what a case adds up to, unless something in it has changed since ``stamp``."""
    same = update(Case).where(Case.id == case_id, Case.updated == stamp)
    session.execute(same.values(result=result, iscn=result["iscn"][:1000]))

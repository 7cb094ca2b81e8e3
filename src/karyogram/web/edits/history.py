"""Rows of edits to a state, and edits to rows. Rows are only ever added: undo and redo are rows, too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from karyogram.errors import EditError
from karyogram.exchange.outlines import fill
from karyogram.records import Chromosome, Karyotype
from karyogram.web.edits.check import check_edit
from karyogram.web.edits.homologues import Differences, compare_anew
from karyogram.web.edits.kinds import KINDS, Look
from karyogram.web.edits.state import State, difference

UNDO, REDO = "undo", "redo"


@dataclass(frozen=True)
class Row:
    """One row: ``body`` is what was asked for, as JSON; ``before`` and ``after`` are what it changed.

    ``after["made"]`` are the records of the chromosomes that it made, ``after["differs"]`` says how homologues differed then,
    so that a row can be done again without a model and without the picture.
    """

    kind: str
    body: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def standing(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows that stand, and those that redo would bring back, the next one last."""
    done: list[Row] = []
    undone: list[Row] = []
    for row in rows:
        if row.kind == UNDO:
            undone.append(done.pop())
        elif row.kind == REDO:
            done.append(undone.pop())
        else:
            done.append(row)
            undone = []
    return done, undone


def replay(machine: Karyotype, rows: Iterable[Row]) -> State:
    """Return the state that rows lead to; it depends on nothing else."""
    state = State.start(machine)
    for row in standing(rows)[0]:
        state = replace(_apply(state, row.body, made_by(machine, row)), differs=_differences(row))
    return state


def _differences(row: Row) -> Differences | None:
    """Return how homologues differed after a row; None if that was not told."""
    told = row.after.get("differs")
    return None if told is None else {int(number): tuple(reasons) for number, reasons in told.items()}


def made_by(machine: Karyotype, row: Row) -> tuple[Chromosome, ...]:
    """Return the records of the chromosomes that a row made in the machine's cell."""
    if "made" not in row.after:
        return ()
    return Karyotype.from_dict(replace(machine, chromosomes=()).to_dict() | {"chromosomes": row.after["made"]}).chromosomes


def perform(machine: Karyotype, rows: Sequence[Row], edits: Iterable[Mapping[str, Any]], look: Look) -> tuple[list[Row], State]:
    """Do edits on the state that ``rows`` lead to; return the rows to add and the new state. Raises EditError, and adds none.

    ``machine`` is the karyotype as the machine read it; ``look`` is asked only by edits that make masks.
    """
    state, added = replay(machine, rows), []
    for edit in edits:
        check_edit(edit)
        made = _make(state, edit, look)
        after = _apply(state, edit, made)
        after = replace(after, differs=compare_anew(state, after, look))
        lost, gained = difference(state, after)
        if made:
            gained["made"] = Karyotype("", 0, 0, tuple(made)).to_dict()["chromosomes"]
        differs = None if after.differs is None else {str(number): list(told) for number, told in after.differs.items()}
        gained["differs"] = differs
        added.append(Row(edit["kind"], dict(edit), lost, gained))
        state = after
    return added, state


def step(machine: Karyotype, rows: Sequence[Row], kind: str) -> tuple[Row, State]:
    """Return the row that undoes the last standing edit, or redoes the last one undone, and the state after it.

    Raises EditError if there is nothing to ``kind``.
    """
    done, undone = standing(rows)
    if not (done if kind == UNDO else undone):
        raise EditError(f"there is nothing to {kind}")
    state = replay(machine, rows)
    row = Row(kind, {"kind": kind, "edit": (done if kind == UNDO else undone)[-1].kind}, {}, {})
    after = replay(machine, [*rows, row])
    before, new = difference(state, after)
    return replace(row, before=before, after=new), after


def _apply(state: State, edit: Mapping[str, Any], made: Sequence[Chromosome]) -> State:
    return KINDS[edit["kind"]].apply(state, edit, made)


def _make(state: State, edit: Mapping[str, Any], look: Look) -> list[Chromosome]:
    """Return the records of the chromosomes that an edit makes, their overlaps with all others told."""
    draw = KINDS[edit["kind"]].draw
    if draw is None:
        return []
    drawn, parents, first = draw(state, edit, look)
    beside = [c for c in state.living if c.id not in parents]
    made = look.read(drawn, beside, first)
    size = (state.machine.height, state.machine.width)
    masks = {c.id: fill(c, size) for c in (*state.records, *made)}
    return [
        replace(c, overlaps=tuple(i for i, mask in sorted(masks.items()) if i != c.id and mask.common(masks[c.id])))
        for c in made
    ]

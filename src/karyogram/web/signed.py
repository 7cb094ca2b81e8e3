"""What a report says beyond the pictures: who corrected a cell, what a case adds up to, who signed it."""

from collections import Counter
from collections.abc import Sequence

from karyogram.records import Case as Record
from karyogram.report.blocks import Block, Heading, Table, Text
from karyogram.web.db.edits import Loaded
from karyogram.web.db.tables import Action, Case, iso
from karyogram.web.edits import State, standing
from karyogram.web.states import rows_of, state_of

#: Actions that are a person's signature under a case, and what they are called in print.
SIGNED = {"review": "reviewed", "approve": "approved", "second": "second reader", "lock": "locked", "reopen": "reopened"}


def cell_blocks(loaded: Loaded, state: State) -> list[Block]:
    """Return what people did to one cell."""
    rows = {
        "Case": f"{loaded.case.name}, {loaded.case.state}",
        "Corrected by hand": _corrections(loaded),
        "Confirmed": _confirmed(state),
        "Read by the machine": loaded.read().iscn or "no ISCN text",
    }
    return [Table("What people did", (), tuple(rows.items()), (1, 5))]


def people_table(cells: Sequence[Loaded]) -> list[Block]:
    """Return what people did to each of several cells."""
    rows = [(each.metaphase.filename, _corrections(each), _confirmed(state_of(each))) for each in cells]
    return [Table("What people did", ("Picture", "Corrected by hand", "Confirmed"), rows, (2, 3, 2))] if rows else []


def _corrections(loaded: Loaded) -> str:
    """Return the edits that stand, by kind, and who made them."""
    kinds = Counter(row.kind for row in standing(rows_of(loaded.edits))[0])
    people = ", ".join(dict.fromkeys(edit.user for edit in loaded.edits))
    return f"{', '.join(f'{kind} {times}' for kind, times in kinds.items())}, by {people}" if kinds else "no"


def _confirmed(state: State) -> str:
    number, total = sum(c.id in state.confirmed for c in state.living), len(state.living)
    return f"every chromosome, {total}" if state.checked else f"{number} of {total} chromosomes"


def case_blocks(case: Case, record: Record, actions: Sequence[Action]) -> list[Block]:
    """Return what a case adds up to, and its signatures."""
    facts = {
        "Case": f"{case.name}, {case.kind}, {case.state}",
        "ISCN": record.iscn or "none",
        "Modal number": str(record.modal_number) if record.modal_number else "unknown",
        "Cells": ", ".join(f"{n} {use}" for use, n in Counter(cell.use for cell in record.cells).items()) or "none",
    }
    blocks: list[Block] = [Table("The case", (), tuple(facts.items()), (1, 5))]
    if record.clones:
        clones = [(clone.iscn, str(len(clone.cells)), ", ".join(clone.cells)) for clone in record.clones]
        blocks.append(Table("Clones", ("ISCN", "Cells", "Which"), clones, (2, 0.6, 4)))
    blocks += [Text(f"Note: {warning}.") for warning in record.warnings]
    signed = [
        (SIGNED[a.kind], a.user, (iso(a.at) or "")[:19].replace("T", " "), str(a.what.get("note") or ""))
        for a in actions
        if a.kind in SIGNED
    ]
    blocks.append(Heading("Signatures"))
    if not signed:
        return [*blocks, Text("Nobody has reviewed or approved this case.")]
    return [*blocks, Table("Signatures", ("What", "Who", "When (UTC)", "Note"), signed, (1, 1.5, 2, 3))]

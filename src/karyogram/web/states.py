"""The state of an analysis in the database: its edits replayed, and what a client is told of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from karyogram.web.db.edits import Loaded
from karyogram.web.db.tables import Edit
from karyogram.web.edits import Row, State, replay, standing


def rows_of(edits: Sequence[Edit]) -> list[Row]:
    """Return kept edits as :mod:`karyogram.web.edits` takes them."""
    return [Row(edit.kind, edit.body, edit.before or {}, edit.after or {}) for edit in edits]


def state_of(loaded: Loaded) -> State:
    """Return the state that an analysis is in, all of its edits replayed. Raises Conflict if it is not read yet."""
    return replay(loaded.read(), rows_of(loaded.edits))


def tell_state(state: State, rows: Sequence[Row], version: int) -> dict[str, Any]:
    """Return what a client is told of a state: the karyotype, and what karyotype.json has no field for."""
    done, undone = standing(rows)
    return {
        "version": version,
        "karyotype": state.karyotype.to_dict(),
        "deleted": [json.loads(json.dumps(asdict(chromosome))) for chromosome in state.tray],
        "confirmed": sorted(state.confirmed),
        "checked": state.checked,
        "structural": None if state.structural is None else list(state.structural),
        "can_undo": bool(done),
        "can_redo": bool(undone),
    }

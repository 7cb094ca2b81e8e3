"""Corrections by hand: pure functions from a machine's karyotype and rows of edits to a state. No Flask, no database.

rows, state = perform(machine, rows, [{"kind": "move", "id": 7, "label": "12"}], look)
row, state = step(machine, rows, "undo")
replay(machine, rows).karyotype
"""

from karyogram.web.edits.history import REDO, UNDO, Row, perform, replay, standing, step
from karyogram.web.edits.kinds import KINDS, Look
from karyogram.web.edits.state import State

__all__ = ["KINDS", "REDO", "UNDO", "Look", "Row", "State", "perform", "replay", "standing", "step"]

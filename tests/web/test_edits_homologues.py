"""Homologues compared anew: a flag of the pair never outlives the pair."""

from dataclasses import replace

import pytest
from hand import DIFFERS, Eyes, cell, do, labelled, one

from karyogram.web.edits import Row, replay, step
from karyogram.web.edits.state import UNCOMPARED


@pytest.fixture(scope="module")
def flagged():
    """A cell whose first 3 and first 9 the machine has flagged."""
    machine, _ = cell()
    odd = {labelled(machine, label)[0] for label in ("3", "9")}
    found = (replace(c, review=("class uncertain", f"{DIFFERS}0.62") if c.id in odd else ()) for c in machine.chromosomes)
    clear = (replace(c, score=1.0, probability=0.95, overlaps=()) for c in found)
    return replace(machine, chromosomes=tuple(clear))


def flags(state):
    return {
        c.id: [reason for reason in c.review if reason.startswith(DIFFERS)] for c in state.karyotype.chromosomes if c.review
    }


@pytest.mark.parametrize("away", ["move", "delete", "flip"])
def test_what_a_pair_was_told_goes_with_the_pair(flagged, away):
    (odd, other), (nine, _) = labelled(flagged, "3"), labelled(flagged, "9")
    eyes, more = Eyes(), {"label": "5"} if away == "move" else {}
    rows, state = do(flagged, {"kind": away, "id": other, **more}, eyes=eyes)
    assert one(state.karyotype, odd).review == ("class uncertain",)
    assert one(state.karyotype, nine).review == ("class uncertain", f"{DIFFERS}0.62"), "its pair is as it was"
    assert eyes.compared == [["3", "5"] if away == "move" else ["3"]], "no more than what has changed"
    assert replay(flagged, rows) == state
    row, undone = step(flagged, rows, "undo")
    assert undone.karyotype == flagged
    assert step(flagged, [*rows, row], "redo")[1] == state


def test_a_new_pair_is_told_anew_but_not_of_what_a_person_has_said(flagged):
    (odd, other), (five, _) = labelled(flagged, "3"), labelled(flagged, "5")
    eyes = Eyes(odd={other, five})
    _, state = do(flagged, {"kind": "move", "id": odd, "label": "5"}, {"kind": "move", "id": five, "label": "3"}, eyes=eyes)
    assert flags(state)[other] == [f"{DIFFERS}{other}"]
    assert one(state.karyotype, five).review == (), "a person has just told its class"
    _, back = do(flagged, {"kind": "flip", "id": odd}, {"kind": "flip", "id": odd}, eyes=Eyes(odd={other}))
    assert back.karyotype == flagged, "the machine's word of the pair that it saw"


def test_other_edits_compare_nothing(flagged):
    eyes, (first, _) = Eyes(), labelled(flagged, "3")
    quiet = ({"kind": "order", "id": first, "place": 1}, {"kind": "structure", "terms": []}, {"kind": "confirm_all"})
    _, state = do(flagged, *quiet, eyes=eyes)
    assert (eyes.compared, flags(state)) == ([], {})


def test_what_cannot_be_compared_is_said_and_never_stale(flagged):
    (odd, other), (nine, _) = labelled(flagged, "3"), labelled(flagged, "9")
    rows, state = do(flagged, {"kind": "delete", "id": other}, eyes=Eyes(odd=None))
    assert one(state.karyotype, odd).review == one(state.karyotype, nine).review == ("class uncertain",)
    assert UNCOMPARED in state.karyotype.warnings
    rows, state = do(flagged, {"kind": "restore", "id": other}, rows=rows)
    assert UNCOMPARED not in state.karyotype.warnings
    assert one(state.karyotype, nine).review == ("class uncertain", f"{DIFFERS}0.62")
    silent = [Row(row.kind, row.body, row.before, {}) for row in rows]
    assert UNCOMPARED in replay(flagged, silent).karyotype.warnings, "rows that do not tell"

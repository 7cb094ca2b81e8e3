"""What each edit does to a cell, and what the cell then adds up to."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hand import cell, do, labelled, middle_line, one

from karyogram.errors import EditError
from karyogram.web.edits import KINDS, replay, step


@pytest.fixture(scope="module")
def machine():
    return cell()[0]


def test_a_persons_class_is_certain_and_closes_the_review(machine):
    doubtful = replace(machine, chromosomes=tuple(replace(c, review=("class uncertain",)) for c in machine.chromosomes))
    (first, *_) = labelled(doubtful, "3")
    _, state = do(doubtful, {"kind": "move", "id": first, "label": "7"})
    moved = one(state.karyotype, first)
    assert (moved.label, moved.probability, moved.review) == ("7", 1.0, ())
    assert moved.probabilities == one(doubtful, first).probabilities
    assert state.karyotype.counts["7"] == 3
    assert state.karyotype.counts["3"] == 1
    assert state.confirmed == {first}
    others = [c for c in state.karyotype.chromosomes if c.label == "7" and c.id != first]
    assert all(c.review == ("class uncertain", "extra copy") for c in others), "the machine's two copies are one too many now"


def test_places_in_a_slot(machine):
    a, b = labelled(machine, "7")
    (new, _) = labelled(machine, "3")
    for place, order in ((0, [new, a, b]), (1, [a, new, b]), (2, [a, b, new]), (9, [a, b, new])):
        _, state = do(machine, {"kind": "move", "id": new, "label": "7", "place": place})
        assert labelled(state.karyotype, "7") == order
    _, state = do(machine, {"kind": "move", "id": new, "label": None})
    assert state.karyotype.chromosomes[-1].id == new
    assert state.karyotype.chromosomes[-1].probability == 0.0
    assert state.karyotype.iscn == ""
    assert "no karyotype: 45 chromosomes placed, 1 objects not" in state.karyotype.warnings


def test_an_order_among_homologues_says_nothing_of_their_class(machine):
    (a, b), (new, _) = labelled(machine, "7"), labelled(machine, "3")
    rows, state = do(machine, {"kind": "order", "id": a, "place": 1})
    assert labelled(state.karyotype, "7") == [b, a]
    assert not state.confirmed
    assert one(state.karyotype, a) == one(machine, a)
    assert (rows[0].before[str(a)]["place"], rows[0].after[str(a)]["place"]) == (0, 1)
    assert replay(machine, rows).karyotype == state.karyotype
    assert step(machine, rows, "undo")[1].karyotype == machine
    rows, _ = do(machine, {"kind": "move", "id": new, "label": "7"}, {"kind": "delete", "id": a})
    _, state = do(machine, {"kind": "order", "id": new, "place": 0}, {"kind": "restore", "id": a}, rows=rows)
    assert labelled(state.karyotype, "7") == [a, new, b], "a deleted one keeps its place and has no part in the order"


def test_swapping_exchanges_classes_and_places(machine):
    (a, a2), (b, b2) = labelled(machine, "4"), labelled(machine, "9")
    _, state = do(machine, {"kind": "swap", "a": a, "b": b2})
    assert labelled(state.karyotype, "4") == [b2, a2]
    assert labelled(state.karyotype, "9") == [b, a]
    assert state.confirmed == {a, b2}
    _, state = do(machine, {"kind": "swap", "a": a, "b": a2})
    assert labelled(state.karyotype, "4") == [a2, a]
    assert not state.confirmed, "an order says nothing of a class"


def test_flip_and_rotate(machine):
    (c, _) = labelled(machine, "2")
    before = one(machine, c)
    rows, state = do(machine, {"kind": "flip", "id": c})
    assert one(state.karyotype, c).flipped != before.flipped
    if before.centromere is not None:
        assert one(state.karyotype, c).centromere == pytest.approx(1 - before.centromere, abs=1e-3)
    _, state = do(machine, {"kind": "flip", "id": c}, rows=rows)
    assert state.karyotype == machine, "turned twice it stands as it stood"
    _, state = do(machine, *[{"kind": "rotate", "id": c, "degrees": 120}] * 3)
    assert state.karyotype == machine
    _, state = do(machine, {"kind": "rotate", "id": c, "degrees": 200})
    assert -180 < one(state.karyotype, c).angle <= 180


def test_deleted_ones_wait_in_the_tray(machine):
    first = machine.chromosomes[0].id
    rows, state = do(machine, {"kind": "delete", "id": first})
    assert [c.id for c in state.tray] == [first]
    assert state.karyotype.counts["1"] == 1
    assert all(first not in c.overlaps for c in state.karyotype.chromosomes)
    with pytest.raises(EditError, match=f"chromosome {first} is deleted: restore it first"):
        do(machine, {"kind": "flip", "id": first}, rows=rows)
    _, state = do(machine, {"kind": "restore", "id": first}, rows=rows)
    assert state.karyotype.to_json() == machine.to_json(), "it comes back to its own place"
    with pytest.raises(EditError, match="is not deleted"):
        do(machine, {"kind": "restore", "id": first})


def test_a_cell_may_be_emptied(machine):
    rows, state = do(machine, *({"kind": "delete", "id": c.id} for c in machine.chromosomes))
    assert (state.karyotype.chromosomes, state.karyotype.iscn, state.karyotype.findings) == ((), "", ())
    assert state.karyotype.warnings[-1] == "no chromosomes found"
    assert not state.checked
    assert do(machine, {"kind": "confirm_all"}, rows=rows)[1].confirmed == frozenset()


def test_a_cut_makes_two_and_a_join_makes_one_again(machine):
    parent = machine.chromosomes[0]
    rows, state = do(machine, {"kind": "cut", "id": parent.id, "line": middle_line(parent)})
    made = [c for c in state.karyotype.chromosomes if c.id > 46]
    assert [c.id for c in made] == [47, 48]
    assert [c.id for c in state.tray] == [parent.id]
    assert state.karyotype.counts["5"] == 4
    _, state = do(machine, {"kind": "join", "ids": [47, 48]}, rows=rows)
    assert one(state.karyotype, 49).bbox == parent.bbox
    assert len(state.karyotype.chromosomes) == 46


def test_overlaps_hold_both_ways_deleted_ones_left_out(machine):
    a, b = (machine.chromosomes[i] for i in (0, 20))
    hull = [[a.bbox[0], a.bbox[1]], [a.bbox[2], a.bbox[1]], [b.bbox[2], b.bbox[3]], [b.bbox[0], b.bbox[3]]]
    rows, state = do(machine, {"kind": "delete", "id": b.id}, {"kind": "outline", "polygon": hull})
    assert a.id in one(state.karyotype, 47).overlaps
    assert b.id not in one(state.karyotype, 47).overlaps
    assert 47 in one(state.karyotype, a.id).overlaps
    _, state = do(machine, {"kind": "restore", "id": b.id}, rows=rows)
    assert b.id in one(state.karyotype, 47).overlaps
    assert 47 in one(state.karyotype, b.id).overlaps


def test_a_new_outline_keeps_the_class_that_a_person_told(machine):
    old = machine.chromosomes[10]
    box = [[old.bbox[0], old.bbox[1]], [old.bbox[2], old.bbox[1]], [old.bbox[2], old.bbox[3]], [old.bbox[0], old.bbox[3]]]
    again = {"kind": "outline", "polygon": box, "replaces": old.id}
    assert one(do(machine, again)[1].karyotype, old.id).label == "5", "nobody told the class: it is looked at anew"
    _, state = do(machine, {"kind": "confirm", "id": old.id}, again)
    assert (one(state.karyotype, old.id).label, one(state.karyotype, old.id).probability) == (old.label, 1.0)
    _, state = do(machine, again | {"label": "22"})
    assert one(state.karyotype, old.id).label == "22"
    assert len(state.karyotype.chromosomes) == 46
    assert old.id in state.confirmed


def test_a_loss_is_written_once_every_chromosome_is_confirmed(machine):
    gone = {"kind": "delete", "id": labelled(machine, "7")[0]}
    _, state = do(machine, gone)
    assert state.karyotype.iscn == "45,XX,-?7"
    assert state.karyotype.warnings[-1] == "loss of 7: to be confirmed by a person"
    assert 0 < state.karyotype.findings[0].probability < 0.5
    _, state = do(
        machine, gone, *({"kind": "confirm", "id": c.id} for c in machine.chromosomes if c.id not in (gone["id"], 46))
    )
    assert not state.checked
    assert state.karyotype.iscn == "45,XX,-?7", "one chromosome nobody has looked at"
    _, state = do(machine, gone, {"kind": "confirm_all"})
    assert state.checked
    assert state.karyotype.iscn == "45,XX,-7"
    assert [(f.label, f.change, f.probability) for f in state.karyotype.findings] == [("7", -1, 1.0)]
    assert state.karyotype.warnings == machine.warnings, "what is to be known of the picture stays"
    assert state.karyotype.quality == 1.0
    assert not any(c.review for c in state.karyotype.chromosomes)


@pytest.mark.parametrize(
    ("terms", "iscn", "findings"),
    [
        (None, "45,XX,?", 0),
        ([], "45,XX,-21", 1),
        (["rob(14;21)(q10;q10)"], "45,XX,rob(14;21)(q10;q10)", 0),
        (["t(9;22)(q34;q11.2)"], "45,XX,t(9;22)(q34;q11.2),-21", 1),
    ],
)
def test_a_missing_21_is_lost_or_fused_as_a_person_says(machine, terms, iscn, findings):
    edits = [{"kind": "delete", "id": labelled(machine, "21")[0]}, {"kind": "confirm_all"}]
    edits += [] if terms is None else [{"kind": "structure", "terms": terms}]
    _, state = do(machine, *edits)
    assert state.karyotype.iscn == iscn
    assert len(state.karyotype.findings) == findings
    assert any("possible rob" in warning for warning in state.karyotype.warnings) == (terms is None)


def test_entered_rearrangements_have_to_add_up(machine):
    _, state = do(machine, {"kind": "confirm_all"}, {"kind": "structure", "terms": ["rob(14;21)(q10;q10)"]})
    assert state.karyotype.iscn == ""
    assert state.karyotype.warnings[-1] == "no karyotype: 45 chromosomes by the rearrangements entered, 46 in the cell"
    marker = [{"kind": "move", "id": labelled(machine, "20")[0], "label": None}, {"kind": "structure", "terms": ["+mar"]}]
    assert do(machine, *marker, {"kind": "confirm_all"})[1].karyotype.iscn == "46,XX,-20,+mar"
    with pytest.raises(EditError, match="chromosome 9 has no band q99"):
        do(machine, {"kind": "structure", "terms": ["t(9;22)(q99;q11.2)"]})


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"kind": "fuse"}, "an edit is an object whose kind is one of move, order, swap"),
        ({"kind": ["move"]}, "an edit is an object"),
        ("move", "an edit is an object"),
        ({"kind": "move", "id": 1}, "move: the field label is missing"),
        ({"kind": "move", "id": 1, "label": "23"}, 'move: label is a class, "1" to "22", "X", "Y", or null'),
        ({"kind": "move", "id": True, "label": "1"}, "move: id is the id of a chromosome"),
        ({"kind": "move", "id": 1, "label": "1", "probability": 0}, "move has no field probability"),
        ({"kind": "flip", "id": 99}, "there is no chromosome 99"),
        ({"kind": "swap", "a": 1, "b": 1}, "cannot be swapped with itself"),
        ({"kind": "rotate", "id": 1, "degrees": float("nan")}, "rotate: degrees is a number"),
        ({"kind": "cut", "id": 1, "line": [[0, 0]]}, "cut: line is a list of two points"),
        ({"kind": "cut", "id": 1, "line": [[0, 0], [5, 0]]}, "the line does not part the chromosome"),
        ({"kind": "join", "ids": [1, 1]}, "joining takes two chromosomes or more"),
        ({"kind": "outline", "polygon": [[50, 50], [51, 50], [51, 51]]}, "the outline encloses fewer than 30 pixels"),
        ({"kind": "outline", "polygon": [[-9, -9], [40, -9], [40, 40]]}, "nothing in the outline is stained"),
        ({"kind": "strokes", "strokes": [[[0, 0]], [[1, 1]]]}, "strokes: give either id or ids"),
        ({"kind": "strokes", "id": 1, "strokes": [[[0, 0], [9, 9]]]}, "parting takes two strokes, or up to 12"),
    ],
)
def test_what_is_no_edit_is_refused_with_a_reason(machine, edit, reason):
    with pytest.raises(EditError) as refused:
        do(machine, edit)
    assert reason in str(refused.value)


def test_the_document_tells_every_kind_and_field():
    text = (Path(__file__).parents[2] / "docs" / "editing.md").read_text("utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    told = {kind: set(re.findall(r"`(\w+)`", row[2])) for row in rows for kind in re.findall(r"`(\w+)`", row[1])}
    assert {kind: {*each.fields, *each.optional} for kind, each in KINDS.items()}.items() <= told.items()


def test_rows_are_json_and_say_what_changed(machine):
    rows, _ = do(machine, {"kind": "move", "id": 3, "label": "7"})
    (row,) = json.loads(json.dumps([vars(r) for r in rows]))
    assert row["body"] == {"kind": "move", "id": 3, "label": "7"}
    assert (row["before"]["3"]["label"], row["after"]["3"]["label"]) == (one(machine, 3).label, "7")
    assert (row["before"]["iscn"], row["after"]["iscn"]) == ("46,XX", "46,XX,-?2,+7")
    assert "count" not in row["after"], "46 before and after"
    assert "1" not in row["before"], "what stays as it was is not told"

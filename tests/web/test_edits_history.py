"""Undo, redo and replay: to the byte, without a limit, without a model."""

import json

import pytest
from hand import Eyes, cell, do, middle_line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from karyogram.errors import EditError
from karyogram.labels import LABELS
from karyogram.web.edits import KINDS, Row, perform, replay, standing, step

MACHINE = cell()[0]
NUMBERS = st.integers(1, 50)


def across(number):
    return middle_line(MACHINE.chromosomes[(number - 1) % len(MACHINE.chromosomes)])


def box(number):
    left, top, right, bottom = MACHINE.chromosomes[(number - 1) % len(MACHINE.chromosomes)].bbox
    return [[left - 2, top - 2], [right + 2, top - 2], [right + 2, bottom + 2], [left - 2, bottom + 2]]


def strokes(number):
    left, top, right, bottom = MACHINE.chromosomes[(number - 1) % len(MACHINE.chromosomes)].bbox
    return [[[left, top], [right, bottom]], [[right, top], [left, bottom]]]


LABEL = st.sampled_from([*LABELS, None])
NEW = st.integers(45, 50)
FIELDS = {
    "move": {"id": NUMBERS, "label": LABEL, "place": st.integers(0, 3)},
    "order": {"id": NUMBERS, "place": st.integers(-1, 3)},
    "swap": {"a": NUMBERS, "b": NUMBERS},
    "flip": {"id": NUMBERS},
    "rotate": {"id": NUMBERS, "degrees": st.floats(-400, 400)},
    "delete": {"id": NUMBERS},
    "restore": {"id": NUMBERS},
    "confirm": {"id": NUMBERS},
    "confirm_all": {},
    "structure": {"terms": st.sampled_from([[], ["+mar"], ["rob(14;21)(q10;q10)"]])},
    "cut": {"id": NUMBERS, "line": NUMBERS.map(across)},
    "join": {"ids": st.lists(NEW, min_size=2, max_size=2)},
    "strokes": {"id": NUMBERS, "strokes": NUMBERS.map(strokes)},
    "outline": {"polygon": NUMBERS.map(box)},
    "undo": {},
    "redo": {},
}
EDITS = st.sampled_from(list(FIELDS)).flatmap(lambda kind: st.fixed_dictionaries({"kind": st.just(kind), **FIELDS[kind]}))
#: What has to agree to be possible at all: a cut through its own chromosome, a new outline of one that is there.
APT = NUMBERS.flatmap(
    lambda i: st.sampled_from(
        [
            {"kind": "cut", "id": i, "line": across(i)},
            {"kind": "strokes", "id": i, "strokes": strokes(i)},
            {"kind": "outline", "polygon": box(i), "replaces": i},
            {"kind": "delete", "id": i},
        ]
    )
)
SEQUENCES = st.lists(EDITS | APT, min_size=1, max_size=12)


def go(edits):
    """Do what can be done of these, one by one; return the rows and the text of the state."""
    rows, text = [], MACHINE.to_json()
    for edit in edits:
        try:
            if edit["kind"] in ("undo", "redo"):
                row, state = step(MACHINE, rows, edit["kind"])
                rows.append(row)
            else:
                added, state = perform(MACHINE, rows, [edit], Eyes(odd=range(60)))
                rows += added
        except EditError:
            continue
        text = state.karyotype.to_json()
    return rows, text


def kept(rows):
    """Rows as they come back from a database."""
    return [Row(r.kind, *(json.loads(json.dumps(part)) for part in (r.body, r.before, r.after))) for r in rows]


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(SEQUENCES)
def test_rows_alone_give_the_state_back_and_undo_all_gives_the_machines(edits):
    rows, text = go(edits)
    assert replay(MACHINE, kept(rows)).karyotype.to_json() == text
    done, _ = standing(rows)
    for _ in done:
        row, state = step(MACHINE, rows, "undo")
        rows.append(row)
    assert replay(MACHINE, kept(rows)).karyotype.to_json() == MACHINE.to_json()
    with pytest.raises(EditError, match="there is nothing to undo"):
        step(MACHINE, rows, "undo")
    for _ in done:
        row, state = step(MACHINE, rows, "redo")
        rows.append(row)
    if done:
        assert state.karyotype.to_json() == text


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(SEQUENCES)
def test_whatever_is_done_the_cell_holds_together(edits):
    rows, _ = go(edits)
    state = replay(MACHINE, rows)
    k = state.karyotype
    ids = [c.id for c in k.chromosomes]
    assert len(set(ids)) == len(ids)
    assert {c.id for c in state.tray}.isdisjoint(ids)
    assert sum(k.counts.values()) == sum(c.label is not None for c in k.chromosomes)
    by_id = {c.id: c for c in k.chromosomes}
    assert all(other in by_id and c.id in by_id[other].overlaps for c in k.chromosomes for other in c.overlaps)
    assert all(c.probability == (1.0 if c.label else 0.0) and not c.review for c in k.chromosomes if c.id in state.confirmed)
    assert "-" not in k.iscn or "-?" in k.iscn or state.checked, "no monosomy without a person"


def test_replay_asks_no_model():
    eyes = Eyes()
    rows, state = perform(MACHINE, [], [{"kind": "cut", "id": 1, "line": across(1)}], eyes)
    assert eyes.asked == 1
    assert replay(MACHINE, kept(rows)).karyotype == state.karyotype
    assert eyes.asked == 1


def test_something_new_ends_what_redo_could_bring_back():
    rows, _ = do(MACHINE, {"kind": "flip", "id": 1}, {"kind": "flip", "id": 2})
    row, _ = step(MACHINE, rows, "undo")
    rows, _ = do(MACHINE, {"kind": "flip", "id": 3}, rows=[*rows, row])
    assert [r.body["id"] for r in standing(rows)[0]] == [1, 3]
    with pytest.raises(EditError, match="there is nothing to redo"):
        step(MACHINE, rows, "redo")


def test_of_several_edits_all_are_done_or_none():
    with pytest.raises(EditError):
        perform(MACHINE, [], [{"kind": "flip", "id": 1}, {"kind": "flip", "id": 99}], Eyes())


def test_every_kind_is_tried():
    assert set(FIELDS) == {*KINDS, "undo", "redo"}

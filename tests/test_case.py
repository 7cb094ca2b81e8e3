"""Cells to a case: what counts, what is proposed, and what its record says."""

import json
from dataclasses import fields, replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from referencing import Registry, Resource

from karyogram.errors import AnnotationError, DataError
from karyogram.karyotype.case import Entry, make_case
from karyogram.karyotype.quality import band_level, rank
from karyogram.labels import AUTOSOMES, LABELS
from karyogram.records import Case, Cell, Chromosome, Clone, Karyotype
from karyogram.shape.resolution import count_bands

SCHEMAS = [
    json.loads((files("karyogram") / "data" / f"{name}.schema.json").read_text("utf-8")) for name in ("case", "karyotype")
]
REGISTRY = Registry().with_resources([(schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS])


def assert_follows_schema(case):
    jsonschema.Draft202012Validator(SCHEMAS[0], registry=REGISTRY).validate(case.to_dict())
    assert Case.from_json(case.to_json()) == case


def cell(name, text="46,XX", quality=0.9, **extra):
    """A karyotype as read, without chromosomes: counts and text are all that a case asks of it."""
    counts = dict.fromkeys(AUTOSOMES, 2) | {"X": text.split(",")[1].count("X"), "Y": text.split(",")[1].count("Y")}
    for term in text.split(",")[2:]:
        counts[term.lstrip("+-?")] += 1 if term[0] == "+" else -1
    return Karyotype(name, 10, 10, (), counts, (), text, quality, **extra)


def test_a_mosaic_is_found_and_follows_the_schema():
    case = make_case("1", [*(cell(f"a{n}", "45,X") for n in range(3)), *(cell(f"b{n}") for n in range(4))])
    assert case.iscn == "mos 45,X[3]/46,XX[4]"
    assert case.modal_number == 46
    assert [(clone.iscn, clone.terms, len(clone.cells)) for clone in case.clones] == [("45,X", ("-X",), 3), ("46,XX", (), 4)]
    assert_follows_schema(case)


def test_cells_too_poor_for_a_text_have_their_say_together():
    def poor(name, labels):
        sure = {label: tuple(np.eye(24)[index].tolist()) for index, label in enumerate(LABELS)}
        square = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))
        own = [(n, *each) for n, each in enumerate([*((label, label) for label in labels), (None, "7")], 1)]
        found = tuple(
            Chromosome(n, label, 1.0, sure[like], 0.97 if label else 0.2, (0, 0, 9, 9), square, 0.0, False, 9.0)
            for n, label, like in own
        )
        return Karyotype(name, 10, 10, found, {label: labels.count(label) for label in LABELS})

    trisomy = [*AUTOSOMES, *AUTOSOMES, "18", "X", "X"]
    case = make_case("1", [poor(f"{n}", trisomy) for n in range(3)])
    assert [(finding.label, finding.change) for finding in case.findings] == [("18", 1)]
    assert case.findings[0].probability > 0.9
    assert any("+18" in warning for warning in case.warnings)
    assert_follows_schema(case)
    assert not make_case("1", [poor("1", trisomy)]).findings
    half = [make_case("1", [poor(f"{n}", trisomy[:number]) for n in range(3)]) for number in (1, 10, 22)]
    assert not any(case.findings for case in half), "half a cell has lost nothing"
    normal = [*AUTOSOMES, *AUTOSOMES, "X", "X"]
    assert not make_case("1", [poor(f"{n}", normal) for n in range(3)]).findings


def test_what_a_person_says_overrules_the_program():
    read = [cell(f"{n}", "45,XX,-?7") for n in range(3)]
    case = make_case("1", read)
    assert case.iscn == "45,XX,-?7"
    assert case.warnings == ("loss of an autosome, to be confirmed by a person: -7",)
    entered = [Entry(k.image, k, iscn="45,XX,-7") for k in read]
    case = make_case("1", entered)
    assert (case.iscn, case.warnings) == ("45,XX,-7", ())
    assert all(c.entered for c in case.cells)


def test_a_rearrangement_is_carried_through():
    case = make_case("1", [cell(f"{n}") for n in range(2)], "acquired", structural=["t(9;22)(q34;q11.2)"])
    assert case.iscn == "46,XX,t(9;22)(q34;q11.2)[2]"
    assert case.structural == ("t(9;22)(q34;q11.2)",)
    assert all(c.iscn == "46,XX,t(9;22)(q34;q11.2)" for c in case.cells)


def test_a_possible_robertsonian_translocation_waits_for_a_person():
    read = [replace(cell(f"{n}", "45,XX,-21"), iscn="45,XX,?") for n in range(3)]
    case = make_case("1", read)
    assert case.iscn == "45,XX,?"
    assert "possible rob" in case.warnings[0]
    case = make_case("1", read, structural=["rob(14;21)(q10;q10)"])
    assert (case.iscn, case.warnings, case.modal_number) == ("45,XX,rob(14;21)(q10;q10)", (), 45)


def test_counted_cells_count_excluded_ones_do_not():
    cells = [
        cell("a"),
        Entry("b", use="counted", number=47),
        Entry("c", use="counted", number=47),
        Entry("d", use="excluded", number=90),
    ]
    case = make_case("1", [*cells, Entry("e", use="counted", iscn="46,XX")])
    assert case.modal_number == 46, "the smaller of two that are as frequent"
    assert case.iscn == "46,XX"
    assert case.clones[0].cells == ("a", "e")
    assert case.cells[-1].image == "d"
    assert make_case("1", cells).modal_number == 47


def test_a_cell_that_could_not_be_read_takes_no_part():
    case = make_case("1", [cell("a"), cell("b"), replace(cell("c", "47,XX,+8"), iscn="")])
    assert case.iscn == "46,XX"
    assert case.warnings == ("1 cell could not be read for certain: no part in the clones",)
    assert [c.number for c in case.cells if c.image == "c"] == [None]


def test_the_best_cells_and_one_of_each_clone_are_proposed():
    cells = [cell(f"a{n}", quality=0.9 - n / 100) for n in range(4)] + [cell(f"b{n}", "47,XX,+21", 0.5) for n in range(2)]
    case = make_case("1", cells)
    assert [c.image for c in case.cells if c.proposed] == ["a0", "a1", "b0"]
    assert sum(c.proposed for c in make_case("1", cells, karyograms=0).cells) == 2


def test_acquired_and_nobody_knows_the_sex():
    case = make_case("1", [cell(f"{n}", "45,X") for n in range(3)], "acquired")
    assert case.iscn == "45,X,-X[3]"
    assert case.warnings == ("constitutional sex chromosomes unknown, taken for XX",)
    assert make_case("1", [cell(f"{n}", "45,X") for n in range(3)], "acquired", sex="XY").iscn == "45,X,-Y[3]"


def test_no_cells_no_karyotype():
    case = make_case("1", [])
    assert (case.iscn, case.modal_number, case.clones) == ("", None, ())
    assert_follows_schema(case)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"kind": "other"}, DataError),
        ({"sex": "XXY"}, DataError),
        ({"structural": ["t(9;22)"]}, AnnotationError),
        ({"cells": [cell("a"), cell("a")]}, DataError),
        ({"cells": [Entry("a", use="looked at")]}, DataError),
        ({"cells": [Entry("a", iscn="47,XX")]}, AnnotationError),
    ],
)
def test_wrong_values_are_refused(arguments, error):
    with pytest.raises(error):
        make_case("1", **{"cells": [cell("a")]} | arguments)


@pytest.mark.parametrize(
    ("record", "schema"), [(Case, SCHEMAS[0]), (Cell, SCHEMAS[0]["$defs"]["cell"]), (Clone, SCHEMAS[0]["$defs"]["clone"])]
)
def test_schema_and_record_have_the_same_fields_all_required(record, schema):
    names = sorted(f.name for f in fields(record))
    assert sorted(schema["properties"]) == sorted(schema["required"]) == names
    assert schema["additionalProperties"] is False
    assert all("description" in field for field in schema["properties"].values())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": "2.0"}', '{"schema_version": "1.0"}'])
def test_text_that_is_no_case_is_refused(text):
    with pytest.raises(AnnotationError):
        Case.from_json(text)


def test_a_case_with_an_unknown_field_is_refused():
    with pytest.raises(AnnotationError, match="extra"):
        Case.from_dict(make_case("1", []).to_dict() | {"extra": 1})


def test_bands_are_counted_on_a_striped_bar():
    for dark in (2, 5):
        strip = np.full((10 * (2 * dark + 1), 12), 200, np.uint8)
        for band in range(dark):
            strip[10 * (2 * band + 1) : 10 * (2 * band + 2)] = 90
        assert count_bands(strip, np.ones(strip.shape, bool)) == 2 * dark + 1
    assert count_bands(np.full((40, 12), 120, np.uint8), np.ones((40, 12), bool)) == 1


def test_the_band_level_is_that_of_a_whole_set():
    expected = {label: 10 + n for n, label in enumerate(LABELS)}
    assert band_level([(label, expected[label]) for label in LABELS], expected) == sum(expected.values())
    assert band_level([("1", expected["1"])], expected) == sum(expected.values())
    assert band_level([], expected) is None


def test_a_better_cell_ranks_higher():
    good = rank(0.9, 6.0, 0.1, 500)
    assert good > max(rank(0.8, 6.0, 0.1, 500), rank(0.9, 3.0, 0.1, 500), rank(0.9, 6.0, 0.3, 500), rank(0.9, 6.0, 0.1, 300))
    assert 0 <= rank(0.0, 0.0, 1.0, None) < good <= 1

"""Readings, terms and clones: what a person enters, the usual rule, and the text of a case, judged by iscn-authenticator."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iscn_authenticator import is_valid_karyotype

from karyogram.errors import AnnotationError
from karyogram.karyotype.clones import FEMALE, MALE, all_terms, find_clones, origin_of
from karyogram.karyotype.iscn_case import KINDS, case_text
from karyogram.karyotype.iscn_terms import check_term, copies
from karyogram.karyotype.iscn_text import iscn_text, write_terms
from karyogram.karyotype.readings import read_counts, read_text
from karyogram.labels import AUTOSOMES, LABELS

NORMAL = dict.fromkeys(AUTOSOMES, 2)


def text_of(kind, *cells):
    """The text of a case of (number of cells, what a person read in each)."""
    readings = [read_text(text) for times, text in cells for _ in range(times)]
    origin = origin_of(readings) or FEMALE
    clones = find_clones([all_terms(reading, origin) for reading in readings])
    return case_text(clones, origin, kind, [True] * len(readings))


def assert_valid(text):
    """The validator knows neither `mos` nor numbers of cells behind rearrangements: both are taken off."""
    for clone in text.removeprefix("mos ").split("/"):
        assert is_valid_karyotype(re.sub(r"\[[cp0-9]+\]", "", clone)), text


@pytest.mark.parametrize(
    ("cells", "constitutional", "acquired"),
    [
        ([(5, "46,XX")], "46,XX", "46,XX[5]"),
        ([(5, "45,X"), (15, "46,XX")], "mos 45,X[5]/46,XX[15]", "45,X,-X[5]/46,XX[15]"),
        ([(3, "45,X"), (2, "46,XY")], "mos 45,X[3]/46,XY[2]", "45,X,-Y[3]/46,XY[2]"),
        ([(3, "45,X,-Y")], "45,X", "45,X,-Y[3]"),
        ([(4, "47,XXY")], "47,XXY", "47,XY,+X[4]"),
        ([(2, "47,XX,+X"), (2, "46,XX")], "mos 47,XXX[2]/46,XX[2]", "47,XX,+X[2]/46,XX[2]"),
        ([(3, "47,XY,+21")], "47,XY,+21", "47,XY,+21[3]"),
        ([(2, "47,XY,+mar"), (1, "46,XY")], "mos 47,XY,+mar[2]/46,XY[1]", "47,XY,+mar[2]/46,XY[1]"),
        ([(2, "46,X,del(X)(q22)")], "46,X,del(X)(q22)", "46,X,del(X)(q22)[2]"),
        ([(3, "45,XX,rob(14;21)(q10;q10)")], "45,XX,rob(14;21)(q10;q10)", "45,XX,rob(14;21)(q10;q10)[3]"),
        ([(3, "45,XX,?")], "45,XX,?", "45,XX,?[3]"),
        ([(2, "46,XX,+8,-7"), (1, "46,XX,+8,-7")], "46,XX,-7,+8", "46,XX,-7,+8[3]"),
        ([(2, "48,XX,+8,+8")], "48,XX,+8,+8", "48,XX,+8,+8[2]"),
    ],
)
def test_a_case_is_written_by_its_kind(cells, constitutional, acquired):
    for kind, expected in zip(KINDS, (constitutional, acquired), strict=True):
        assert text_of(kind, *cells) == expected
        assert_valid(expected)


def test_two_cells_make_a_gain_clonal_and_three_a_loss():
    normal = (5, "46,XY")
    assert text_of("acquired", (1, "47,XY,+8"), normal) == "46,XY[5]", "one gain stands apart"
    assert text_of("acquired", (2, "47,XY,+8"), normal) == "47,XY,+8[2]/46,XY[5]"
    assert text_of("acquired", (2, "45,XY,-7"), normal) == "46,XY[7]", "two lost it by chance"
    assert text_of("acquired", (3, "45,XY,-7"), normal) == "45,XY,-7[3]/46,XY[5]"
    assert text_of("acquired", (2, "46,XY,del(5)(q13q33)"), normal) == "46,XY,del(5)(q13q33)[2]/46,XY[5]"


def test_a_cell_that_lost_a_chromosome_by_chance_stays_with_its_clone():
    assert text_of("constitutional", (3, "47,XX,+21"), (1, "46,XX,-3,+21")) == "47,XX,+21"
    assert text_of("acquired", (2, "47,XX,+21"), (1, "48,XX,+3,+21")) == "47,XX,+21[3]", "nor does its own gain part it"


def test_acquired_clones_come_by_family_the_simplest_first():
    cells = [(2, "47,XX,+8"), (4, "48,XX,+8,+21"), (3, "45,X,-X"), (1, "46,XX")]
    assert text_of("acquired", *cells) == "47,XX,+8[2]/48,XX,+8,+21[4]/45,X,-X[3]/46,XX[1]"


def test_ever_new_combinations_make_a_composite():
    cells = [(1, "48,XX,+8,+21"), (1, "48,XX,+1,+8"), (1, "47,XX,+1,-7,+21"), (1, "45,XX,-7"), (1, "46,XX,-7,+8")]
    text = text_of("acquired", *cells, (3, "46,XX"))
    assert text == "45~48,XX,+1[2],-7[3],+8[3],+21[2][cp5]/46,XX[3]"
    assert_valid(text)
    assert text_of("constitutional", *cells, (3, "46,XX")) == "46,XX", "born with it is no composite"


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("46,t(X;Y)(q22;q11.2)", (1, 1)),
        ("46,Y,?i(X)(q10)", (1, 1)),
        ("46,i(X)(q10),del(Y)(q12)", (1, 1)),
        ("45,t(X;21)(p11.2;q22)", (1, 0)),
    ],
)
def test_sex_chromosomes_that_are_rearranged_do_not_stand_before_the_terms(text, sex):
    reading = read_text(text)
    assert reading.sex == sex
    assert write_terms("X" * sex[0] + "Y" * sex[1], reading.terms, reading.number) == text
    if sum(sex) == 2:
        assert text_of("constitutional", (2, text)) == text


def test_a_composite_names_the_sex_chromosomes_that_all_its_cells_have():
    cells = [
        (2, "47,X,i(X)(q10),+8"),
        (1, "45,X,-X"),
        (1, "46,X,-X,+8"),
        (1, "45,X,-X,+9,-7"),
        (1, "46,XX,-7,+9"),
        (1, "45,XX,-7"),
    ]
    assert text_of("acquired", *cells) == "45~47,X,-X[3],i(X)(q10)[2],-7[3],+8[3],+9[2][cp7]"


def test_nobody_knows_a_case_whose_cells_disagree():
    assert text_of("constitutional", (1, "47,XX,+3"), (1, "47,XX,+5")) == ""


def test_a_loss_that_no_person_saw_stays_doubtful():
    cells = [all_terms(read_counts(NORMAL | {"X": 2, "7": 1}), FEMALE)] * 3
    clones = find_clones(cells)
    assert case_text(clones, FEMALE, "constitutional", [False] * 3) == "45,XX,-?7"
    assert case_text(clones, FEMALE, "constitutional", [False, True, False]) == "45,XX,-7"


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["+8", "+21", "-7", "-Y", "+X", "t(9;22)(q34;q11.2)"]), st.just(1), max_size=3),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(KINDS),
)
def test_every_text_is_valid_and_every_cell_has_one_place(cells, kind):
    clones = find_clones(cells)
    placed = [number for group in clones.groups for number in group.cells]
    assert sorted([*placed, *clones.apart]) == list(range(len(cells)))
    for group in clones.groups:
        assert all(Counter(dict(group.terms)) <= Counter(cells[number]) for number in group.cells)
        assert not group.terms or len(group.cells) >= 2
    if text := case_text(clones, MALE, kind, [True] * len(cells)):
        assert_valid(text)
    turned = find_clones(cells[::-1])
    assert case_text(turned, MALE, kind, [True] * len(cells)).count("[") == text.count("[")


@given(st.dictionaries(st.sampled_from(AUTOSOMES), st.integers(0, 4), max_size=4), st.sampled_from(["XX", "XY", "XXY", "X"]))
def test_a_reading_comes_back_from_its_text(odd, sex):
    counts = dict.fromkeys(LABELS, 0) | NORMAL | odd | {"X": sex.count("X"), "Y": sex.count("Y")}
    reading, text = read_counts(counts), iscn_text(counts)
    assert reading.number == sum(counts.values())
    back = read_text(text)
    assert (back.sex, Counter(back.terms)) == (reading.sex, Counter(reading.terms))
    assert back.entered
    assert_valid(text)


@pytest.mark.parametrize(
    ("term", "change"),
    [
        ("t(9;22)(q34;q11.2)", 0),
        ("del(5)(q13q33)", 0),
        ("inv(9)(p12q13)", 0),
        ("ins(5;2)(p14;q31q22)", 0),
        ("i(X)(q10)", 0),
        ("rob(14;21)(q10;q10)", -1),
        ("der(13;14)(q10;q10)", -1),
        ("+der(22)t(9;22)(q34;q11.2)", 1),
        ("+mar", 1),
        ("+2mar", 2),
        ("?del(5)(q13q33)", 0),
        ("?rob(14;21)(q10;q10)", -1),
    ],
)
def test_rearrangements_that_iscn_knows(term, change):
    assert check_term(f" {term} ") == term
    assert copies(term) == change


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        ("t(9;22)", "no rearrangement that ISCN knows"),
        ("t(9;22)(q34)", "no rearrangement that ISCN knows"),
        ("t(9;22)(q34;q99)", "chromosome 22 has no band q99"),
        ("del(25)(q13)", "there is no chromosome 25"),
        ("del(5)(x13)", "no rearrangement that ISCN knows"),
        ("foo(5)", "no rearrangement that ISCN knows"),
        ("+21", "no rearrangement such as"),
        ("-?7", "no rearrangement such as"),
        ("?+8", "no rearrangement such as"),
        ("", "no rearrangement such as"),
        ("inv(9)(p12q13),+8", "no rearrangement such as"),
    ],
)
def test_what_is_no_rearrangement_is_refused_with_the_reason(term, reason):
    with pytest.raises(AnnotationError, match=reason):
        check_term(term)


@pytest.mark.parametrize(
    "text", ["", "46", "47,XX", "46,XX,+21", "45,Y", "46,YY", "46,XX,foo", "43,XX,-3,-3,-3", "46,XX,+99,-3", "46,XX["]
)
def test_what_is_no_karyotype_of_a_cell_is_refused_in_one_line(text):
    with pytest.raises(AnnotationError) as caught:
        read_text(text)
    assert "\n" not in str(caught.value)


def test_an_entered_fusion_explains_what_a_cell_seems_to_lack():
    lacks = NORMAL | {"X": 2, "21": 1}
    assert read_counts(lacks).terms == {"?": 1}
    assert read_counts(lacks, ["rob(14;21)(q10;q10)"]).terms == {"rob(14;21)(q10;q10)": 1}
    assert read_counts(lacks, ["rob(13;14)(q10;q10)"]).number == 44, "another fusion explains nothing"
    assert read_counts(lacks, ["rob(14;21)(q10;q10)"]).number == 45

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.errors import AnnotationError
from karyogram.karyotype.iscn import parse_counts
from karyogram.karyotype.iscn_text import iscn_text
from karyogram.labels import AUTOSOMES, LABELS

NORMAL = dict.fromkeys(AUTOSOMES, 2)


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("46,XX", {"X": 2}),
        ("46,XY", {"X": 1, "Y": 1}),
        ("45,X", {"X": 1}),
        ("47,XXY", {"X": 2, "Y": 1}),
        ("47,XX,+21", {"X": 2, "21": 3}),
        ("45,XY,-7", {"X": 1, "Y": 1, "7": 1}),
        ("46,XX,+8,-7", {"X": 2, "8": 3, "7": 1}),
        ("48,XX,+8,+8", {"X": 2, "8": 4}),
        ("44,XY,-3,-3", {"X": 1, "Y": 1, "3": 0}),
    ],
)
def test_simple_karyotypes_are_read(text, odd):
    assert parse_counts(text) == dict.fromkeys(LABELS, 0) | NORMAL | odd


@pytest.mark.parametrize(
    "text",
    [
        "",
        "46",
        "46,",
        "46,XX,",
        "47,XX",
        "46,XX,+21",
        "47,XX,21",
        "47,XX,+23",
        "47,XX,+X",
        "45,XX,-0",
        "46,xx",
        "43,XX,-3,-3,-3",
        "46,XX,t(9,22)",
        "46,XX\n",
        "45,XX,?",
        "46,ZZ",
        "٤٦,XX",
        "46,XX,+007,-7",
        "46,XX ",
        "46,,XX",
    ],
)
def test_what_is_no_simple_karyotype_is_refused_in_one_line(text):
    with pytest.raises(AnnotationError) as caught:
        parse_counts(text)
    assert "\n" not in str(caught.value)


@given(st.dictionaries(st.sampled_from(AUTOSOMES), st.integers(2, 4)), st.sampled_from(["XX", "XY", "XXY", "X"]))
def test_counts_come_back_from_the_text_that_is_written_for_them(gains, sex):
    counts = dict.fromkeys(LABELS, 0) | NORMAL | gains | {"X": sex.count("X"), "Y": sex.count("Y")}
    assert parse_counts(iscn_text(counts)) == counts

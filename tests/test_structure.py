"""Profiles laid beside each other, and chromosomes that differ from their homologue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.karyotype.structure import KINDS, compare, flag_differences, usual
from karyogram.labels import LABELS
from karyogram.shape.measure import POINTS, Measures
from karyogram.shape.warp import REACH, align

TABLE, FLAGGED = usual()


def normal(label, **change):
    """A chromosome exactly as its class is, but for what is changed."""
    like = TABLE[label]
    return Measures(float(np.exp(like.size)), like.place, like.profile)._replace(**change)


def cell(**changed):
    """Two of each autosome as their classes are; ``changed`` replaces the second copy of a class, named ``c7``."""
    labels = [label for label in LABELS[:22] for _ in range(2)]
    measured = [changed.get(f"c{label}", normal(label)) if n % 2 else normal(label) for n, label in enumerate(labels)]
    return labels, measured, [True] * len(labels)


def test_the_table_knows_every_class():
    assert set(TABLE) == set(LABELS)
    assert set(FLAGGED) == set(KINDS)
    assert all(each.profile.shape == (POINTS,) for each in TABLE.values())
    sizes = [TABLE[label].size for label in LABELS[:22]]
    assert sizes[0] == max(sizes)
    assert sizes[20] == min(sizes), "21 is the smallest"
    assert TABLE["1"].place > TABLE["13"].place, "metacentric against acrocentric"


def test_a_profile_lies_on_itself():
    rows = np.random.default_rng(0).normal(size=(3, POINTS))
    assert (align(rows, rows) == np.arange(POINTS)).all()


def test_a_shifted_profile_is_found_where_it_went():
    at = np.arange(POINTS)
    first, second = (np.exp(-(((at - middle) / 3) ** 2))[None] * 3 for middle in (30, 34))
    assert align(first, second)[0, 30] == pytest.approx(34, abs=1)


@given(st.integers(0, 2**32 - 1))
def test_an_alignment_never_falls_nor_goes_far(seed):
    rng = np.random.default_rng(seed)
    found = align(rng.normal(size=(2, POINTS)), rng.normal(size=(2, POINTS)))
    assert (np.diff(found, axis=1) >= 0).all()
    assert np.abs(found - np.arange(POINTS)).max() <= round(REACH * POINTS)


def test_a_cell_as_all_others_has_no_flag():
    assert flag_differences(*cell()) == [()] * 44


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"length": float(np.exp(TABLE["7"].size) * 2)}, "length differs from its homologue at"),
        ({"centromere": 0.05}, "centromere differs from its homologue at 0.05"),
        (
            {"profile": np.where(np.arange(POINTS) // 8 == 5, -9.0, TABLE["7"].profile)},
            "bands differ from its homologue at 0.6",
        ),
    ],
)
def test_the_copy_that_is_unlike_its_class_is_flagged_with_the_place(change, reason):
    reasons = flag_differences(*cell(c7=normal("7", **change)))
    at = LABELS.index("7") * 2 + 1
    assert any(text.startswith(reason) for text in reasons[at]), reasons[at]
    assert not any(reasons[:at] + reasons[at + 1 :])


def test_what_is_not_clear_or_has_no_partner_is_not_compared():
    labels, measured, clear = cell(c7=normal("7", length=1.0))
    at = labels.index("7")
    clear[at] = False
    assert set(compare(labels, measured, clear, TABLE)) == set(range(44)) - {at, at + 1}
    assert compare(["X"], [normal("X")], [True], TABLE) == {}
    assert flag_differences([None, "1"], [normal("1"), normal("1")], [True, True]) == [(), ()]

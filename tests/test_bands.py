import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.bands import LEVELS, bands, centromere, length, profile
from karyogram.labels import ACROCENTRIC, LABELS

classes, levels, units = st.sampled_from(LABELS), st.sampled_from(LEVELS), st.sampled_from(["iscn", "bp"])


@given(classes, levels, units)
def test_bands_follow_each_other_without_gap_from_the_short_arm_to_the_long_one(label, level, unit):
    table = bands(label, level)
    spans = [band.span(unit) for band in table]
    assert spans[0][0] == 0
    assert all(start < stop for start, stop in spans)
    assert [stop for _, stop in spans[:-1]] == [start for start, _ in spans[1:]]
    assert "".join(band.arm for band in table).lstrip("p").strip("q") == ""
    assert [band.arm for band in table if band.stain == "acen"] == ["p", "q"]


def test_a_haploid_set_has_about_as_many_bands_as_its_level_says():
    for level in LEVELS:
        assert sum(len(bands(label, level)) for label in LABELS) == pytest.approx(level, abs=20)


def test_a_band_is_read_with_its_stain():
    band = bands("21", 850)[-1]
    assert (band.arm, band.name, band.stain, band.bp_stop) == ("q", "22.3", "gneg", 46709983)


def test_centromeres_lie_where_they_lie():
    assert centromere("1") == pytest.approx(0.5, abs=0.03)
    assert all(centromere(label) < 0.4 for label in ACROCENTRIC)
    assert all(0.1 < centromere(label) < 0.5 for label in LABELS)
    assert min(LABELS, key=centromere) == "13"


def test_lengths_are_shares_of_chromosome_1():
    assert length("1") == length("1", "bp") == 1
    assert length("21") == pytest.approx(3200 / 15100)
    assert length("21", "bp") == pytest.approx(46709983 / 248956422)
    assert all(length(label) < 1 for label in LABELS[1:])


@given(classes, st.integers(1, 400), levels, units)
def test_a_profile_keeps_the_mean_darkness_whatever_its_number_of_points(label, points, level, unit):
    darkness = profile(label, points, level, unit)
    assert darkness.shape == (points,)
    assert (darkness >= 0).all()
    assert (darkness <= 1).all()
    assert darkness.mean() == pytest.approx(profile(label, 1, level, unit)[0])


def test_a_fine_profile_shows_each_band():
    table = bands("7")
    darkness = profile("7", table[-1].iscn_stop)
    for band in table:
        assert np.allclose(darkness[band.iscn_start : band.iscn_stop], band.darkness)


@pytest.mark.parametrize(("label", "level"), [("23", 550), ("A1", 550), ("1", 300)])
def test_an_unknown_class_or_level_is_refused(label, level):
    with pytest.raises(ValueError, match="no bands"):
        profile(label, 10, level)

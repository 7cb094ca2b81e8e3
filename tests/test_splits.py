import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karyogram.datasets.splits import (
    PARTS,
    cirnet_case,
    cirnet_cell,
    folds_by_case,
    read_split,
    split_by_case,
    tseng_case,
    write_split,
)
from karyogram.datasets.tseng import listed_names, split
from karyogram.errors import DataError

COMMITTED = Path(__file__).parents[1] / "benchmarks" / "splits"
NAMES = st.sets(st.from_regex(r"1[0-9]{3,5}(_[1-9])?|unknow00[1-9]", fullmatch=True), max_size=40)
SHARES = st.floats(0, 0.5)


def cases_of_parts(entries):
    return {part: {e.case for e in entries if e.part == part} for part in PARTS}


def test_the_case_is_the_name_without_its_last_digit_and_copy():
    names = ["1050211_1", "1050211_12", "1050212", "103082", "unknow002", "unknow003"]
    assert [tseng_case(n) for n in names] == ["105021", "105021", "105021", "10308", "unknow002", "unknow003"]


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 9), min_size=5, max_size=30), st.integers(0, 9))
def test_each_picture_is_tested_in_one_fold_with_its_whole_case(sizes, seed):
    names = [f"{case}_{copy}" for case, copies in sizes.items() for copy in range(copies)]
    folds = folds_by_case(names, lambda name: name.split("_")[0], 5, seed)
    tested = [entry.name for fold in folds for entry in fold if entry.part == "test"]
    assert sorted(tested) == sorted(names)
    for fold in folds:
        parts = cases_of_parts(fold)
        assert parts["test"]
        assert not parts["test"] & parts["train"]
        assert len(fold) == len(names)


def test_fewer_cases_than_folds_are_refused():
    with pytest.raises(DataError, match="4 cases cannot be dealt to 5 folds"):
        folds_by_case("abcd", str, 5)


def test_cirnet_names_hold_case_and_cell():
    assert cirnet_case("1_1_56131_115966_1341591") == "56131"
    assert cirnet_cell("1_2_56131_115966_1341591") == cirnet_cell("24_1_56131_115966_1341591")


@given(NAMES, SHARES, SHARES, st.integers(0, 9), st.data())
def test_no_case_is_in_two_parts_and_every_name_is_in_one(names, test, val, seed, data):
    held_out = data.draw(st.sets(st.sampled_from(sorted(names)), max_size=5)) if names else set()
    entries = split_by_case(names, tseng_case, test=test, val=val, held_out=held_out, seed=seed)
    assert [e.name for e in entries] == sorted(names)
    assert all(e.case == tseng_case(e.name) for e in entries)
    parts = cases_of_parts(entries)
    assert sum(len(cases) for cases in parts.values()) == len({tseng_case(n) for n in names})
    assert {tseng_case(n) for n in held_out} <= parts["test"]


@given(NAMES, st.integers(0, 9), st.randoms())
def test_a_split_depends_on_names_and_seed_not_on_their_order(names, seed, random):
    shuffled = sorted(names)
    random.shuffle(shuffled)
    assert split_by_case(shuffled, tseng_case, seed=seed) == split_by_case(names, tseng_case, seed=seed)


def test_parts_get_their_share_and_another_seed_deals_otherwise():
    names = [f"{case}{picture}" for case in range(1000, 1200) for picture in range(5)]
    entries = split_by_case(names, tseng_case, test=0.2, val=0.1, seed=1)
    sizes = {part: sum(e.part == part for e in entries) for part in PARTS}
    assert sizes == {"train": 700, "val": 100, "test": 200}
    assert split_by_case(names, tseng_case, test=0.2, val=0.1, seed=2) != entries


def test_held_out_cases_go_to_test_even_past_its_share():
    names = [f"{case}{picture}" for case in range(1000, 1010) for picture in range(2)]
    entries = split_by_case(names, tseng_case, test=0.1, val=0, held_out=["10001", "10020", "10051", "gone"])
    assert cases_of_parts(entries)["test"] == {"1000", "1002", "1005"}


@given(NAMES.filter(bool), st.integers(0, 9))
def test_a_split_survives_its_file(tmp_path_factory, names, seed):
    entries = split_by_case(names, tseng_case, seed=seed)
    path = write_split(tmp_path_factory.mktemp("split") / "split.csv", entries)
    assert list(read_split(path).values()) == entries


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "needs the columns"),
        ("name,case\na,b\n", "needs the columns"),
        ("name,case,part\na1,a,train\na2,a,test\n", "case a is in train and in test"),
        ("name,case,part\na1,a,exam\n", "'exam', not one of train, val, test"),
        ("name,case,part\na1,a\n", "not one of train, val, test"),
    ],
)
def test_a_file_that_is_no_split_is_refused(tmp_path, text, reason):
    path = tmp_path / "split.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=reason) as caught:
        read_split(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_split_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        read_split(tmp_path / "none.csv")


@pytest.mark.parametrize(("name", "case_of"), [("tseng2023", tseng_case), ("cirnet", cirnet_case)])
def test_the_committed_splits_keep_cases_together(name, case_of):
    entries = read_split(COMMITTED / f"{name}.csv")
    assert all(entry.case == case_of(entry.name) for entry in entries.values())
    assert all(cases_of_parts(entries.values()).values())


@pytest.mark.data
def test_the_committed_split_of_tseng2023_is_the_one_the_code_deals(data_folder):
    folder = data_folder / "tseng2023"
    entries = read_split(COMMITTED / "tseng2023.csv")
    assert list(entries.values()) == split(folder)
    assert {entries[name].part for name in listed_names(folder) & set(entries)} == {"test"}


@pytest.mark.data
def test_the_committed_splits_can_be_made_again(data_folder, tmp_path):
    script = COMMITTED.parent / "make_splits.py"
    subprocess.run([sys.executable, script, tmp_path], env={**os.environ, "KARYOGRAM_DATA": str(data_folder)}, check=True)
    for name in ("tseng2023.csv", "cirnet.csv"):
        assert (tmp_path / name).read_bytes() == (COMMITTED / name).read_bytes()

"""Which pictures a folder holds and what their results are called; what is written is whole or not there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karyogram import files
from karyogram.errors import DataError
from karyogram.files import find_pictures, make_folder, write_bytes, write_text


def test_folders_are_read_recursively_and_only_pictures_are_taken(tmp_path):
    for name in ("b/2.TIF", "a/1.png", "notes.txt", "a/.hidden.png", "c.jpeg"):
        write_bytes(tmp_path / name, b"x")
    (tmp_path / "folder.png").mkdir()
    found = find_pictures([tmp_path, tmp_path / "notes.txt"])
    assert [name.as_posix() for _, name in found] == ["a/1", "b/2", "c", "notes"]
    assert [path for path, _ in found] == [tmp_path / n for n in ("a/1.png", "b/2.TIF", "c.jpeg", "notes.txt")]


def test_what_lies_in_the_folder_of_results_is_no_input_unless_named(tmp_path):
    for name in ("a.png", "out/a.png", "outer/b.png"):
        write_bytes(tmp_path / name, b"x")
    found = find_pictures([tmp_path, tmp_path / "out" / "a.png"], tmp_path / "outer" / ".." / "out")
    assert [path.relative_to(tmp_path).as_posix() for path, _ in found] == ["a.png", "outer/b.png", "out/a.png"]


def test_the_folder_of_results_is_not_even_looked_into(tmp_path, monkeypatch):
    for name in ("a.png", "out/b/c.png"):
        write_bytes(tmp_path / name, b"x")
    (tmp_path / "link.png").symlink_to(tmp_path / "out" / "b" / "c.png")
    asked = []
    monkeypatch.setattr(files, "_is_picture", lambda path: not asked.append(path.name))
    assert [name.name for _, name in find_pictures([tmp_path, tmp_path / "out" / "b"], tmp_path / "out")] == ["a"]
    assert asked == ["a.png"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    assert make_folder(tmp_path / "a" / "b").is_dir()
    assert not list(make_folder(tmp_path / "a" / "b").iterdir())
    blocked = write_bytes(tmp_path / "file", b"") / "x"
    with pytest.raises(DataError, match=r"file/x: cannot be written: "):
        make_folder(blocked)


def test_inputs_that_share_a_stem_keep_apart(tmp_path):
    for name in ("one/a/x.png", "one/a/x.tif", "one/b/x.tif", "two/a/x.png", "two/b/y.tif"):
        write_bytes(tmp_path / name, b"x")
    names = [name.as_posix() for _, name in find_pictures([tmp_path / "one", tmp_path / "two"])]
    assert names == ["1/a/x.png", "a/x.tif", "b/x", "2/a/x.png", "b/y"]


WORDS = st.sampled_from(["x", "X", "1", "2", "x.png", "x_2", "ß", "SS"])
PATHS = st.builds(
    lambda folders, stem, suffix: "/".join([*folders, stem + suffix]),
    st.lists(WORDS, max_size=2),
    WORDS,
    st.sampled_from([".png", ".PNG", ".tif", ""]),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 2), PATHS), max_size=12))
def test_no_two_inputs_ever_share_a_name(entries):
    names = files._distinct([(number, files.Path(path)) for number, path in entries])
    assert len({str(name).casefold() for name in names}) == len(entries)


def test_one_file_named_twice_gets_two_names(tmp_path):
    write_bytes(tmp_path / "x.png", b"x")
    names = [str(name) for _, name in find_pictures([tmp_path / "x.png", tmp_path / "x.png"])]
    assert len(set(names)) == 2


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path, monkeypatch):
    path = write_text(tmp_path / "new" / "a.txt", "old")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(files.Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_written_text_is_utf8(tmp_path):
    assert write_text(tmp_path / "a.txt", "Überlänge").read_bytes() == "Überlänge".encode()


def test_text_with_bytes_that_are_no_utf8_is_written_readably(tmp_path):
    assert write_text(tmp_path / "a.txt", "odd\udcff").read_bytes() == rb"odd\udcff"

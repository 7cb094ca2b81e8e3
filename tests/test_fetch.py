"""Weights that are fetched: tarballs made here, a cache, and what is refused."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from urllib.request import OpenerDirector

import pytest
from click.testing import CliRunner

from karyogram.cli import main
from karyogram.errors import ModelError
from karyogram.segment.sam import load_sam
from karyogram.weights import cache, package
from karyogram.weights.cache import OPTIONAL, File, OptionalModel, cache_folder, cached, fetch, is_fetched

CONTENT = {"encoder.onnx": b"one" * 1000, "sam.onnx": b"two"}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An empty cache, and an optional model named sam whose files are CONTENT."""
    files = {name: File(f"package/dist/{name}", hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items()}
    model = OptionalModel("line", "somebody", "MIT", "https://example.org/sam.tgz", files)
    monkeypatch.setattr(cache, "OPTIONAL", {"sam": model})
    monkeypatch.setenv("KARYOGRAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(package, "_download", lambda url: pytest.fail("fetched without being asked"))
    return tmp_path


def tarball(path: Path, content=CONTENT, **fields) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in {"../evil.txt": b"evil", **{f"package/dist/{n}": d for n, d in content.items()}}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            for field, value in fields.items():
                setattr(entry, field, value)
            tar.addfile(entry, io.BytesIO(data) if entry.isfile() else None)
    return path


def assert_fetched():
    assert {name: path.read_bytes() for name, path in cached("sam").items()} == CONTENT


def test_a_tarball_is_taken_and_nothing_else_is_written(shelf):
    fetch("sam", tarball(shelf / "sam.tgz"))
    assert_fetched()
    assert sorted(p.name for p in shelf.rglob("*") if p.is_file()) == ["encoder.onnx", "sam.onnx", "sam.tgz"]


@pytest.mark.parametrize("inside", ["package/dist", "dist", "."])
def test_a_folder_is_taken_unpacked_or_flat(shelf, inside):
    (shelf / "given" / inside).mkdir(parents=True)
    for name, data in CONTENT.items():
        (shelf / "given" / inside / name).write_bytes(data)
    fetch("sam", shelf / "given")
    assert_fetched()


def test_a_download_is_taken_when_it_is_asked_for(shelf, monkeypatch):
    data = tarball(shelf / "sam.tgz").read_bytes()
    monkeypatch.setattr(package, "_download", {"https://example.org/sam.tgz": data}.__getitem__)
    with pytest.raises(ModelError, match=r"encoder\.onnx: not there; karyogram models fetch sam"):
        cached("sam")
    fetch("sam")
    assert_fetched()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: tarball(path, CONTENT | {"sam.onnx": b"2"}), r"sam\.onnx: the file's SHA-256 is \w+, not"),
        (lambda path: tarball(path, {"sam.onnx": b"two"}), r"holds no package/dist/encoder\.onnx"),
        (lambda path: tarball(path, type=tarfile.SYMTYPE, linkname="/etc/passwd", size=0), "holds no package"),
        (lambda path: path.write_bytes(b"no tar"), "not a gzipped tar"),
        (lambda path: path.write_bytes(tarball(path).read_bytes()[:100]), "holds no package"),
        (lambda path: path.mkdir(), r"encoder\.onnx: cannot be read: No such file"),
        (lambda path: None, "cannot be read: No such file"),
    ],
)
def test_what_is_not_the_package_is_refused_and_leaves_the_cache_empty(shelf, make, reason):
    make(shelf / "given")
    with pytest.raises(ModelError, match=rf"given.*{reason}"):
        fetch("sam", shelf / "given")
    assert not is_fetched("sam")
    assert not (shelf / "cache").exists()


def test_a_tarball_that_swells_is_refused(shelf, monkeypatch):
    monkeypatch.setattr(package, "MAX_BYTES", 2500)
    with pytest.raises(ModelError, match="MB unpacked"):
        fetch("sam", tarball(shelf / "sam.tgz"))


def test_a_damaged_file_in_the_cache_is_named_with_the_command_that_mends_it(shelf):
    paths = fetch("sam", tarball(shelf / "sam.tgz"))
    paths["sam.onnx"].write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"sam\.onnx: the file's SHA-256 is \w+, not \w+; karyogram models fetch sam"):
        load_sam()


def test_an_unknown_name_is_answered_with_the_known_ones(shelf):
    for ask in (fetch, cached, is_fetched):
        with pytest.raises(ModelError, match="no optional model named 'nothing'; there are sam"):
            ask("nothing")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_cache_is_where_it_is_told_to_be(monkeypatch, tmp_path, platform):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.delenv("KARYOGRAM_CACHE", raising=False)
    assert cache_folder().name == "karyogram"
    monkeypatch.setenv("KARYOGRAM_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


# the download itself


class Answer(io.BytesIO):
    status, reason = 404, "Not Found"


def test_a_download_is_refused_if_the_answer_is_no_file_or_too_large(monkeypatch):
    monkeypatch.setattr(OpenerDirector, "open", lambda self, url, timeout: Answer(b"data"))
    with pytest.raises(ModelError, match=r"https://example\.org/a: the answer is 404 Not Found"):
        package.read_package("https://example.org/a", ["b"])
    monkeypatch.setattr(Answer, "status", 200)
    with pytest.raises(ModelError, match=r"https://example\.org/a: not a gzipped tar"):
        package.read_package("https://example.org/a", ["b"])
    monkeypatch.setattr(package, "MAX_BYTES", 3)
    with pytest.raises(ModelError, match=r"https://example\.org/a: more than 0 MB"):
        package.read_package("https://example.org/a", ["b"])


def test_a_download_that_fails_is_named(monkeypatch):
    def fails(self, url, timeout):
        raise OSError("no route")

    monkeypatch.setattr(OpenerDirector, "open", fails)
    with pytest.raises(ModelError, match=r"https://example\.org/a: cannot be fetched: no route"):
        package.read_package("https://example.org/a", ["b"])


def test_only_https_is_read(tmp_path):
    (tmp_path / "secret").write_text("x")
    for url in ("http://127.0.0.1:9/a.tgz", (tmp_path / "secret").as_uri()):
        with pytest.raises(ModelError, match="not an https address"):
            package.read_package(url, ["b"])


# the command


def run(*words):
    return CliRunner().invoke(main, ["models", *words])


def test_the_command_fetches_lists_shows_and_verifies(shelf, monkeypatch):
    monkeypatch.setattr("karyogram.weights.catalogue.model_names", list)
    assert run().stdout == "sam (optional, not fetched): line\n"
    assert run("verify").stdout == ""
    done = run("fetch", "sam", "--from", str(tarball(shelf / "sam.tgz")))
    assert (done.exit_code, done.stdout) == (0, f"sam: encoder.onnx, sam.onnx in {shelf / 'cache' / 'sam'}\n")
    assert run().stdout == "sam (optional, fetched): line\n"
    assert run("verify").stdout == "sam: intact\n"
    card = json.loads(run("show", "sam").stdout)
    assert (card["source"], card["licence"]) == ("somebody", "MIT")
    assert card["sha256"]["sam.onnx"] == hashlib.sha256(b"two").hexdigest()
    assert json.loads(run("--json").stdout) == [card]
    (shelf / "cache" / "sam" / "sam.onnx").write_bytes(b"damaged")
    done = run("verify")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "the file's SHA-256 is" in done.stderr


def test_the_command_ends_by_the_house_rules(shelf):
    (shelf / "broken.tgz").write_bytes(b"broken")
    failed = run("fetch", "sam", "--from", str(shelf / "broken.tgz"))
    assert failed.exit_code == 1
    assert failed.stderr == f"Error: {shelf / 'broken.tgz'}: not a gzipped tar: not a gzip file\n"
    assert run("fetch", "nothing").exit_code == 2
    assert run("fetch", "sam", "--from", str(shelf / "nowhere")).exit_code == 2


def test_the_table_names_https_addresses_and_full_checksums():
    for model in OPTIONAL.values():
        assert model.url.startswith("https://")
        assert all(len(bytes.fromhex(file.sha256)) == 32 for file in model.files.values())

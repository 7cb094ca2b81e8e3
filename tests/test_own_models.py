"""Models that a user adds are called by name, everywhere, and nothing else takes their place."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from karyogram.cli import main
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.errors import ModelError
from karyogram.files import write_picture
from karyogram.segment.segmenters import SEGMENTERS, open_segmenter
from karyogram.weights.cache import OPTIONAL
from karyogram.weights.catalogue import RESERVED, add_model, known_names, load_model, model_names, remove_model, verify
from karyogram.weights.own import own_file, own_names
from karyogram.weights.places import model_folder
from test_classify_cli import bar
from test_weights import tiny_classifier


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An empty folder of one's own models, and an exported one, lab.onnx, that calls everything a 7."""
    monkeypatch.setenv("KARYOGRAM_MODELS", str(tmp_path / "models"))
    load_model.cache_clear()
    (tmp_path / "lab.onnx").write_bytes(tiny_classifier({"7": 9.0}, name="lab"))
    yield tmp_path
    load_model.cache_clear()


def run(*words):
    return CliRunner().invoke(main, list(map(str, words)))


def test_an_added_model_is_listed_shown_verified_used_and_removed(shelf):
    from karyogram.files import write_picture

    added = run("models", "add", shelf / "lab.onnx", "--name", "mine-1.2")
    assert (added.exit_code, added.stdout) == (0, f"--model mine-1.2: {shelf / 'models' / 'mine-1.2.onnx'}\n")
    assert "\nmine-1.2 (own classifier): added from lab.onnx, exported as lab\n" in run("models").stdout
    card = json.loads(run("models", "show", "mine-1.2").stdout)
    assert card in json.loads(run("models", "--json").stdout)
    assert "mine-1.2: intact" in run("models", "verify").stdout
    assert load_model("mine-1.2").sha256 == card["sha256"]
    picture = write_picture(shelf / "one.png", bar())
    done = run("classify", picture, "-o", shelf / "p.csv", "--model", "mine-1.2")
    assert done.exit_code == 0, done.output
    assert (shelf / "p.csv").read_text().splitlines()[1].split(",")[1] == "7"
    assert run("models", "remove", "mine-1.2").stdout == "mine-1.2: removed\n"
    assert list((shelf / "models").iterdir()) == []
    assert run("models", "remove", "mine-1.2").exit_code == 2
    assert run("classify", picture, "-o", shelf / "p.csv", "--model", "mine-1.2").exit_code != 0


def test_a_damaged_file_is_named_and_not_used(shelf):
    add_model(shelf / "lab.onnx")
    own_file("lab").write_bytes(b"damaged")
    done = run("models", "verify")
    assert done.exit_code == 1
    assert done.stderr.startswith("lab: the file's SHA-256 is")
    own_file("lab").unlink()
    for ask in (verify, load_model):
        with pytest.raises(ModelError, match="lab: cannot be read"):
            ask("lab")


def test_a_segmenter_cuts_by_its_name(shelf):
    add_model(Path(str(files("karyogram.weights") / "gband-segment.onnx")), "cutter")
    assert open_segmenter("cutter", 1).sha256 == open_segmenter("auto", 1).sha256
    with pytest.raises(ModelError, match="cutter: an ONNX model, but not a classifier"):
        load_model("cutter")


@pytest.mark.parametrize("name", [*model_names(), "GBAND", *SEGMENTERS, *OPTIONAL])
def test_a_name_that_means_something_already_is_refused(shelf, name):
    with pytest.raises(ModelError, match=r"lab\.onnx: .* comes with karyogram"):
        add_model(shelf / "lab.onnx", name)
    assert not (shelf / "models").exists()


def test_every_way_to_cut_and_every_optional_model_is_reserved():
    assert {*SEGMENTERS, *OPTIONAL} == RESERVED


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".hidden", "a b", "own.onnx", "a" * 65, "ä"])
def test_what_is_no_name_is_refused(shelf, name):
    with pytest.raises(ModelError, match="is no name for a model"):
        add_model(shelf / "lab.onnx", name)
    assert sorted(path.name for path in shelf.rglob("*")) == ["lab.onnx"]


def test_another_model_never_takes_a_name_over(shelf):
    first = add_model(shelf / "lab.onnx")
    assert add_model(shelf / "lab.onnx") == first
    (shelf / "lab.onnx").write_bytes(tiny_classifier({"8": 9.0}, name="lab"))
    with pytest.raises(ModelError, match="there is another model named lab; karyogram models remove lab"):
        add_model(shelf / "lab.onnx")
    assert load_model("lab").sha256 == first["sha256"]
    remove_model("lab")
    assert load_model(add_model(shelf / "lab.onnx")["name"]).sha256 != first["sha256"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: b"", "not a usable ONNX model"),
        (lambda: tiny_classifier(inputs="pictures"), "none that karyogram exported"),
        (lambda: tiny_classifier(inputs="evidence"), "a second stage"),
        (lambda: tiny_classifier(temperature="0"), "temperature is not a positive number"),
    ],
)
def test_what_is_no_model_of_karyogram_is_not_added(shelf, data, reason):
    (shelf / "foreign.onnx").write_bytes(data())
    done = run("models", "add", shelf / "foreign.onnx")
    assert (done.exit_code, own_names()) == (1, [])
    assert done.stderr.startswith(f"Error: {shelf / 'foreign.onnx'}: ")
    assert reason in done.stderr


def test_a_card_that_cannot_be_read_is_named(shelf):
    add_model(shelf / "lab.onnx")
    own_file("lab").with_suffix(".json").write_text("{}")
    with pytest.raises(ModelError, match="lab: its card cannot be read"):
        load_model("lab")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_folder_is_where_it_is_told_to_be(monkeypatch, tmp_path, platform):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.delenv("KARYOGRAM_MODELS")
    assert model_folder().parts[-2:] == ("karyogram", "models")
    monkeypatch.setenv("KARYOGRAM_MODELS", str(tmp_path))
    assert model_folder() == tmp_path


def test_a_bench_offers_what_was_added(shelf):
    pytest.importorskip("flask")
    from karyogram.web import models
    from karyogram.web.config import Config
    from karyogram.web.refusals import Invalid

    config = Config(data=shelf / "bench")
    add_model(shelf / "lab.onnx")
    add_model(Path(str(files("karyogram.weights") / "gband-segment.onnx")), "cutter")
    assert [card["name"] for card in models.cards(config)] == known_names()
    assert models.check_model(config, "lab") == "lab"
    models.check_segmenter(config, "cutter")
    for check, name in ((models.check_model, "cutter"), (models.check_segmenter, "lab")):
        with pytest.raises(Invalid, match=f"(named '{name}'|{name}: an ONNX model, but not)"):
            check(config, name)


def test_an_own_outliner_redraws_beside_any_segmenter(shelf, tmp_path):
    source = files("karyogram.weights") / "gband-outline.onnx"
    added = run("models", "add", source, "--name", "pen")
    assert added.stdout == f"--segmenter learned+pen: {shelf / 'models' / 'pen.onnx'}\n"
    write_picture(tmp_path / "cell.png", synth_metaphase(3)[0])
    done = run(
        "analyze", tmp_path / "cell.png", "-o", tmp_path / "out", "--segmenter", f"classical+{source}", "--format", "json"
    )
    assert done.exit_code == 0, done.output
    said = json.loads((tmp_path / "out" / "cell" / "karyotype.json").read_text("utf-8"))["model"]
    assert (said["segmenter"], said["outliner"]) == ("classical", "gband-outline")
    assert open_segmenter("learned+pen", 1).outliner.sha256 == open_segmenter("learned", 1).outliner.sha256
    with pytest.raises(ModelError, match="no-such"):
        open_segmenter("learned+no-such", 1)

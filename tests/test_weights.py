"""Models and their cards: those that ship, and small ones made here."""

import hashlib
import importlib.util
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from karyogram.cli import main
from karyogram.errors import ModelError
from karyogram.labels import LABELS
from karyogram.weights import catalogue
from karyogram.weights.catalogue import CARD, load_model, model_names, read_card, verify
from karyogram.weights.record import Preparation, open_model

HOW = Preparation()


def tiny_classifier(favours=None, inputs="canvases", **metadata) -> bytes:
    """An ONNX classifier without torch: its class logits are ``favours`` {label: logit}; up is where the stain is darker."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    pixels = HOW.height * HOW.width
    weights = np.zeros((pixels, 26), np.float32)
    weights[: pixels // 2, 24], weights[pixels // 2 :, 24] = 1e-3, -1e-3
    bias = np.array([(favours or {}).get(label, -8.0) for label in LABELS] + [0.0, 6.0], np.float32)
    constants = {"weights": weights, "bias": bias, "shape": np.array([-1, pixels]), "flat": np.array([-1])}
    nodes = [
        helper.make_node("Cast", [inputs], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["float", "shape"], ["rows"]),
        helper.make_node("Gemm", ["rows", "weights", "bias"], ["logits"]),
        helper.make_node("Split", ["logits", "parts"], ["classes", "up_column", "whole_column"], axis=1),
        helper.make_node("Reshape", ["up_column", "flat"], ["up"]),
        helper.make_node("Reshape", ["whole_column", "flat"], ["whole"]),
    ]
    constants["parts"] = np.array([24, 1, 1])
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(inputs, TensorProto.UINT8, ["n", HOW.height, HOW.width])],
        [
            helper.make_tensor_value_info("classes", TensorProto.FLOAT, ["n", 24]),
            helper.make_tensor_value_info("up", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("whole", TensorProto.FLOAT, ["n"]),
        ],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    ours = {"name": "tiny", "labels": json.dumps(LABELS), "preparation": json.dumps(asdict(HOW)), "temperature": "1.0"}
    onnx.helper.set_model_props(model, {key: value for key, value in {**ours, **metadata}.items() if value})
    return model.SerializeToString()


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder that takes the place of the shipped models: two of them, with cards."""
    for name in ("gband", "another"):
        data = tiny_classifier(name=name)
        (tmp_path / f"{name}.onnx").write_bytes(data)
        card = dict.fromkeys(CARD, name) | {"sha256": hashlib.sha256(data).hexdigest()}
        (tmp_path / f"{name}.json").write_text(json.dumps(card))
    monkeypatch.setattr(catalogue, "_folder", lambda: tmp_path)
    monkeypatch.setenv("KARYOGRAM_CACHE", str(tmp_path / "cache"))
    load_model.cache_clear()
    yield tmp_path
    load_model.cache_clear()


# what ships


def test_every_shipped_model_has_a_full_card_and_is_intact():
    for name in model_names():
        card = read_card(name)
        verify(name)
        model = load_model(name, card["kind"], threads=1)
        assert (model.name, model.sha256) == (name, card["sha256"])


def test_every_card_says_what_was_measured_class_by_class():
    spec = importlib.util.spec_from_file_location("make_cards", Path(__file__).parents[1] / "benchmarks" / "make_cards.py")
    make_cards = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_cards)
    assert set(make_cards.CARDS) == set(model_names())
    for name in model_names():
        card = read_card(name)
        assert card == json.loads(json.dumps(make_cards.make_card(name))), f"{name}: python benchmarks/make_cards.py"
        assert (Path(__file__).parents[1] / card["split"].split()[0].rstrip(",")).is_file()
        assert all({"source", "terms"} <= set(data) for data in card["data"])
        for scores in card["scores"].values() if card["kind"] != "outliner" else ():  # which names no class
            by_class = scores.get("by_class") or {row["label"]: row["right"] for row in scores["classes"]}
            assert list(by_class) == list(LABELS)


def test_every_card_belongs_to_a_model():
    cards = {f.name.removesuffix(".json") for f in catalogue._folder().iterdir() if f.name.endswith(".json")}
    assert cards == set(model_names())


# names


def test_the_default_comes_first(shelf):
    assert model_names() == ["gband", "another"]


@pytest.mark.parametrize("ask", [read_card, load_model, verify])
def test_an_unknown_name_is_answered_with_the_known_ones(shelf, ask):
    with pytest.raises(ModelError, match=r"no model named 'nothing'; there are gband, another"):
        ask("nothing")


# damage


@pytest.mark.parametrize("spoil", [lambda data: data[:-7], lambda data: data + b"\0", lambda data: b""])
def test_a_damaged_shipped_file_is_refused(shelf, spoil):
    verify("gband")
    file = shelf / "gband.onnx"
    file.write_bytes(spoil(file.read_bytes()))
    for ask in (verify, load_model):
        with pytest.raises(ModelError, match="gband: the file's SHA-256 is"):
            ask("gband")
    assert load_model("another").name == "another"


def test_verify_tells_which_file_is_damaged(shelf):
    (shelf / "another.onnx").write_bytes(b"damaged")
    done = CliRunner().invoke(main, ["models", "verify"])
    assert done.exit_code == 1
    assert done.stdout == "gband: intact\n"
    assert done.stderr.startswith("another: the file's SHA-256 is")


def test_the_list_and_the_card_are_shown(shelf):
    listed = CliRunner().invoke(main, ["models"])
    assert listed.stdout.startswith("gband (default): gband\nanother: another\nsam (optional, ")
    shown = CliRunner().invoke(main, ["models", "show", "another"])
    assert json.loads(shown.stdout)["licence"] == "another"
    assert CliRunner().invoke(main, ["models", "show", "nothing"]).exit_code == 2


@pytest.mark.parametrize("text", [None, "", "{"])
def test_a_card_that_cannot_be_read_is_named(shelf, text):
    card = shelf / "another.json"
    card.unlink() if text is None else card.write_text(text)
    for ask in (read_card, verify, load_model):
        with pytest.raises(ModelError, match="another: its card cannot be read"):
            ask("another")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"licence": ""}, "another: its card says nothing of licence"),
        ({"known_failures": []}, "another: its card says nothing of known_failures"),
        ({"name": "gband"}, "another: its card is that of gband"),
    ],
)
def test_a_card_that_is_not_full_or_of_another_model_is_named(shelf, change, reason):
    card = shelf / "another.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | change))
    for ask in (verify, load_model):
        with pytest.raises(ModelError, match=reason):
            ask("another")


def test_a_shipped_model_of_the_wrong_kind_is_named(shelf):
    with pytest.raises(ModelError, match="gband: an ONNX model, but not a segmenter"):
        load_model("gband", "segmenter")


# files of one's own


def test_a_file_is_opened_by_its_path(tmp_path):
    data = tiny_classifier({"7": 3.0}, name="mine")
    (tmp_path / "mine.onnx").write_bytes(data)
    model = load_model(str(tmp_path / "mine.onnx"), threads=1)
    assert model.identity() == {"name": "mine", "sha256": hashlib.sha256(data).hexdigest()}
    assert model.metadata == {"labels": LABELS, "preparation": HOW, "temperature": 1.0}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: b"", "not a usable ONNX model"),
        (lambda: b"no model at all", "not a usable ONNX model"),
        (lambda: tiny_classifier()[:-100], "not a usable ONNX model"),
        (lambda: tiny_classifier(inputs="pixels"), "not a classifier exported by karyogram"),
        (lambda: tiny_classifier(preparation=None), "not a classifier exported by karyogram"),
        (lambda: tiny_classifier(labels=json.dumps(LABELS[::-1])), "label order"),
        (lambda: tiny_classifier(labels="7"), "label order"),
        (lambda: tiny_classifier(labels="[" * 100_000), "labels is not JSON"),
        (lambda: tiny_classifier(preparation="{"), "preparation is not JSON"),
        (lambda: tiny_classifier(preparation="[]"), "preparation is not made of height, width, scale"),
        (lambda: tiny_classifier(preparation='{"height": 9, "width": 9}'), "not made of height"),
        (lambda: tiny_classifier(preparation=json.dumps(asdict(HOW) | {"depth": 1})), "not made of height"),
        (lambda: tiny_classifier(preparation=json.dumps(asdict(HOW) | {"width": 48.5})), "not whole numbers"),
        (lambda: tiny_classifier(preparation=json.dumps(asdict(HOW) | {"height": 0})), "not whole numbers"),
        (lambda: tiny_classifier(preparation=json.dumps(asdict(HOW) | {"scale": -1})), "scale is not a positive number"),
        (lambda: tiny_classifier(temperature="0"), "temperature is not a positive number"),
        (lambda: tiny_classifier(temperature="NaN"), "temperature is not a positive number"),
        (lambda: tiny_classifier(temperature="true"), "temperature is not a positive number"),
        (lambda: tiny_classifier(temperature='"1"'), "temperature is not a positive number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_model_of_ours_is_refused_by_name(tmp_path, data, reason):
    file = tmp_path / "foreign.onnx"
    file.write_bytes(data())
    with pytest.raises(ModelError, match=rf"foreign\.onnx: .*{reason}"):
        load_model(str(file))


def test_a_classifier_is_no_segmenter():
    with pytest.raises(ModelError, match="not a segmenter"):
        open_model(tiny_classifier(), "segmenter")


def test_a_missing_file_is_named():
    with pytest.raises(ModelError, match=r"nowhere\.onnx: cannot be read: No such file"):
        load_model("nowhere.onnx")

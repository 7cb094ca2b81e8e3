"""Where a model looked: sensitivity of a model that is known to look at one place, and its drawing."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from karyogram import singles
from karyogram.bands import bands, centromere
from karyogram.classify.explain import sensitivity_map, sensitivity_profile
from karyogram.cli import main
from karyogram.draw.explain import draw_explanation
from karyogram.draw.ideogram import CENTROMERE, band_names, draw_ideogram
from karyogram.files import read_picture, write_picture
from karyogram.labels import INDEX, LABELS
from karyogram.weights.catalogue import load_model
from karyogram.weights.record import Model
from test_classify_cli import bar
from test_weights import tiny_classifier


def watcher(rows, columns, label="7", sign=1.0, views=True):
    """A model whose logit of ``label`` is the brightness of one window, at most 8; the window is looked for in every view."""

    def run(_, feed):
        canvases = feed["canvases"].astype(float) / 255
        seen = [canvases[:, rows, columns].mean((1, 2))]
        if views:
            seen += [canvases[:, ::a, ::b][:, rows, columns].mean((1, 2)) for a, b in ((-1, -1), (1, -1), (-1, 1))]
        classes = np.zeros((len(canvases), 24), np.float32)
        classes[:, INDEX[label]] = sign * 8 * np.max(seen, 0)
        return [classes, np.zeros(len(canvases), np.float32), np.zeros(len(canvases), np.float32)]

    return Model("watcher", "0", "classifier", {"temperature": 1.0}, SimpleNamespace(run=run))


def rod():
    """A canvas with a grey rod and one bright band in its upper half."""
    canvas = np.zeros((112, 48), np.uint8)
    canvas[20:92, 16:32] = 60
    canvas[30:40, 16:32] = 250
    return canvas


def test_what_the_model_watches_is_found_on_the_map_and_along_the_axis():
    canvas, model = rod(), watcher(slice(30, 40), slice(16, 24))
    found, profile = sensitivity_map(model, canvas, INDEX["7"]), sensitivity_profile(model, canvas, INDEX["7"])
    assert found.shape == canvas.shape
    assert profile.shape == (112,)
    y, x = np.unravel_index(found.argmax(), found.shape)
    assert 28 <= y < 42
    assert 16 <= x < 32
    assert 30 <= profile.argmax() < 40
    assert found.max() > 5 * np.abs(found[60:]).max()
    assert profile.max() > found.max()  # the whole breadth is smeared, not a spot
    assert profile.max() < 8


def test_nothing_is_claimed_of_the_ground():
    canvas, model = rod(), watcher(slice(30, 40), slice(16, 24))
    assert not sensitivity_map(model, canvas, 6)[canvas == 0].any()
    profile = sensitivity_profile(model, canvas, 6)
    assert not profile[:20].any()
    assert not profile[92:].any()


def test_what_speaks_against_a_class_is_negative():
    place = slice(30, 40), slice(16, 24)
    against = sensitivity_map(watcher(*place, sign=-1.0), rod(), INDEX["7"])
    assert -against.min() > 5 * against.max()
    np.testing.assert_allclose(against, -sensitivity_map(watcher(*place), rod(), INDEX["7"]), atol=1e-4)
    other = sensitivity_map(watcher(*place), rod(), INDEX["8"])
    assert -other.min() > 5 * other.max()


def test_turning_the_chromosome_turns_its_map():
    canvas, model = rod(), watcher(slice(30, 40), slice(16, 24))
    straight = sensitivity_profile(model, canvas, 6)
    turned = sensitivity_profile(model, np.ascontiguousarray(canvas[::-1, ::-1]), 6)
    np.testing.assert_allclose(turned[::-1], straight, atol=0.3 * straight.max())
    assert abs((111 - turned.argmax()) - straight.argmax()) <= 2


def test_a_model_that_looks_at_nothing_has_a_flat_map():
    model = watcher(slice(0, 5), slice(0, 5), views=False)
    assert np.abs(sensitivity_map(model, rod(), 6)).max() < 1e-6
    assert np.abs(sensitivity_profile(model, rod(), 6)).max() < 1e-6


def test_an_empty_canvas_has_an_empty_map():
    empty, model = np.zeros((112, 48), np.uint8), watcher(slice(0, 5), slice(0, 5))
    assert not sensitivity_map(model, empty, 0).any()
    assert not sensitivity_profile(model, empty, 0).any()


@pytest.mark.parametrize("label", LABELS)
def test_an_ideogram_is_white_around_and_red_at_its_centromere(label):
    picture = draw_ideogram(label, 300, 40)
    assert picture.shape == (300, 40, 3)
    assert picture.dtype == np.uint8
    assert (picture[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    red = np.flatnonzero(np.abs(picture[:, 20].astype(int) - CENTROMERE).max(1) < 3)
    assert abs(red.mean() / 300 - centromere(label)) < 0.05
    inked = (picture.min(2) < 200).sum(1)
    assert inked[round(centromere(label) * 300)] < 40  # the waist


def test_an_ideograms_bands_lie_where_the_table_has_them():
    picture = draw_ideogram("1", 800, 40)
    total = bands("1")[-1].iscn_stop
    dark = [band for band in bands("1") if band.density == 100 and band.iscn_stop - band.iscn_start > 0.02 * total]
    assert dark
    for band in dark:
        assert picture[round((band.iscn_start + band.iscn_stop) / 2 / total * 800), 20].max() < 60


def test_names_of_bands_do_not_run_into_each_other():
    for label in LABELS:
        names = band_names(label, 300, 16)
        at = [y for _, y in names]
        assert len(set(dict(names))) == len(names) >= 1
        assert all(b - a >= 16 for a, b in pairwise(at))
        assert {name for name, _ in names} <= {band.arm + band.name for band in bands(label)}


def test_the_drawing_is_red_where_the_model_looked_and_blue_where_it_lost():
    canvas = rod()
    sensitivity, profile = np.zeros((112, 48)), np.zeros(112)
    plain = draw_explanation(canvas, sensitivity, profile, [("7", 0.9), ("X", 0.1)])
    assert plain.dtype == np.uint8
    assert plain.ndim == 3

    def tinted(one, other):
        """Pixels clearly more of one colour than of the other, those of the ideograms' centromeres left out."""
        sheet = draw_explanation(canvas, sensitivity, profile, [("7", 0.9), ("X", 0.1)]).astype(int)
        assert sheet.shape == plain.shape
        new = (sheet != plain).any(2)
        return int((new & (sheet[..., one] - sheet[..., other] > 60)).sum())

    sensitivity[30:40, 16:32], profile[30:40] = 3.0, 3.0
    assert tinted(0, 2) > 1000
    assert tinted(2, 0) == 0
    sensitivity[60:70, 16:32], profile[60:70] = -3.0, -3.0
    assert tinted(2, 0) > 1000


def test_an_empty_canvas_cannot_be_drawn():
    with pytest.raises(ValueError, match="empty"):
        draw_explanation(np.zeros((112, 48), np.uint8), np.zeros((112, 48)), np.zeros(112), [("1", 1.0)])


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model" / "one.onnx"
    file.parent.mkdir()
    file.write_bytes(tiny_classifier({"1": 3.0, "2": 1.0}))
    return str(file)


def classify(*arguments):
    return CliRunner().invoke(main, ["classify", *map(str, arguments)])


def test_explain_draws_one_picture_for_each_answer_and_none_for_failures(tmp_path, model):
    for name in ("b/2", "a/2"):
        write_picture(tmp_path / "in" / f"{name}.png", bar())
    write_picture(tmp_path / "in" / "blank.png", np.full((50, 50), 255, np.uint8))
    asked = [tmp_path / "in", "-o", tmp_path / "in" / "p.csv", "--model", model]
    assert classify(*asked).exit_code == 1
    assert not (tmp_path / "in" / "p-explained").exists()
    for _ in range(2):  # the drawings are not read as pictures the second time
        done = classify(*asked, "--explain")
        assert done.exit_code == 1, done.output
        assert "2 of 3 pictures classified" in done.stdout
        made = sorted(p.relative_to(tmp_path / "in" / "p-explained") for p in (tmp_path / "in" / "p-explained").rglob("*.png"))
        assert [str(p) for p in made] == ["a/2.png", "b/2.png"]
    assert read_picture(tmp_path / "in" / "p-explained" / "a" / "2.png").pixels.shape[0] > 300


def test_explain_never_draws_over_an_input(tmp_path, model):
    picture = write_picture(tmp_path / "p-explained" / "1.png", bar())
    before = picture.read_bytes()
    done = classify(picture, "-o", tmp_path / "p.csv", "--model", model, "--explain")
    assert done.exit_code == 2
    assert "would be overwritten" in done.stderr
    assert picture.read_bytes() == before
    assert classify(picture, "-o", tmp_path / "p.csv", "--model", model).exit_code == 0


def test_explain_shows_a_chromosome_of_a_cell_at_the_size_at_which_it_was_judged(tmp_path, model, monkeypatch):
    picture = write_picture(tmp_path / "1.png", bar())
    monkeypatch.setattr(singles, "draw_explanation", lambda canvas, *_: canvas)
    alone = singles.Answer(str(picture), "1", 0.9, "2", 0.1, False, "")
    own, half = (singles.explain_answer(replace(alone, scale=scale), load_model(model)) for scale in (1.0, 0.5))
    assert 0.15 < (half > 0).sum() / (own > 0).sum() < 0.35

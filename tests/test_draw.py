from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import ImageDraw
from skimage.color import rgb2lab

from bars import CELL, WIDTH, Bar, draw_cell, find_bars
from karyogram.bands import centromere
from karyogram.draw.chromosomes import by_class, chromosome_cutouts
from karyogram.draw.colours import AMBER, CLASS_COLOURS, PALE
from karyogram.draw.ideogram import CENTROMERE
from karyogram.draw.karyogram import Style, draw_karyogram
from karyogram.draw.overlay import draw_overlay
from karyogram.draw.text import fit
from karyogram.labels import LABELS

ANGLES = (0, 37, 90, -45, 12.5, -80)


def normal_cell(**fields):
    bars = [
        Bar(label, 100 - 3 * (i // 2), ANGLES[i % 6], bool(i % 2))
        for i, label in enumerate(label for label in (*LABELS[:22], "X") for _ in range(2))
    ]
    return draw_cell(bars, **fields)


@pytest.fixture
def written(monkeypatch):
    """The texts a drawing writes."""
    texts = []
    plain = ImageDraw.ImageDraw.text

    def text(self, xy, text, *args, **kwargs):
        texts.append(text)
        return plain(self, xy, text, *args, **kwargs)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return texts


def contains(drawing, colour):
    return (drawing == np.array(colour, np.uint8)).all(axis=2)


def test_every_chromosome_stands_upright_in_its_slot():
    bars = [Bar(label, 106 - 3 * i, ANGLES[i % 6], bool(i % 2)) for i, label in enumerate(LABELS)]
    drawing = draw_karyogram(*draw_cell(bars[::-1]))
    assert drawing.dtype == np.uint8
    assert drawing.ndim == 3
    found = find_bars(drawing)
    assert len(found) == 24
    for bar, (x, y, w, h) in zip(bars, found, strict=True):
        assert h == pytest.approx(2 * bar.length, abs=5)
        assert w == pytest.approx(2 * WIDTH, abs=5)
        bar_drawn = drawing[y : y + h, x + 4 : x + w - 4, 0].astype(int)
        assert bar_drawn[4 : h // 5].mean() < 80
        assert bar_drawn[h // 3 : -4].mean() == pytest.approx(150, abs=5)


def test_homologues_stand_side_by_side_in_one_row():
    found = find_bars(draw_karyogram(*normal_cell()))
    assert len(found) == 46
    for (x1, y1, w1, h1), (x2, y2, _, h2) in zip(found[::2], found[1::2], strict=True):
        assert abs(y1 - y2) <= 3
        assert abs(h1 - h2) <= 3
        assert 0 < x2 - (x1 + w1) < 30


@pytest.mark.parametrize("count", [0, 1, 3, 60])
def test_any_number_of_chromosomes_is_drawn(count):
    bars = [Bar((*LABELS, None)[i * 7 % 25], 60, ANGLES[i % 6]) for i in range(count)]
    picture, karyotype = draw_cell(bars)
    drawing = draw_karyogram(picture, karyotype)
    assert len(find_bars(drawing)) == count
    assert max(drawing.shape) <= 2600
    assert draw_overlay(picture, karyotype).ndim == 3


@pytest.mark.parametrize("label", ["21", None])
def test_sixty_of_one_kind_are_all_drawn(label):
    drawing = draw_karyogram(*draw_cell([Bar(label, 60)] * 60))
    assert len(find_bars(drawing)) == 60


def test_names_groups_and_title_are_written(written):
    picture, karyotype = normal_cell(iscn="46,XX")
    draw_karyogram(picture, replace(karyotype, image="case7.jpg"))
    assert [text for text in written if text in LABELS] == list(LABELS)
    assert [text for text in written if text in "ABCDEFG"] == list("ABCDEFG")
    assert "46,XX" in written
    assert "case7.jpg, 46 chromosomes" in written


def test_what_has_no_class_is_drawn_apart(written):
    picture, karyotype = draw_cell([Bar("1", 100), Bar(None, 50), Bar(None, 40)])
    found = find_bars(draw_karyogram(picture, karyotype))
    assert [h // 2 for *_, h in found] == pytest.approx([100, 50, 40], abs=2)
    assert "unplaced" in written
    assert {"?2", "?3"} <= set(written)


def test_homologues_that_are_missing_leave_pale_places():
    _, count_all = _components(draw_karyogram(*draw_cell([])))
    assert count_all == 46
    _, count = _components(draw_karyogram(*normal_cell()))
    assert count == 1  # the Y of a woman
    picture, karyotype = normal_cell()
    _, count = _components(draw_karyogram(picture, replace(karyotype, chromosomes=karyotype.chromosomes[1:])))
    assert count == 2


def _components(drawing):
    count, labels = cv2.connectedComponents(contains(drawing, PALE).astype(np.uint8))
    return labels, count - 1


def test_centromeres_of_a_row_stand_on_one_line():
    bars = [Bar("1", 100, centromere=0.45), Bar("2", 90, centromere=0.45), Bar("4", 60, centromere=0.2)]
    boxes = find_bars(draw_karyogram(*draw_cell(bars)))
    lines = [y + bar.centromere * h for bar, (_, y, _, h) in zip(bars, boxes, strict=True)]
    assert np.ptp(lines) <= 3


@pytest.mark.parametrize("astray", [0.22, 0.9, None], ids=["another waist", "upside down", "not known"])
def test_a_centromere_measured_wrongly_lifts_no_chromosome_out_of_its_row(astray):
    bars = [Bar("3", 90, centromere=centromere("3")), Bar("3", 90, centromere=astray)]
    (_, one, *_), (_, other, *_) = find_bars(draw_karyogram(*draw_cell(bars)))
    assert one == pytest.approx(other, abs=2)


def test_what_has_no_class_stands_on_its_foot():
    bars = [Bar(None, 90, centromere=0.2), Bar(None, 60, centromere=0.5)]
    boxes = find_bars(draw_karyogram(*draw_cell(bars)))
    assert np.ptp([y + h for _, y, _, h in boxes]) <= 2


def test_a_print_has_more_pixels_and_the_same_layout():
    cell = draw_cell([Bar("1", 100, 20), Bar("21", 40)])
    screen, fine = draw_karyogram(*cell), draw_karyogram(*cell, style=Style(dpi=288))
    assert fine.shape[1] == 2 * screen.shape[1]
    assert fine.shape[0] == pytest.approx(2 * screen.shape[0], abs=8)
    large = [box for box in find_bars(fine) if box[3] >= 100]  # letters are as tall as bars there
    for one, two in zip(find_bars(screen), large, strict=True):
        assert [2 * v for v in one] == pytest.approx(list(two), abs=8)


@pytest.mark.parametrize("level", [400, 550, 850])
def test_an_ideogram_stands_beside_every_pair(level):
    cell = normal_cell()
    plain, drawing = draw_karyogram(*cell), draw_karyogram(*cell, style=Style(ideograms=level))
    assert not contains(plain, CENTROMERE).any()
    red, _ = cv2.connectedComponents(cv2.dilate(contains(drawing, CENTROMERE).astype(np.uint8), np.ones((9, 9))))
    assert red - 1 == 24
    with pytest.raises(ValueError, match="at level 500"):
        draw_karyogram(*cell, style=Style(ideograms=500))


def test_lengths_and_arm_ratios_are_written_on_request(written):
    picture, karyotype = normal_cell()
    draw_karyogram(picture, karyotype)
    assert not any("q/p" in text for text in written)
    first = replace(karyotype.chromosomes[0], centromere=0.4)
    draw_karyogram(picture, replace(karyotype, chromosomes=(first, *karyotype.chromosomes[1:])), style=Style(measures=True))
    whole = sum(100 - 3 * i for i in range(22))
    assert [text for text in written if text == f"{100 * 100 / whole:.1f} %"] != []
    assert written.count("q/p 1.5") == 1
    assert written.count("q/p ?") == 45


def test_only_what_is_to_be_reviewed_carries_a_mark(written):
    sure, doubtful = Bar("1", 80), Bar("9", 60, review=("low probability",), probability=0.47)
    assert not contains(draw_karyogram(*draw_cell([sure])), AMBER).any()
    assert contains(draw_karyogram(*draw_cell([sure, doubtful])), AMBER).any()
    assert "0.47" in written
    assert "0.90" not in written


def test_all_chromosomes_share_one_scale_and_huge_ones_lower_it():
    picture, karyotype = draw_cell([Bar("1", 100, 30), Bar("21", 50, -60)])
    picture = cv2.resize(picture, None, fx=10, fy=10, interpolation=cv2.INTER_LINEAR)
    large = tuple(replace(c, polygon=tuple((10 * x + 4.5, 10 * y + 4.5) for x, y in c.polygon)) for c in karyotype.chromosomes)
    drawing = draw_karyogram(picture, replace(karyotype, chromosomes=large))
    (_, _, w1, h1), (_, _, w2, h2) = find_bars(drawing)
    assert h1 <= 404
    assert h1 / h2 == pytest.approx(2, rel=0.05)
    assert w1 == pytest.approx(w2, abs=3)
    assert h1 / w1 == pytest.approx(100 / WIDTH, rel=0.08)


def test_tiny_chromosomes_are_drawn():
    picture, karyotype = draw_cell([Bar("Y", 4, 20, review=("small",))])
    assert draw_karyogram(picture, karyotype).min() < 100


def test_a_long_title_is_made_to_fit():
    text, font = fit("46,XX,t(9;22)(q34;q11.2)" * 30, 32, 500)
    assert font.getlength(text) <= 500
    assert text.startswith("46,XX")
    assert "..." in text
    short, _ = fit("a\n\u6838b", 20, 500)
    assert short == "a??b"


def test_overlay_keeps_the_picture_where_nothing_is_drawn():
    picture, karyotype = draw_cell([Bar("3", 60, 20), Bar(None, 40, 70, review=("?",))])
    picture = np.random.default_rng(0).integers(150, 255, picture.shape, np.uint8)
    overlay = draw_overlay(picture, karyotype)
    assert overlay.shape == (*picture.shape, 3)
    assert (overlay[:, 2 * CELL :] == picture[:, 2 * CELL :, None]).all()
    assert (overlay[:, : 2 * CELL] != picture[:, : 2 * CELL, None]).any()


def test_overlay_doubles_small_pictures_and_outlines_in_the_class_colour():
    picture, karyotype = draw_cell([Bar("3", 60, 20)], columns=2)
    overlay = draw_overlay(picture, karyotype)
    assert overlay.shape == (2 * CELL, 4 * CELL, 3)
    ys, xs = np.nonzero(contains(overlay, CLASS_COLOURS["3"]))
    corners = 2 * np.array(karyotype.chromosomes[0].polygon)
    assert ys.min() == pytest.approx(corners[:, 1].min(), abs=4)
    assert xs.min() == pytest.approx(corners[:, 0].min(), abs=4)


def test_overlay_dashes_what_is_to_be_reviewed():
    drawn = [
        contains(draw_overlay(*draw_cell([Bar("3", 90, 20, review=review)])), CLASS_COLOURS["3"]).sum()
        for review in ((), ("touches",))
    ]
    assert drawn[1] < 0.8 * drawn[0]


def test_overlay_names_every_chromosome(written):
    draw_overlay(*draw_cell([Bar(label, 60) for label in (*LABELS, None)]))
    assert written == [*LABELS, "?25"]


@pytest.mark.parametrize("shift", [(-100, -60), (1250, 20), (-5000, 0)])
def test_outlines_beyond_the_border_do_no_harm(shift):
    picture, karyotype = draw_cell([Bar("3", 60, 20), Bar("X", 40)])
    moved = tuple(replace(c, polygon=tuple((x + shift[0], y + shift[1]) for x, y in c.polygon)) for c in karyotype.chromosomes)
    karyotype = replace(karyotype, chromosomes=moved)
    assert draw_overlay(picture, karyotype).shape == (*picture.shape, 3)
    assert draw_karyogram(picture, karyotype).ndim == 3
    assert len(list(chromosome_cutouts(picture, karyotype))) == 2


def test_cutouts_are_named_by_class_copy_and_id_and_keep_the_scale():
    picture, karyotype = draw_cell([Bar("X", 50), Bar("7", 80, 33), Bar(None, 40), Bar("7", 78, -70, True)])
    cutouts = list(chromosome_cutouts(picture, karyotype))
    assert [name for name, _ in cutouts] == [
        "07_a_id2.png",
        "07_b_id4.png",
        "X_a_id1.png",
        "unplaced_a_id3.png",
    ]
    assert [image.shape[0] - 4 for _, image in cutouts] == pytest.approx([80, 78, 50, 40], abs=1)


def test_names_of_many_copies_stay_distinct():
    picture, karyotype = draw_cell([Bar(None, 20)] * 60)
    names = [name for name, _ in chromosome_cutouts(picture, karyotype)]
    assert len(set(names)) == 60
    assert names[26].startswith("unplaced_aa_")
    assert len(by_class(karyotype)[None]) == 60


def test_class_colours_are_distinct_and_readable_on_white():
    assert tuple(CLASS_COLOURS) == LABELS
    colours = np.array(list(CLASS_COLOURS.values())) / 255
    lab = rgb2lab(colours[None])[0]
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 1000 * np.eye(24)
    assert distance.min() >= 30
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    assert (1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)).min() >= 3

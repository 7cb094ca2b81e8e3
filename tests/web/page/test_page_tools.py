"""The tools that draw on the photograph, by pointer and by keys."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hands import Fingers, held, on_picture, opened, saved, stroke, under
from playwright.sync_api import expect

from karyogram.records import Candidate
from karyogram.weights.cache import is_fetched


def box_of(site, analysis, number):
    return next(c for c in site.read(analysis)["karyotype"]["chromosomes"] if c["id"] == number)["bbox"]


def inner(polygon):
    """What lies deep in an outline, bool (H, W)."""
    canvas = np.zeros((800, 800), np.uint8)
    cv2.fillPoly(canvas, [np.rint(polygon).astype(np.int32)], (1,))
    depth = cv2.distanceTransform(canvas, cv2.DIST_L2, 5)
    return depth > 0.8 * depth.max()


def test_cut_by_keys_then_join_what_was_cut(page, site, cells):
    (analysis,) = site.plant("keys", cells[:1])
    left, _, right, _ = box_of(site, analysis, 1)
    opened(page, analysis)
    page.locator("[data-chromosome='1']").click()
    page.keyboard.press("k")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    for _ in range((right - left) // 4 + 6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tray.deleted [data-chromosome='1']")
    saved(page)
    pieces = sorted(set(site.labels(analysis)) - set(range(1, 47)))
    assert len(pieces) >= 2

    page.keyboard.press("v")
    page.keyboard.press("Escape")
    page.locator(f"[data-chromosome='{pieces[0]}']").click()
    page.locator(f"[data-chromosome='{pieces[1]}']").click(modifiers=["Shift"])
    page.keyboard.press("j")
    page.wait_for_selector(f".tray.deleted [data-chromosome='{pieces[1]}']")
    saved(page)
    (joined,) = set(site.labels(analysis)) - set(range(1, 47)) - set(pieces)
    assert box_of(site, analysis, joined)[2] > left


def test_lasso_makes_what_was_missed(page, site, cells):
    (analysis,) = site.plant("lasso", cells[:1])
    left, top, right, bottom = box_of(site, analysis, 10)
    opened(page, analysis)
    page.locator("[data-chromosome='10']").click()
    page.keyboard.press("Delete")
    page.keyboard.press("l")
    stroke(page, [(left - 2, top - 2), (right + 2, top - 2), (right + 2, bottom + 2), (left - 2, bottom + 2), (left - 2, top)])
    page.wait_for_selector("[data-chromosome='47']")
    saved(page)
    assert max(site.labels(analysis)) == 47
    assert page.locator("[data-chromosome='47']").get_attribute("aria-pressed") == "true"


def test_what_was_seen_and_not_taken_is_dashed_and_a_press_and_enter_take_it(page, site, cells):
    picture, whole = cells[0]
    missed = min((c for c in whole.chromosomes if not c.overlaps), key=lambda c: c.bbox[3])  # the hint lies over the lowest
    candidate = Candidate(missed.label, 0.9, 0.08, missed.bbox, missed.polygon)
    short = replace(whole, chromosomes=tuple(c for c in whole.chromosomes if c is not missed), candidates=(candidate,))
    (analysis,) = site.plant("spare", [(picture, short)])
    opened(page, analysis)
    assert page.locator(".draft.spare").count() == 0
    page.keyboard.press("g")
    assert page.locator(".draft.spare").count() == 1
    page.mouse.click(*on_picture(page, [np.mean(missed.polygon, axis=0).tolist()])[0])
    page.wait_for_selector(".draft.area")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-chromosome='47']")
    saved(page)
    assert site.labels(analysis)[47] == missed.label
    expect(page.locator(".draft")).to_have_count(0)


def test_two_strokes_part_what_lies_under_them(page, site, cells):
    (analysis,) = site.plant("strokes", cells[:1])
    straight = next(c for c in site.read(analysis)["karyotype"]["chromosomes"] if c["id"] == 2)["polygon"]
    ends = min(straight), max(straight)
    along = [[(1 - t) * ends[0][i] + t * ends[1][i] for i in (0, 1)] for t in (0.1, 0.45, 0.55, 0.9)]
    opened(page, analysis)
    page.keyboard.press("o")
    stroke(page, along[:2])
    stroke(page, along[2:])
    page.get_by_role("button", name="Part in 2").click()
    page.wait_for_selector(".tray.deleted [data-chromosome='2']")
    saved(page)
    assert set(site.labels(analysis)) - set(range(1, 47)) == {47, 48}


def test_a_cut_beside_all_is_refused_in_words_and_nothing_changes(page, site, cells):
    (analysis,) = site.plant("beside", cells[:1])
    opened(page, analysis)
    page.keyboard.press("k")
    stroke(page, [(1, 1), (9, 9)])
    assert page.locator("#live").inner_text() == "The line crosses no chromosome."
    assert held(page, "deleted") == []
    assert site.read(analysis)["version"] == 0


def test_zoom_keeps_the_point_under_the_wheel_and_light_is_only_light(page, site, cells):
    (analysis,) = site.plant("zoom", cells[:1])
    opened(page, analysis)
    box = page.locator("#metaphase").bounding_box()
    at = (box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    before = under(page, at)
    page.mouse.move(*at)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    after = under(page, at)
    assert after[2] > 1.5 * before[2]
    assert abs(after[0] - before[0]) < 0.5
    assert abs(after[1] - before[1]) < 0.5
    page.keyboard.press("i")
    assert "invert(1)" in page.locator("#metaphase img").evaluate("image => image.style.filter")
    page.keyboard.press("0")
    assert under(page, at)[2] == before[2]


def test_brightness_and_contrast_change_what_is_seen_of_photograph_and_karyogram(page, site, cells):
    (analysis,) = site.plant("light", cells[:1])
    opened(page, analysis)
    seen = "one => getComputedStyle(one).filter"
    page.get_by_role("button", name="Brightness and contrast").click()
    page.get_by_label("Contrast", exact=True).fill("2")
    page.get_by_label("Brightness", exact=True).fill("0.5")
    for where in ("#metaphase img", "[data-chromosome='1'] canvas"):
        assert page.locator(where).evaluate(seen).startswith("brightness(0.5) contrast(2)")
    page.get_by_role("button", name="As taken").click()
    assert page.locator("[data-chromosome='1'] canvas").evaluate(seen) == "brightness(1) contrast(1)"


def test_two_fingers_zoom_and_move_the_photograph_and_end_a_line(person, site, cells):
    (analysis,) = site.plant("pinch", cells[:1])
    page = opened(person(size=(1180, 820), has_touch=True), analysis)
    box = page.locator("#metaphase").bounding_box()
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    fingers, before = Fingers(page), under(page, at)

    def beside(reach, shift=0):
        return [(at[0] - reach + shift, at[1]), (at[0] + reach + shift, at[1])]

    fingers.slide(beside(40), beside(120))
    zoomed = under(page, at)
    assert zoomed[2] == pytest.approx(3 * before[2], rel=0.05)
    assert zoomed[:2] == pytest.approx(before[:2], abs=2), "what lies between the fingers stays there"
    fingers.slide(beside(60), beside(60, 50))
    moved = under(page, at)
    assert moved[2] == pytest.approx(zoomed[2], rel=0.02)
    assert (zoomed[0] - moved[0]) * moved[2] == pytest.approx(50, abs=4)

    page.get_by_role("button", name="Cut with a line (K)").tap()
    fingers.down(beside(80)[:1])
    fingers.move([(at[0], at[1] + 30)])
    fingers.down([(at[0], at[1] + 30), (at[0] + 60, at[1])])
    fingers.move([(at[0], at[1] + 30), (at[0] + 90, at[1])])
    fingers.up()
    assert page.locator("#metaphase .draft").count() == 0
    assert site.read(analysis)["version"] == 0, "a line that became a pinch cuts nothing"
    fingers.slide(beside(150), beside(20))
    assert under(page, at)[2] == before[2], "no smaller than the whole picture"


def test_a_finger_carries_a_chromosome_from_the_photograph_to_a_slot(person, site, cells):
    (analysis,) = site.plant("carried", cells[:1])
    page = opened(person(size=(1180, 820), has_touch=True), analysis)
    left, top, right, bottom = box_of(site, analysis, 1)
    polygon = next(c for c in site.read(analysis)["karyotype"]["chromosomes"] if c["id"] == 1)["polygon"]
    inside = min(np.argwhere(inner(polygon)), key=lambda p: abs(p[1] - (left + right) / 2) + abs(p[0] - (top + bottom) / 2))
    (start,) = on_picture(page, [(float(inside[1]), float(inside[0]))])
    slot = page.locator("[data-slot='3']").bounding_box()
    Fingers(page).slide([start], [(slot["x"] + slot["width"] - 4, slot["y"] + 30)])
    assert held(page, "3") == [5, 6, 1]
    saved(page)
    assert site.labels(analysis)[1] == "3"


@pytest.mark.weights
@pytest.mark.skipif(not is_fetched("sam"), reason="karyogram models fetch sam")
def test_a_press_outlines_what_was_missed(page, site, cells):
    (analysis,) = site.plant("pressed", cells[:1])
    missed = next(c for c in cells[0][1].chromosomes if c.label == "6")
    opened(page, analysis)
    page.locator(f"[data-chromosome='{missed.id}']").click()
    page.keyboard.press("Delete")
    saved(page)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    depth = np.argwhere(inner(missed.polygon))
    y, x = depth[len(depth) // 2]
    (spot,) = on_picture(page, [(float(x), float(y))])
    page.mouse.click(*spot)
    page.get_by_role("button", name="Take this outline").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-chromosome='47']")
    saved(page)
    new = next(c for c in site.read(analysis)["karyotype"]["chromosomes"] if c["id"] == 47)
    assert np.abs(np.subtract(new["bbox"], missed.bbox)).max() <= 6
    page.mouse.click(*on_picture(page, [(2.0, 2.0)])[0])
    page.get_by_text("there is no chromosome at this place").wait_for()
    assert len(site.labels(analysis)) == 46


def test_rearrangements_are_entered_in_a_dialog_and_stand_in_the_text(page, site, cells):
    (analysis,) = site.plant("rearranged", cells[:1])
    opened(page, analysis)
    page.keyboard.press("r")
    page.get_by_label("Terms").fill("t(9;22)(q34;q11.2), t(1;2)(q1;q99)")
    page.keyboard.press("Enter")
    page.locator(".notice").get_by_text("t(1;2)(q1;q99)").wait_for()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Rearrangements…").click()
    assert page.get_by_label("Terms").input_value() == "", "what is refused is not kept"
    page.get_by_label("Terms").fill("t(9;22)(q34;q11.2)")
    page.keyboard.press("Enter")
    expect(page.locator("#iscn")).to_have_text("46,XX,t(9;22)(q34;q11.2)")
    saved(page)
    page.reload()
    page.wait_for_selector("#main[aria-busy=false]")
    page.keyboard.press("r")
    assert page.get_by_label("Terms").input_value() == "t(9;22)(q34;q11.2)"


def test_two_are_swapped_by_keys_however_far_apart_and_by_a_press_on_the_photograph(page, site, cells):
    (analysis,) = site.plant("swapped", cells[:1])
    opened(page, analysis)
    labels = site.labels(analysis)
    page.locator("[data-chromosome='1']").click()
    for key in ("s", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert site.labels(analysis) == labels, "on the way"
    other = int(page.evaluate("document.activeElement.dataset.chromosome"))
    assert labels[other] not in (None, labels[1])
    page.keyboard.press("Enter")
    saved(page)
    assert (site.labels(analysis)[1], site.labels(analysis)[other]) == (labels[other], labels[1])
    page.keyboard.press("Escape")
    page.locator("[data-chromosome='9']").click()
    page.keyboard.press("s")
    page.locator("[data-outline='20']").click(force=True)
    saved(page)
    after = site.labels(analysis)
    assert (after[9], after[20]) == (labels[20], labels[9])


def test_three_parts_are_joined_by_keys(page, site, cells):
    (analysis,) = site.plant("parts", cells[:1])
    whole = opened(page, analysis).locator("[data-chromosome='1']")
    asked = []
    page.route("**/edits", lambda route: asked.append(route.request.post_data_json) or route.abort())
    whole.click()
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    assert page.locator("#hint").get_by_text("2 parts chosen.").is_visible()
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.dataset.chromosome")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("ArrowRight")
    third = page.evaluate("document.activeElement.dataset.chromosome")
    with page.expect_request("**/edits"):
        page.keyboard.press("Enter")
    assert asked[0]["edits"] == [{"kind": "join", "ids": [1, int(second), int(third)]}]

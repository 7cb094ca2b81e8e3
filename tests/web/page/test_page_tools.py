"""The tools that draw on the photograph, by pointer and by keys."""

from hands import held, opened, saved, stroke


def box_of(site, analysis, number):
    return next(c for c in site.read(analysis)["karyotype"]["chromosomes"] if c["id"] == number)["bbox"]


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
    under = f"""() => {{
        const matrix = document.querySelector("#metaphase svg > g").getScreenCTM();
        const point = new DOMPoint({at[0]}, {at[1]}).matrixTransform(matrix.inverse());
        return [point.x, point.y, matrix.a];
    }}"""
    before = page.evaluate(under)
    page.mouse.move(*at)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    after = page.evaluate(under)
    assert after[2] > 1.5 * before[2]
    assert abs(after[0] - before[0]) < 0.5
    assert abs(after[1] - before[1]) < 0.5
    page.keyboard.press("i")
    assert "invert(1)" in page.locator("#metaphase img").evaluate("image => image.style.filter")
    page.keyboard.press("0")
    assert page.evaluate(under)[2] == before[2]

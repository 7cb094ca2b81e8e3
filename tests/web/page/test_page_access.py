"""Everybody can use it: names, contrast and structure by axe-core (WCAG 2.2 A and AA), targets large enough for a finger."""

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from hands import misread, opened

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}

SMALL = """() => [...document.querySelectorAll("button, a, select, input:not(.unseen), label.button")]
    .filter((one) => one.checkVisibility() && !one.closest(".unseen, .skip"))
    .map((one) => [one.getAttribute("aria-label") ?? one.textContent.trim(), one.closest("label") ?? one])
    .map(([name, one]) => [name, one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.height < 40 || box.width < 40))
    .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


def violations(page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.fixture(scope="module")
def analysis(site, cells):
    picture, truth = cells[0]
    return site.plant("access", [(picture, misread(truth, {9: "9", 17: "20"}))])[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bench_has_names_and_contrast(person, analysis, scheme):
    page = opened(person(color_scheme=scheme), analysis)
    assert violations(page) == []
    page.keyboard.press("n")
    page.keyboard.press("k")
    assert violations(page) == []
    for key in ("?", "m", "Shift+X", "t"):
        page.keyboard.press(key)
        page.get_by_role("dialog").wait_for()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
    for name in ("Export (E)", "More", "Ideogram of class"):
        page.get_by_role("button", name=name).click()
        assert violations(page) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_case_and_login_have_names_and_contrast(person, site, analysis, scheme):
    page = person(color_scheme=scheme)
    page.goto("/")
    page.wait_for_selector("#rows tr")
    assert violations(page) == []
    page.get_by_role("button", name="Training data").click()
    assert violations(page) == []
    page.goto(f"/cases/{site.read(analysis)['case']}")
    page.wait_for_selector(".cell")
    assert violations(page) == []
    page.get_by_role("button", name="Export").click()
    assert violations(page) == []
    page.goto("/login")
    assert violations(page) == []


@pytest.mark.parametrize("size", [(1280, 800), (1180, 820), (820, 1180)])
def test_targets_fit_a_finger_and_nothing_runs_out_of_the_page(person, site, cells, size):
    picture, truth = cells[0]
    doubts = ("class uncertain", "moved by its cell", "outline uncertain", "orientation uncertain")
    doubted = replace(truth, chromosomes=tuple(replace(c, review=doubts) for c in truth.chromosomes))
    (analysis,) = site.plant(f"finger {size[0]}", [(picture, doubted)])
    page = opened(person(size=size, has_touch=True), analysis)
    page.locator("[data-chromosome='9']").tap()
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    pair, deeds = (page.locator(part).bounding_box() for part in (".pair", ".deeds"))
    assert pair["y"] + pair["height"] <= deeds["y"]
    page.locator("[data-slot='9'] [data-chromosome]").first.click(modifiers=["Shift"])  # one mark more, one line of text more
    panel, deeds = (page.locator(part).bounding_box() for part in ("#panel", ".deeds"))
    assert deeds["y"] + deeds["height"] <= panel["y"] + panel["height"]
    for deed in page.locator(".deeds button").all():
        deed.scroll_into_view_if_needed()
        assert deed.is_visible()
    page.goto("/")
    page.wait_for_selector("#rows tr")
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_every_key_of_the_help_does_what_a_button_or_menu_does_too(person, analysis):
    page = opened(person(), analysis)
    page.locator("[data-chromosome='9']").click()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog").locator("kbd").all_inner_texts()
    assert {"N", "P", "Enter", "A", "Shift X", "C", "Ctrl Z", "Ctrl Shift Z"} <= set(keys)
    page.keyboard.press("Escape")
    titles = " ".join(button.get_attribute("title") or "" for button in page.locator("button[title]").all())
    for key in (
        "N",
        "P",
        "Enter",
        "F",
        "S",
        "Shift →",
        "J",
        "Delete",
        "V",
        "K",
        "O",
        "L",
        "G",
        "H",
        "I",
        "A",
        "E",
        "Ctrl Z",
        "Ctrl Shift Z",
    ):
        assert f"({key})" in titles

"""What a hand does in a hurry or at a bad moment: it is done as it was meant, or said, and never stops the bench."""

import pytest
from hands import drag, held, misread, opened, saved, stopped
from playwright.sync_api import expect
from running import serve
from sqlalchemy import delete

from karyogram.web.config import Config
from karyogram.web.db import writing
from karyogram.web.db.people import add_user
from karyogram.web.db.tables import Token


def test_what_cannot_be_done_any_more_is_said_and_the_rest_is_done(person, site, cells):
    (analysis,) = site.plant("gone", cells[:1])
    ada, ben = person("Ada"), person("Ben Ø")
    for page in (ada, ben):
        opened(stopped(page), analysis)
    ben.locator("[data-chromosome='1']").click()
    ben.keyboard.press("Delete")
    saved(ben)
    drag(ada, 1, "3")  # Ben has deleted it, which she does not see yet
    ada.get_by_role("dialog").get_by_text("Ben Ø").wait_for()
    ada.get_by_role("button", name="Do mine on top of theirs").click()
    ada.get_by_text("chromosome 1 is deleted: restore it first").wait_for()
    drag(ada, 2, "3")
    saved(ada)
    assert held(ada, "deleted") == [1]
    assert site.labels(analysis)[2] == "3"


def test_what_was_undone_before_it_was_sent_does_not_come_back_on_top_of_theirs(person, site, cells):
    (analysis,) = site.plant("undone", cells[:1])
    ada, ben = person("Ada"), person("Ben Ø")
    for page in (ada, ben):
        opened(page, analysis)
    before = site.labels(analysis)
    ada.context.set_offline(True)
    drag(ada, 1, "3")
    drag(ada, 2, "3")
    ada.get_by_text("No connection, trying again").wait_for()
    ada.keyboard.press("Control+z")
    drag(ben, 9, "X")
    saved(ben)
    ada.context.set_offline(False)
    asked = ada.get_by_role("dialog")
    asked.get_by_text("Ben Ø").wait_for()
    assert asked.get_by_role("listitem").all_inner_texts() == ["1 to 3"]
    asked.get_by_role("button", name="Do mine on top of theirs").click()
    saved(ada)
    assert [site.labels(analysis)[one] for one in (1, 2, 9)] == ["3", before[2], "X"]


def test_a_swap_with_a_deleted_one_is_refused_and_the_bench_goes_on(page, site, cells):
    (analysis,) = site.plant("swap deleted", cells[:1])
    opened(page, analysis)
    page.locator("[data-chromosome='1']").click()
    page.keyboard.press("Delete")
    page.locator("[data-chromosome='3']").click()
    page.keyboard.press("s")
    page.locator("[data-chromosome='1']").click()
    page.get_by_text("chromosome 1 is deleted: restore it first").wait_for()
    drag(page, 5, "1")
    saved(page)
    assert site.labels(analysis)[5] == "1"


def test_a_class_typed_is_for_the_chromosome_that_was_chosen_then(page, site, cells):
    (analysis,) = site.plant("in a hurry", cells[:1])
    opened(stopped(page), analysis)
    page.locator("[data-chromosome='3']").click()
    page.keyboard.press("1")  # a second digit may follow
    page.locator("[data-chromosome='9']").click()
    page.clock.run_for(1000)
    saved(page)
    labels = site.labels(analysis)
    assert (labels[3], labels[9]) == ("1", "5")


def test_what_is_let_go_is_not_chosen_again_when_the_server_answers(page, site, cells):
    picture, truth = cells[0]
    (analysis,) = site.plant("let go", [(picture, misread(truth, {9: "5", 17: "9"}))])
    opened(page, analysis)
    held_back = []
    page.route("**/edits", lambda route: held_back.append(route))
    page.keyboard.press("n")
    with page.expect_request("**/edits"):
        page.keyboard.press("f")
    page.keyboard.press("Escape")
    expect(page.locator(".chromosome.chosen")).to_have_count(0)
    held_back.pop().continue_()
    saved(page)
    assert page.locator(".chromosome.chosen").count() == 0
    assert page.evaluate("document.activeElement.dataset.chromosome") == "9", "the focus stays where it was"


def test_a_session_that_ends_takes_no_edit_with_it(person, cells, tmp_path):
    serving = serve(Config(data=tmp_path, public=False))
    site = next(serving)
    (analysis,) = site.plant("session", cells[:1])
    with writing(site.bench.engine) as session:
        add_user(session, "Eve", "correct horse battery", "edit")
    page = person(url=site.url)

    def log_in(where):
        where.goto("/login")
        where.get_by_label("Name").fill("Eve")
        where.get_by_label("Password").fill("correct horse battery")
        where.keyboard.press("Enter")
        where.get_by_role("heading", name="Cases").wait_for()

    log_in(page)
    opened(page, analysis)
    with writing(site.bench.engine) as session:
        session.execute(delete(Token))
    drag(page, 1, "3")
    page.get_by_text("Log in again").wait_for()
    assert page.url.endswith(f"/analyses/{analysis}")
    expect(page.locator("#saved")).to_have_text("Logged out, not saved")
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Log in again").click()
    log_in(opening.value)
    saved(page)
    log_in(opening.value)  # under another key against forgeries
    drag(page, 2, "3")
    saved(page)
    page.reload()
    page.wait_for_selector("#main[aria-busy=false]")
    assert {1, 2} <= set(held(page, "3"))
    next(serving, None)


def test_a_deleted_chromosome_let_go_over_its_tray_stays_there_without_a_word(page, site, cells):
    (analysis,) = site.plant("twice deleted", cells[:1])
    opened(page, analysis)
    drag(page, 1, "deleted")
    saved(page)
    with page.expect_response("**/versions"):
        drag(page, 1, "deleted")
    assert held(page, "deleted") == [1]
    assert page.locator(".notice").count() == 0


@pytest.mark.parametrize(
    ("typed", "told"), [("5", ["5"]), ("12", ["12"]), ("1", ["1"]), ("25", ["2", "5"]), ("y", ["Y"]), ("1x", ["1", "X"])]
)
def test_a_class_is_typed(page, site, cells, typed, told):
    (analysis,) = site.plant(f"typed {typed}", cells[:1])
    opened(page, analysis)
    script = """async (keys) => {
        const { Typing } = await import("/assets/js/keys.js");
        const told = [];
        const typing = new Typing((label) => told.push(label), 30);
        for (const key of keys) typing.key(key);
        await new Promise((resolve) => setTimeout(resolve, 60));
        return told;
    }"""
    assert page.evaluate(script, list(typed)) == told


def test_a_drag_that_escape_ends_changes_nothing(page, site, cells):
    (analysis,) = site.plant("escape", cells[:1])
    opened(page, analysis)
    box = page.locator("[data-chromosome='1']").bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 20, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert 1 in held(page, "1")
    drag(page, 1, "none")
    saved(page)
    assert site.labels(analysis)[1] is None

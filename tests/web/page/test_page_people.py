"""Several people on one case: what one does shows at the other's, and nobody signs what they have not seen."""

import re

from hands import drag, held, look, opened, saved, stopped
from playwright.sync_api import expect


def test_what_another_does_shows_without_a_reload_and_own_edits_stay(person, site, cells):
    first, _ = site.plant("live", cells)
    ada, ben = person("Ada"), person("Ben Ø")
    for page in (ada, ben):
        opened(stopped(page), first)
    drag(ben, 9, "X")
    saved(ben)
    look(ada)
    ada.get_by_text("Ben Ø has changed this cell.").wait_for()
    assert 9 in held(ada, "X")
    ada.keyboard.press("Control+z")  # the last edit is Ben's
    ada.get_by_role("dialog").get_by_text("Undo what Ben Ø has done?").wait_for()
    ada.keyboard.press("Escape")

    ada.context.set_offline(True)
    drag(ada, 1, "3")
    drag(ben, 11, "Y")
    saved(ben)
    look(ada)
    ada.get_by_text("No connection, trying again").wait_for()
    assert 1 in held(ada, "3"), "what is not saved stays"
    ada.context.set_offline(False)
    ada.clock.run_for(3100)
    ada.get_by_role("dialog").get_by_text("Ben Ø").wait_for()
    ada.get_by_role("button", name="Do mine on top of theirs").click()
    saved(ada)
    assert {1: "3", 9: "X", 11: "Y"}.items() <= site.labels(first).items()

    ben.goto(f"/cases/{site.read(first)['case']}")
    ben.get_by_role("button", name="Approve", exact=True).click()
    ben.get_by_role("button", name="Sign as it is now").click()  # Ada's edit has not been on his screen
    ben.locator("#state").get_by_text("approved").wait_for()
    look(ada)
    ada.get_by_text("Ben Ø: approved").wait_for()
    assert ada.get_by_role("button", name="Approve the cell (A)").is_disabled()


def test_nobody_signs_what_another_has_changed_unseen(person, site, cells):
    first, second = site.plant("seen", cells)
    case = site.read(first)["case"]
    ada, ben = stopped(person("Ada")), person("Ben Ø")
    opened(ada, first)
    ada.goto(f"/cases/{case}")
    ada.wait_for_selector(".cell")
    opened(ben, second)
    drag(ben, 1, "3")
    saved(ben)

    def changed():
        return ada.get_by_role("dialog").filter(has_text="Changed since you looked")

    ada.get_by_role("button", name="Approve", exact=True).click()
    expect(changed().get_by_role("listitem")).to_have_text(re.compile(r"^seen_1\.png: changed by Ben Ø"))
    ada.get_by_role("button", name="Look again first").click()
    ada.get_by_text("changed since you looked").wait_for()
    assert ada.locator("#state").inner_text() == "open"

    opened(ada, second)  # looked at: now it is seen
    drag(ben, 2, "3")
    saved(ben)
    ada.get_by_role("button", name="More").click()
    ada.get_by_role("button", name="Approve the case").click()
    ada.get_by_role("button", name="Sign as it is now").click()
    ada.locator("#marks").get_by_text("approved").wait_for()
    versions = ada.request.get(f"/api/v1/cases/{case}").json()["actions"][-1]["what"]["versions"]
    assert versions == {str(first): 0, str(second): 2}

    opened(ben, second)
    ben.get_by_role("button", name="More").click()
    with ben.expect_response("**/actions"):
        ben.get_by_role("button", name="Sign as second reader").click()
    look(ada)
    ada.get_by_text("Ben Ø: signed as second reader").wait_for()


def test_a_case_shows_what_is_done_to_it_elsewhere(person, site, cells):
    first, _ = site.plant("elsewhere", cells)
    ada, ben = stopped(person("Ada")), person("Ben Ø")
    ada.goto(f"/cases/{site.read(first)['case']}")
    ada.wait_for_selector(".cell")
    opened(ben, first)
    ben.locator("[data-chromosome='1']").click()
    ben.keyboard.press("f")
    saved(ben)
    asked = []
    ada.on("request", lambda request: asked.append(request.url))
    look(ada)
    ada.get_by_text("changed since you looked").wait_for()
    for _ in range(2):
        with ada.expect_response("**/versions"):
            look(ada)
    assert len([url for url in asked if re.search(r"/cases/\d+$", url)]) == 1, "fetched only when something has changed"

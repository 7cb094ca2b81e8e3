"""A person's day: a picture in, looked at, corrected, signed, printed, found again."""

from hands import drag, held, opened, saved, stopped, stroke

from karyogram.web.reading import analyse


def test_from_a_picture_to_a_signed_report(page, site, cells):
    page.goto("/")
    page.locator("#files").set_input_files({"name": "K-17.png", "mimeType": "image/png", "buffer": cells[0][0]})
    page.get_by_text("waits to be read").wait_for()
    case = page.request.get("/api/v1/cases?query=K-17").json()["items"][0]["id"]
    analysis = page.request.get(f"/api/v1/cases/{case}").json()["metaphases"][0]["analysis"]["id"]
    analyse(site.bench, analysis)  # the worker, with the model that ships
    page.get_by_role("link", name="open: 46,XX").click()
    page.wait_for_selector("#main[aria-busy=false]")
    assert page.locator("#karyogram [data-chromosome]").count() == 46
    assert len(held(page, "7")) == 2

    moved = held(page, "7")[0]
    drag(page, moved, "X")
    saved(page)
    assert site.labels(analysis)[moved] == "X"

    whole = held(page, "2")[0]
    left, top, right, bottom = next(c for c in site.read(analysis)["karyotype"]["chromosomes"] if c["id"] == whole)["bbox"]
    middle = (top + bottom) / 2
    page.keyboard.press("k")
    stroke(
        page,
        [(left - 12, middle), (right + 12, middle)]
        if bottom - top > right - left
        else [((left + right) / 2, top - 12), ((left + right) / 2, bottom + 12)],
    )
    page.wait_for_selector(f".tray.deleted [data-chromosome='{whole}']")
    saved(page)
    assert len(site.labels(analysis)) == 47

    page.keyboard.press("Control+z")
    page.wait_for_selector(f"[data-slot='2'] [data-chromosome='{whole}']")
    saved(page)
    assert len(site.labels(analysis)) == 46

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("a")  # one class 7 too few, one X too many: the bench asks
    page.get_by_role("dialog").get_by_text("1 of class 7").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Approve the case").click()
    page.locator("#marks").get_by_text("approved").wait_for()

    page.get_by_role("button", name="Export (E)").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Report (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    page.reload()
    page.wait_for_selector("#main[aria-busy=false]")
    assert moved in held(page, "X")
    assert page.locator("#marks").inner_text().startswith("approved")
    page.keyboard.press("t")
    page.get_by_role("dialog").get_by_text("all confirmed").wait_for()
    assert page.get_by_role("dialog").locator("li").count() == 4


def test_two_people_at_once_get_a_clear_answer_and_lose_nothing(person, site, cells):
    (analysis,) = site.plant("two", cells[:1])
    ada, ben = person("Ada"), person("Ben Ø")
    for page in (ada, ben):
        opened(stopped(page), analysis)
    drag(ada, 1, "3")
    saved(ada)
    drag(ben, 9, "X")
    asked = ben.get_by_role("dialog")
    asked.get_by_text("Ada").wait_for()
    assert asked.get_by_role("listitem").all_inner_texts() == ["9 to X"]
    asked.get_by_role("button", name="Do mine on top of theirs").click()
    saved(ben)
    assert (site.labels(analysis)[1], site.labels(analysis)[9]) == ("3", "X")
    assert 1 in held(ben, "3")

    drag(ada, 11, "Y")
    ada.get_by_role("dialog").get_by_text("Ben Ø").wait_for()
    ada.get_by_role("button", name="Take theirs, drop mine").click()
    saved(ada)
    assert 9 in held(ada, "X")
    assert site.labels(analysis)[11] != "Y"
    ada.keyboard.press("Control+z")
    ada.get_by_role("dialog").get_by_text("Undo what Ben Ø has done?").wait_for()
    ada.keyboard.press("Escape")
    assert 9 in held(ada, "X")


def test_what_could_not_be_sent_is_sent_when_the_line_is_back(page, site, cells):
    (analysis,) = site.plant("line", cells[:1])
    opened(page, analysis)
    page.context.set_offline(True)
    drag(page, 1, "3")
    page.get_by_text("No connection, trying again").wait_for()
    assert 1 in held(page, "3")
    page.context.set_offline(False)
    saved(page)
    assert site.labels(analysis)[1] == "3"

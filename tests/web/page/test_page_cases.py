"""The list of cases, uploads, single chromosomes, the login."""

import re
import zipfile
from io import BytesIO

import numpy as np
from hands import look, opened, stopped
from playwright.sync_api import expect
from running import serve

from karyogram.files import encode_picture, read_picture
from karyogram.shape.cutout import cut_out
from karyogram.web.config import Config
from karyogram.web.db import writing
from karyogram.web.db.cases import add_case
from karyogram.web.db.people import add_user


def test_500_cases_are_searched_paged_and_filtered(page, site):
    with writing(site.bench.engine) as session:
        for number in range(500):
            add_case(session, f"L-{number:03}", "constitutional", "local")
    page.goto("/")
    expect(page.locator("#rows tr")).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("L-12")
    page.locator("#pager").get_by_text("1 to 10 of 10").wait_for()
    assert page.locator("#rows tr").count() == 10
    page.locator("#query").fill("L-")
    page.get_by_role("button", name="Next").click()
    page.locator("#pager").get_by_text("51 to 100 of 500").wait_for()
    page.reload()
    page.locator("#pager").get_by_text("51 to 100 of 500").wait_for()
    page.locator("#query").fill("")
    page.locator("#state").select_option("locked")
    page.get_by_text("No case fits.").wait_for()


def test_the_list_is_live_and_nothing_moves_from_under_hand_or_eye(person, site, cells):
    site.plant("live done", cells[:1])
    client = site.app.test_client()
    for number in range(40):
        client.post("/api/v1/cases", json={"name": f"live {number:02}"})
    data = {"image": (BytesIO(cells[1][0]), "a.png"), "case_name": "live queued"}
    (queued,) = client.post("/api/v1/analyses", data=data).json["analyses"]
    page = stopped(person())
    page.goto("/?query=live")
    rows, told = page.locator("#rows tr"), []
    expect(rows).to_have_count(42)
    page.on("response", lambda answer: told.append(answer.status) if "/cases?" in answer.url else None)

    def look_on():
        with page.expect_response("**/cases?*"):
            look(page)
        page.wait_for_timeout(50)

    look_on()
    assert told == [304]
    link = page.get_by_role("link", name="live 05")
    link.focus()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    place = link.bounding_box()
    client.post("/api/v1/cases", json={"name": "live new"})
    look_on()
    expect(rows).to_have_count(43)
    assert rows.first.inner_text().startswith("live new")
    assert page.evaluate("document.activeElement.textContent") == "live 05"
    assert link.bounding_box() == place

    page.evaluate("window.scrollTo(0, 0)")
    row = page.get_by_role("row", name="live queued")
    row.get_by_text("reading 0 of 1").wait_for()
    row.hover()
    site.finish(queued["id"], cells[1][1])
    look_on()
    expect(row.get_by_text("reading")).to_have_count(0)
    assert rows.first.inner_text().startswith("live new"), "the pointer is about to press"
    look_on()
    expect(rows.first).to_contain_text("live queued")

    def turn(state):
        page.evaluate("""(state) => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""", state)  # fmt: skip

    turn("hidden")
    look_on()
    told.clear()
    page.clock.run_for(20_000)
    page.wait_for_timeout(100)
    assert told == [], "nobody sees it"
    with page.expect_response("**/cases?*"):
        turn("visible")


def test_several_pictures_are_one_case_and_what_is_no_picture_says_why(page, site, cells):
    page.goto("/")
    files = [{"name": f"M-9_{i}.png", "mimeType": "image/png", "buffer": cells[i][0]} for i in (0, 1)]
    page.locator("#files").set_input_files([*files, {"name": "M-9_2.png", "mimeType": "image/png", "buffer": b"no picture"}])
    assert page.get_by_label("Name of the case").input_value() == "M-9"
    page.get_by_role("button", name="Read them").click()
    page.locator("#upload-list .bad").get_by_text("M-9_2.png").wait_for()
    expect(page.locator("#upload-list").get_by_text("waits to be read")).to_have_count(2)
    (case,) = page.request.get("/api/v1/cases?query=M-9").json()["items"]
    assert (case["metaphases"], case["queued"]) == (2, 2)
    for cell, metaphase in zip(cells, page.request.get(f"/api/v1/cases/{case['id']}").json()["metaphases"], strict=True):
        site.finish(metaphase["analysis"]["id"], cell[1])
    page.get_by_role("link", name="open: 46,XX").first.wait_for()
    page.get_by_role("link", name="M-9").click()
    page.wait_for_url(re.compile(r"/cases/\d+"))
    expect(page.locator(".cell")).to_have_count(2, timeout=20_000)


def test_nothing_that_is_sent_gets_lost_on_the_way(page, cells):
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("N-9_0.png", cells[0][0])
        archive.writestr("N-9_1.png", b"no picture")
    page.goto("/")
    page.locator("#files").set_input_files({"name": "N-9.zip", "mimeType": "application/zip", "buffer": zipped.getvalue()})
    page.locator("#upload-list .bad").get_by_text("not a TIFF").wait_for()
    page.locator("#upload-list").get_by_text("waits to be read").wait_for()
    files = [{"name": f"O-9_{i}.png", "mimeType": "image/png", "buffer": cells[i][0]} for i in (0, 1)]
    page.locator("#files").set_input_files([*files, files[0] | {"name": "O-9_2.png", "buffer": b"no picture"}])
    page.locator("#files").set_input_files({"name": "O-9_3.png", "mimeType": "image/png", "buffer": b"none either"})
    page.get_by_text("4 pictures are").wait_for()  # a second handful before the question about the first is answered
    page.route("**/api/v1/analyses", lambda route: route.abort(), times=1)
    page.get_by_role("button", name="Read them").click()
    page.locator("#upload-list .bad").get_by_text("The server cannot be reached.").wait_for()
    expect(page.locator("#upload-list .bad")).to_have_count(4)
    (case,) = page.request.get("/api/v1/cases?query=O-9").json()["items"]
    assert case["metaphases"] == 1


def test_a_single_chromosome_dropped_tells_its_class(page, cells, tmp_path):
    picture, truth = cells[0]
    (tmp_path / "cell.png").write_bytes(picture)
    wanted = next(c for c in truth.chromosomes if c.label == "1")
    image, _ = cut_out(read_picture(tmp_path / "cell.png").pixels, wanted.polygon, wanted.angle, wanted.flipped)
    data = list(encode_picture(np.pad(image, 6, constant_values=255)))
    page.goto("/")
    page.wait_for_selector("#single-model option", state="attached")
    drop = """(bytes) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], "one.png", { type: "image/png" }));
        const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
        document.querySelector("#drop-single").dispatchEvent(drop);
    }"""
    page.evaluate(drop, data)
    result = page.locator("#single-result")
    result.get_by_text(re.compile("Class")).wait_for()
    said = result.inner_text()
    assert "Class 1\n" in said
    assert re.search(r"probability \d+\.\d %\nthen \w+, \d+\.\d %\n(short arm down, )?model gband", said)


def test_pictures_dropped_beside_the_field_are_taken_too(page, cells):
    page.goto("/")
    page.wait_for_selector("#single-model option", state="attached")
    drop = """(bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(bytes)], "near-miss.png", { type: "image/png" }));
        for (const kind of ["dragover", "drop"]) {
            const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
            document.querySelector("#cases-title").dispatchEvent(event);
            if (!event.defaultPrevented) throw new Error("the browser opens the picture in place of the page");
            if (kind === "dragover" && !document.querySelector("#drop-metaphases.over")) throw new Error("nothing lights up");
        }
    }"""
    page.evaluate(drop, list(cells[0][0]))
    page.locator("#upload-list").get_by_text("waits to be read").wait_for()
    assert page.locator("#drop-metaphases.over").count() == 0
    assert page.locator("#single-result").inner_text() == ""


def test_a_case_is_reviewed_approved_and_reopened(page, site, cells):
    (analysis,) = site.plant("signed", cells[:1])
    page.goto(f"/cases/{site.read(analysis)['case']}")
    for button, state in (("Mark as reviewed", "reviewed"), ("Approve", "approved")):
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("#state").get_by_text(state).wait_for()
    opened(page, analysis)
    assert page.get_by_role("button", name="Approve the cell (A)").is_disabled()
    page.go_back()
    page.get_by_role("button", name="Reopen").click()
    page.get_by_role("button", name="Do it").click()
    page.locator("#state").get_by_text("open").wait_for()
    assert page.locator("#history li").count() >= 4


def test_a_case_gets_another_name_and_goes_into_the_archive_and_back(page, site, cells):
    (analysis,) = site.plant("misnamed", cells[:1])
    page.goto(f"/cases/{site.read(analysis)['case']}")

    def change(**given):
        page.get_by_role("button", name="Name, kind, archive…").click()
        for label, value in given.items():
            field = page.get_by_role("dialog").get_by_label(label, exact=True)
            {str: field.fill, bool: field.set_checked}[type(value)](value)
        page.get_by_role("button", name="Save").click()

    change(Name="renamed Ü")
    page.get_by_role("heading", name="renamed Ü").wait_for()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.locator("#state").get_by_text("approved").wait_for()
    change(**{"In the archive": True})
    page.get_by_text("approved, in the archive").wait_for()
    page.goto("/?query=renamed")
    page.get_by_text("No case fits.").wait_for()
    page.locator("#state").select_option("archive")
    page.get_by_role("link", name="renamed Ü").click()
    change(**{"In the archive": False})
    page.locator("#state").get_by_text("approved", exact=True).wait_for()
    assert page.locator("#history").get_by_text("renamed Ü").count() == 1


def test_where_people_log_in_the_page_asks_and_a_reader_only_reads(person, cells, tmp_path):
    serving = serve(Config(data=tmp_path, public=True))
    site = next(serving)
    with writing(site.bench.engine) as session:
        add_user(session, "Rita", "correct horse battery", "read")
    page = person(url=site.url)
    page.goto("/")
    page.wait_for_url("**/login")
    page.get_by_label("Name").fill("Rita")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    page.get_by_text("name or password is wrong").wait_for()
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Cases").wait_for()
    page.get_by_role("button", name="Reader: Rita").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    next(serving, None)

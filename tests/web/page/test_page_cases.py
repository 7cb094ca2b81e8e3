"""The list of cases, uploads, single chromosomes, the login."""

import re

import numpy as np
from hands import opened
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

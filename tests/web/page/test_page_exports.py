"""What is taken out of the bench by its pages: cells, cases, training data."""

import json
import re
import zipfile

from hands import opened, saved
from playwright.sync_api import expect
from running import serve

from karyogram.output import FORMATS
from karyogram.web.config import Config
from karyogram.web.db import writing
from karyogram.web.db.people import add_user
from karyogram.web.packing import pack


def approve(site, analysis):
    client = site.app.test_client()
    case = site.read(analysis)["case"]
    version = client.get(f"/api/v1/cases/{case}").json["version"]
    assert client.post(f"/api/v1/cases/{case}/actions", json={"kind": "approve", "version": version}).status_code == 200


def test_a_cell_is_exported_by_keys_as_it_is_saved(page, site, cells):
    (analysis,) = site.plant("out", cells[:1])
    opened(page, analysis)
    page.locator("[data-chromosome='1']").click()
    page.keyboard.press("u")
    page.keyboard.press("e")
    links = page.locator(".menu a")
    links.first.wait_for()
    saved(page)
    asked = [re.search(r"analyses/\d+/export\?format=(.*)", link.get_attribute("href") or "") for link in links.all()]
    offered = [found[1] for found in asked if found]
    assert set(offered[:-1]) == set(FORMATS)
    assert set(offered[-1].split("%2C")) == set(FORMATS), "all in one file"
    while page.evaluate("document.activeElement.textContent") != "karyotype.json":
        page.keyboard.press("Tab")
    with page.expect_download() as loading:
        page.keyboard.press("Enter")
    told = json.loads(loading.value.path().read_text())
    assert next(c["label"] for c in told["chromosomes"] if c["id"] == 1) is None
    expect(links).to_have_count(0)
    assert page.evaluate("document.activeElement.title") == "Export (E)"


def test_a_case_is_exported_once_a_cell_is_read(page, site, cells):
    (analysis,) = site.plant("out whole", cells[:1])
    case = site.read(analysis)["case"]
    page.goto(f"/cases/{case}")
    page.get_by_role("button", name="Export").click()
    links = page.locator(".menu a")
    wanted = ["format=pdf", "format=pdf&cells=all", "format=html", "format=csv", "format=json", "format=zip", ""]
    assert [link.get_attribute("href").partition("?")[2] for link in links.all()] == wanted
    with page.expect_download() as loading:
        page.get_by_role("link", name="case.json").click()
    assert [cell["image"] for cell in json.loads(loading.value.path().read_text())["cells"]] == ["out whole_0.png"]
    empty = site.app.test_client().post("/api/v1/cases", json={"name": "out empty"}).json["id"]
    page.goto(f"/cases/{empty}")
    page.get_by_role("button", name="Export").click()
    page.get_by_text("No cell has been read yet.").wait_for()
    assert [link.inner_text() for link in links.all()] == ["Audit trail (CSV)"]


def test_an_export_that_takes_long_says_so_and_one_that_fails_says_why(page, site, cells):
    (analysis,) = site.plant("Größe 50%", cells[:1])
    opened(page, analysis)
    held = []
    page.route("**/export?format=csv", lambda route: held.append(route))
    page.keyboard.press("e")
    page.get_by_role("link", name="Table (CSV)").click()
    making = page.get_by_text("Table (CSV) is being made.")
    making.wait_for()
    page.wait_for_timeout(6500)  # longer than other notices stay
    assert making.is_visible()
    with page.expect_download() as loading:
        held.pop().continue_()
    assert loading.value.suggested_filename == "Größe 50%_0-chromosomes.csv"
    expect(making).to_have_count(0)
    refusals = [(409, "conflict"), (503, "busy")]

    def refuse(route):
        status, code = refusals.pop()
        route.fulfill(status=status, json={"error": {"code": code, "reason": f"there is a {code}"}})

    page.route("**/export?format=csv", refuse)
    page.keyboard.press("e")
    page.get_by_role("link", name="Table (CSV)").click()
    page.get_by_text("Table (CSV): there is a conflict").wait_for()
    assert refusals == [], "a busy bench is asked again"
    expect(making).to_have_count(0)


def test_training_data_are_packed_fetched_and_found_after_a_reload(page, site, cells):
    (analysis,) = site.plant("out signed", cells[:1])
    approve(site, analysis)
    page.goto("/")
    page.get_by_role("button", name="Training data").click()
    page.get_by_label("Class folders").check()
    with page.expect_response("**/export/training") as asking:
        page.keyboard.press("Enter")
    asked = asking.value.json()
    assert (asked["layout"], asked["signed"]) == ("classes", "approved")
    page.locator("#packed").get_by_text("waits").wait_for()
    page.reload()
    page.locator("#packed").get_by_text("waits").wait_for()
    pack(site.bench, asked["id"])
    with page.expect_download() as loading:
        page.get_by_role("link", name="training-classes.zip").click()
    assert "split.csv" in zipfile.ZipFile(loading.value.path()).namelist()


def test_training_data_are_not_for_readers_and_nothing_signed_is_said(person, tmp_path):
    serving = serve(Config(data=tmp_path))
    site = next(serving)
    page = person(url=site.url)
    page.goto("/")
    page.get_by_role("button", name="Training data").click()
    page.get_by_role("button", name="Pack").click()
    page.get_by_text("no cell of a case that is approved or locked").wait_for()
    with writing(site.bench.engine) as session:
        add_user(session, "Rita", "correct horse battery", "read")
    page.goto("/login")
    page.get_by_label("Name").fill("Rita")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Reader: Rita").wait_for()
    expect(page.get_by_role("button", name="Training data")).to_be_hidden()
    next(serving, None)

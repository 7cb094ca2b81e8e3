"""A running bench and a browser for the pages: one of each for all tests."""

from pathlib import Path

import pytest

pytest.importorskip("flask")
pytest.importorskip("playwright.sync_api")

from playwright.sync_api import sync_playwright
from running import serve

from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.files import encode_picture
from karyogram.records import Karyotype
from karyogram.web.config import Config

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    yield from serve(Config(data=tmp_path_factory.mktemp("bench")))


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not here")
    with sync_playwright() as starter:
        browser = starter.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def person(browser, site):
    """Open the bench as somebody: a page of a browser of their own, that may not fail unheard."""
    contexts, failures = [], []

    def come(name="", size=(1280, 800), url=site.url, **more):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, base_url=url, **more)
        contexts.append(context)
        if name:
            context.add_init_script(f"localStorage.setItem('karyogram-reader', {name!r})")
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: failures.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield come
    for context in contexts:
        context.close()
    assert failures == []


@pytest.fixture
def page(person):
    return person()


@pytest.fixture(scope="session")
def cells() -> list[tuple[bytes, Karyotype]]:
    """Two drawn metaphases, as PNG, and the truth about them, read without a doubt."""
    drawn = [synth_metaphase(seed) for seed in (0, 3)]
    return [(encode_picture(picture), karyotype) for picture, karyotype in drawn]

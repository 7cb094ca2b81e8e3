"""A running bench and a browser for the pages: one of each for all tests. People's names come from the header X-Reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("flask")
playwright = pytest.importorskip("playwright.sync_api")

from apiflask import APIFlask
from waitress.server import create_server

from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.files import encode_picture
from karyogram.records import Karyotype
from karyogram.web import create_app
from karyogram.web.config import Config
from karyogram.web.db import analyses, writing

CHROMIUM = Path("/usr/bin/chromium")


@dataclass
class Site:
    """A bench that is served at ``url``; nobody takes work from its queue but the tests."""

    app: APIFlask
    url: str

    @property
    def bench(self):
        return self.app.extensions["karyogram"]

    def finish(self, analysis: int, karyotype: Karyotype) -> None:
        """Say that a worker has read a queued analysis so."""
        with writing(self.bench.engine) as session:
            held = analyses.claim(session, analysis)
            analyses.finish(session, held, karyotype, 0.1, 550)

    def plant(self, name: str, pictures: Sequence[tuple[bytes, Karyotype]]) -> list[int]:
        """Make a case of pictures that are read already; return its analyses."""
        client, made = self.app.test_client(), []
        for number, (picture, karyotype) in enumerate(pictures):
            given = {"case_name": name} if not made else {"case": str(case)}
            given["image"] = (BytesIO(picture), f"{name}_{number}.png")
            answer = client.post("/api/v1/analyses", data=given).json
            case = answer["case"]
            self.finish(answer["analyses"][0]["id"], karyotype)
            made.append(answer["analyses"][0]["id"])
        return made

    def read(self, analysis: int) -> dict:
        return self.app.test_client().get(f"/api/v1/analyses/{analysis}").json

    def labels(self, analysis: int) -> dict[int, str | None]:
        return {c["id"]: c["label"] for c in self.read(analysis)["karyotype"]["chromosomes"]}


def serve(config: Config):
    """Serve a bench while the test or fixture that iterates over this goes on."""
    app = create_app(config)
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield Site(app, f"http://127.0.0.1:{server.effective_port}")
    server.close()
    thread.join(timeout=5)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    yield from serve(Config(data=tmp_path_factory.mktemp("bench")))


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not here")
    with playwright.sync_playwright() as starter:
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

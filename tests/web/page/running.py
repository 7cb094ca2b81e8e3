"""A bench that is served in this process, for a browser; its queue waits for what the tests say has been read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from threading import Thread

from apiflask import APIFlask
from waitress.server import create_server

from karyogram.records import Karyotype
from karyogram.web import create_app
from karyogram.web.config import Config
from karyogram.web.db import analyses, writing


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
            analyses.finish(session, held, replace(karyotype, image=held.filename), 0.1, 550)

    def plant(self, name: str, pictures: Sequence[tuple[bytes, Karyotype]]) -> list[int]:
        """Make a case of pictures that are read already; return its analyses."""
        client = self.app.test_client()
        case = client.post("/api/v1/cases", json={"name": name}).json["id"]
        made = []
        for number, (picture, karyotype) in enumerate(pictures):
            given = {"case": str(case), "image": (BytesIO(picture), f"{name}_{number}.png")}
            made.append(client.post("/api/v1/analyses", data=given).json["analyses"][0]["id"])
            self.finish(made[-1], karyotype)
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

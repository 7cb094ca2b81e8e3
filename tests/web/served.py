"""Benches for the tests of the server: in this process, with a reader that takes no time, on SQLite and on PostgreSQL."""

import io
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count

import psycopg
import pytest
from apiflask import APIFlask

from bars import Bar, draw_cell
from karyogram.files import encode_picture
from karyogram.web import create_app
from karyogram.web.bench import Bench
from karyogram.web.config import Config
from karyogram.web.worker import take_up

PICTURE, CELL = draw_cell(
    [Bar("1"), Bar("1", review=("class uncertain",)), Bar("2"), Bar("X")], columns=4, iscn="", quality=0.5
)
API = "/api/v1"
SHADES, NAMES = count(0), count(0)
#: What a test that needs a PostgreSQL is marked with.
POSTGRES = [
    pytest.mark.postgres,
    pytest.mark.skipif("KARYOGRAM_POSTGRES" not in os.environ, reason="KARYOGRAM_POSTGRES names no server"),
]


@dataclass
class Served:
    """A bench with a client, and the little that most tests ask of it."""

    app: APIFlask

    def __post_init__(self):
        self.client = self.app.test_client()

    @property
    def bench(self) -> Bench:
        return self.app.extensions["karyogram"]

    def get(self, path, status=200, **kwargs):
        return self._ask("get", path, status, **kwargs)

    def post(self, path, status=200, **kwargs):
        return self._ask("post", path, status, **kwargs)

    def _ask(self, method, path, status, **kwargs):
        answer = getattr(self.client, method)(API + path, **kwargs)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.json

    def send(self, *shades, status=202, headers=None, **form):
        """Send pictures, no two shades alike."""
        form["image"] = [(io.BytesIO(picture(shade)), f"cell{shade}.png") for shade in shades]
        return self.post("/analyses", status, data=form, headers=headers)

    def new(self, cells=1, done=True):
        """A case of its own with fresh pictures; its id and those of its analyses."""
        answer = self.send(*(next(SHADES) % 256 for _ in range(cells)), case_name=f"case {next(NAMES)}")
        if done:
            self.work()
        return answer["case"], [item["id"] for item in answer["analyses"]]

    def work(self):
        """Do what waits in the queue, as a worker would."""
        huey = self.bench.queue.huey
        while (task := huey.dequeue()) is not None:
            huey.execute(task)

    def read(self, analysis):
        return self.get(f"/analyses/{analysis}")


def picture(shade: int) -> bytes:
    """The picture of four bars as PNG, one pixel in this shade."""
    pixels = PICTURE.copy()
    pixels[0, 0] = shade
    return encode_picture(pixels)


def read_at_once(monkeypatch):
    """Let every picture be read in no time: what is found is always the same four bars."""
    monkeypatch.setattr("karyogram.web.reading.make_reader", lambda *_: None)
    monkeypatch.setattr("karyogram.web.reading.estimate_bands", lambda *_: 400)
    monkeypatch.setattr("karyogram.web.reading.read_karyotype", lambda _, name, __: replace(CELL, image=name))


@contextmanager
def fresh_postgres():
    """The URL of a new database on the server that KARYOGRAM_POSTGRES names; it is dropped in the end."""
    server, name = os.environ["KARYOGRAM_POSTGRES"], f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def serve(data, **settings) -> Served:
    """A bench whose queue nobody takes from but the test; see :meth:`Served.work`."""
    served = Served(create_app(Config(data=data, **settings)))
    take_up(served.bench)
    return served


def small_bench(folders):
    """For a fixture: a bench on SQLite that takes little on. ``folders`` is pytest's ``tmp_path_factory``."""
    with pytest.MonkeyPatch.context() as patch:
        read_at_once(patch)
        yield serve(folders.mktemp("bench"), queue_limit=20, max_upload_mb=1, max_pictures=5)

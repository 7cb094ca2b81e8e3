"""How a bench starts: for whom its files are, what it says of a database it cannot use, and when the browser opens."""

import stat
from unittest.mock import Mock

import pytest
from click.testing import CliRunner
from served import serve
from sqlalchemy import text

from karyogram.errors import DataError
from karyogram.web import server
from karyogram.web.bench import open_bench
from karyogram.web.cli import serve as command
from karyogram.web.config import Config
from karyogram.web.db import writing


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_what_a_bench_keeps_is_for_its_own_user(tmp_path):
    first, again = (serve(tmp_path / "bench").app.secret_key for _ in range(2))
    assert (first == again, len(first)) == (True, 64)
    assert [mode(tmp_path / "bench"), mode(tmp_path / "bench" / "secret.key")] == [0o700, 0o600]
    assert [path.name for path in (tmp_path / "bench").iterdir() if path.name.startswith("tmp")] == []


def test_a_database_of_a_newer_karyogram_is_left_alone(tmp_path):
    bench = open_bench(Config(data=tmp_path))
    with writing(bench.engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    bench.engine.dispose()
    with pytest.raises(DataError, match="perhaps of a newer one"):
        open_bench(Config(data=tmp_path))


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////nowhere/at/all.db"])
def test_a_database_that_is_not_there_is_told_in_words(tmp_path, url):
    with pytest.raises(DataError, match="the database cannot be opened: "):
        open_bench(Config(data=tmp_path, database=url))


@pytest.mark.parametrize(("host", "place"), [("127.0.0.1", "http://127.0.0.1:4711/"), ("::1", "http://[::1]:4711/")])
def test_the_browser_opens_once_clients_may_connect_where_they_may(tmp_path, monkeypatch, host, place):
    class Listening:
        effective_port = 4711

        def run(self):
            raise SystemExit(0)

        def close(self):
            pass

    opened = []
    monkeypatch.setattr(server, "listen", lambda *_: Listening())
    monkeypatch.setattr(server, "Crew", lambda _: Mock())
    monkeypatch.setattr(server.signal, "signal", lambda *_: None)
    monkeypatch.setattr("click.launch", opened.append)
    for flags in ([], ["--no-browser"]):
        given = ["--data", str(tmp_path), "--host", host, "--port", "0", *flags]
        assert CliRunner().invoke(command, given).exit_code == 0
    assert opened == [place]

"""Whoever is told of results, and how they see that it is the bench that tells."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner
from served import POSTGRES, fresh_postgres, read_at_once, serve, small_bench
from sqlalchemy import update

from blocks import ROOT, find_blocks, run_block
from karyogram.cli import main
from karyogram.web.db import writing
from karyogram.web.db.tables import Analysis
from karyogram.web.webhooks import deliver, signature


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    yield from small_bench(tmp_path_factory)


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.heard.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.statuses.pop(0))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.heard, server.statuses = [], [500, 200]
    server.url = f"http://127.0.0.1:{server.server_port}/done"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_webhook_is_told_until_it_has_heard(bench, listener):
    analysis = bench.send(80, case_name="told", webhook=listener.url)["analyses"][0]["id"]
    bench.work()
    deliver(bench.bench)  # too early for a second try
    assert len(listener.heard) == 1
    with writing(bench.bench.engine) as session:
        session.execute(update(Analysis).where(Analysis.id == analysis).values(heartbeat=0.0))
    deliver(bench.bench)
    deliver(bench.bench)
    told = [json.loads(body) for _, body in listener.heard]
    assert [(one["analysis"], one["state"]) for one in told] == [(analysis, "done")] * 2
    assert "X-Karyogram-Signature" not in listener.heard[0][0], "there is no secret to sign with"


def test_a_webhook_is_signed_and_checked_as_the_docs_say(listener, tmp_path, monkeypatch):
    read_at_once(monkeypatch)
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef\n")
    signing = serve(tmp_path / "bench", webhook_secret_file=secret)
    signing.send(81, webhook=listener.url)
    signing.work()
    ((headers, body),) = listener.heard
    (block,) = (each for each in find_blocks(ROOT / "docs" / "api.md") if each.language == "python")
    run_block(block, names := {})
    genuine, key = names["is_genuine"], b"0123456789abcdef"
    assert genuine(key, headers, body)
    assert not genuine(key, headers, body.replace(b"done", b"gone"))
    assert not genuine(b"another secret..", headers, body)
    assert not genuine(key, dict(headers) | signature(key, 1_700_000_000, body), body), "an old one, sent again"


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot be read"), ("short", "16 bytes or more")])
def test_a_bench_does_not_start_with_a_bad_secret(tmp_path, content, reason):
    if content:
        (tmp_path / "secret").write_text(content)
    wanted = ["serve", "--no-browser", "--data", str(tmp_path), "--webhook-secret-file", str(tmp_path / "secret")]
    done = CliRunner().invoke(main, wanted)
    assert done.exit_code != 0
    assert reason in done.output


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=POSTGRES)])
def test_two_workers_do_not_stand_in_each_others_way(listener, tmp_path, monkeypatch, database):
    read_at_once(monkeypatch)
    with fresh_postgres() as url:
        bench = serve(tmp_path, database=url)
        first, second = (bench.send(shade, webhook=listener.url)["analyses"][0]["id"] for shade in (81, 82))
        with monkeypatch.context() as patch:
            patch.setattr("karyogram.web.reading.deliver", lambda _: None)
            bench.work()
        with writing(bench.bench.engine) as session:
            session.execute(update(Analysis).values(heartbeat=0.0))
        with writing(bench.bench.engine) as session:  # another worker is about to tell of the first
            session.get_one(Analysis, first, with_for_update=True)
            deliver(bench.bench)
        bench.bench.queue.huey.storage.close()
        bench.bench.engine.dispose()
    assert [json.loads(body)["analysis"] for _, body in listener.heard] == [second]

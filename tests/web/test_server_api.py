"""What the API answers: to good requests, to bad ones, to strangers; and how little it tells the log."""

import io
import json
import logging
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from PIL import Image
from served import picture, read_at_once, serve
from sqlalchemy import update

from bars import Bar, draw_cell
from blocks import ROOT, find_blocks, run_block
from karyogram.cli import main
from karyogram.files import encode_picture
from karyogram.web import models, uploads
from karyogram.web.db import writing
from karyogram.web.db.tables import Analysis, Table
from karyogram.web.logs import Lines
from karyogram.web.webhooks import deliver, signature


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        read_at_once(patch)
        yield serve(tmp_path_factory.mktemp("bench"), queue_limit=20, max_upload_mb=1, max_pictures=5)


def test_migrations_make_the_tables_of_today(bench):
    with bench.bench.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "code"),
    [
        ("get", "/nothing", {}, 404, "not_found"),
        ("get", "/api/v1/cases/999", {}, 404, "not_found"),
        ("get", "/api/v1/analyses/999", {}, 404, "not_found"),
        ("get", "/api/v1/analyses/999/events", {}, 404, "not_found"),
        ("get", "/api/v1/metaphases/999/picture", {}, 404, "not_found"),
        ("post", "/api/v1/analyses/999/again", {"json": {}}, 404, "not_found"),
        ("post", "/api/v1/metaphases/999/use", {"json": {"use": "counted", "version": 1}}, 404, "not_found"),
        ("put", "/api/v1/cases", {}, 405, "method_not_allowed"),
        ("post", "/api/v1/cases", {"data": "{broken", "content_type": "application/json"}, 400, "bad_request"),
        ("post", "/api/v1/cases", {"data": "name=a", "content_type": "text/plain"}, 415, "unsupported_media_type"),
        ("post", "/api/v1/cases", {"json": {"name": "a", "kind": "other"}}, 422, "invalid"),
        ("post", "/api/v1/cases", {"json": {"name": " \n "}}, 422, "invalid"),
        ("post", "/api/v1/cases/1/actions", {"json": {"kind": "burn", "version": 1}}, 422, "invalid"),
        ("get", "/api/v1/cases?page=0", {}, 422, "invalid"),
        ("post", "/api/v1/analyses", {"data": {}}, 422, "invalid"),
        ("post", "/api/v1/analyses", {"data": {"image": (io.BytesIO(b"words"), "a.png")}}, 415, "not_a_picture"),
        ("post", "/api/v1/analyses", {"data": {"image": (io.BytesIO(b""), "a.png")}}, 415, "not_a_picture"),
        ("post", "/api/v1/analyses", {"data": {"image": (io.BytesIO(b"x" * 2**20), "a.png")}}, 413, "too_large"),
        ("post", "/api/v1/classify", {"data": {"image": (io.BytesIO(b"words"), "a.png")}}, 415, "not_a_picture"),
        ("post", "/api/v1/tokens", {"json": {"name": "a"}}, 422, "invalid"),
    ],
)
def test_every_error_is_json_with_a_reason(bench, method, path, given, status, code):
    answer = getattr(bench.client, method)(path, **given)
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["reason"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"model": "../../etc/passwd"}, "model"),
        ({"model": "gband-segment"}, "model"),
        ({"segmenter": "/tmp/x.onnx"}, "segmenter"),  # refused, never opened
        ({"webhook": "file:///etc/passwd"}, "webhook"),
    ],
)
def test_names_in_a_request_open_no_files(bench, form, field):
    assert bench.send(1, status=422, **form)["error"]["field"] == field


def test_what_nobody_foresaw_is_a_500_without_details(bench, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("Mrs Secret")

    monkeypatch.setattr("karyogram.web.api.cases.store.list_cases", fail)
    answer = bench.client.get("/api/v1/cases")
    assert answer.status_code == 500
    assert "Secret" not in answer.get_data(as_text=True)


def test_a_picture_larger_than_a_metaphase_is_refused_before_it_is_decoded(bench, monkeypatch):
    monkeypatch.setattr("karyogram.web.pictures.decode_picture", lambda *_: pytest.fail("decoded"))
    large = encode_picture(np.zeros((5001, 5001), np.uint8))
    refused = bench.post("/analyses", 413, data={"image": (io.BytesIO(large), "a.png")})
    assert "25 megapixels" in refused["error"]["reason"]


def packed(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (packed([("a.txt", "words")]).getvalue(), 415),
        (packed([(f"{i}.png", picture(i)) for i in range(6)]).getvalue(), 413),
        (packed([("a.png", picture(1))]).getvalue()[:-30], 415),
        (packed([("a.png", b"\0" * (uploads.FREE + 2**22))]).getvalue(), 413),
    ],
    ids=["no picture", "too many", "broken", "bomb"],
)
def test_a_zip_that_is_no_folder_of_pictures_is_refused(bench, content, status):
    bench.post("/analyses", status, data={"image": (io.BytesIO(content), "folder.zip")})


def test_a_full_queue_says_when_to_come_again(bench):
    done = 0
    while done < 40:
        form = {"image": [(io.BytesIO(picture(100 + done + i)), f"{done + i}.png") for i in range(5)]}
        answer = bench.client.post("/api/v1/analyses", data=form)
        if answer.status_code != 202:
            break
        done += 5
    assert (done, answer.status_code, answer.json["error"]["code"]) == (20, 503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    bench.work()


def test_the_picture_comes_as_it_was_or_dark_on_white_and_may_be_kept(bench):
    black = 255 - np.asarray(Image.open(io.BytesIO(picture(90))))
    buffer = io.BytesIO()
    Image.fromarray(black).save(buffer, "TIFF")
    buffer.seek(0)
    answer = bench.post("/analyses", 202, data={"image": (buffer, "black.tif")})
    path = f"/api/v1/metaphases/{answer['analyses'][0]['metaphase']}/picture"
    own, dark = bench.client.get(path), bench.client.get(f"{path}?dark=1")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(own.data))), black)
    assert np.asarray(Image.open(io.BytesIO(dark.data))).mean() > 127
    assert "immutable" in own.headers["Cache-Control"]
    assert bench.client.get(path, headers={"If-None-Match": own.headers["ETag"]}).status_code == 304
    bench.work()


def test_one_chromosome_is_classified_and_as_the_founders_did(bench):
    content = encode_picture(draw_cell([Bar("1", angle=30.0)], columns=1)[0])
    told = bench.post("/classify", data={"image": (io.BytesIO(content), "one.png"), "model": models.DEFAULT})
    assert told["probabilities"][told["label"]] == told["probability"] >= told["second_probability"]
    assert told["model"]["name"] == models.DEFAULT
    founders = bench.client.post("/getChromosome/", data={"image": (io.BytesIO(content), "one.png")})
    assert founders.json == {"predictions": told["label"]}


def test_the_models_are_listed_with_their_cards(bench):
    cards = bench.get("/models")
    assert cards[0]["name"] == models.DEFAULT
    assert cards[0]["default"]
    assert {card["name"] for card in cards} >= {"gband-segment", "gband-cirnet"}


def test_events_end_with_the_last_state(bench):
    analysis = bench.send(77, case_name="events")["analyses"][0]["id"]
    bench.work()
    for path in (f"/api/v1/analyses/{analysis}/events", f"/api/v1/cases/{bench.read(analysis)['case']}/events"):
        stream = bench.client.get(path)
        assert stream.mimetype == "text/event-stream"
        assert "done" in stream.get_data(as_text=True)


def test_more_streams_than_threads_can_hold_are_refused(bench):
    analysis = bench.send(78, case_name="streams")["analyses"][0]["id"]
    open_ones = [bench.client.get(f"/api/v1/analyses/{analysis}/events") for _ in range(6)]
    refused = bench.client.get(f"/api/v1/analyses/{analysis}/events")
    for stream in open_ones:
        stream.close()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    bench.work()
    assert bench.client.get(f"/api/v1/analyses/{analysis}/events").status_code == 200


def test_the_answers_carry_a_policy_without_inline_scripts(bench):
    for path in ("/", "/docs", "/api/v1/cases", "/nothing"):
        headers = bench.client.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_docs_tell_every_path_and_need_no_internet(bench):
    spec, page = bench.client.get("/openapi.json").json, bench.client.get("/docs").get_data(as_text=True)
    assert spec["openapi"].startswith("3.")
    assert [path for path in spec["paths"] if path not in page] == []
    assert set(spec["paths"]["/api/v1/analyses"]["post"]["responses"]) >= {"202", "413", "415", "422", "503"}
    assert "http" not in page.replace("{host}", "")
    assert "<script" not in page


def test_health_and_figures(bench):
    assert bench.client.get("/healthz").json == {"status": "ok"}
    assert bench.client.get("/readyz").json == {"status": "ready"}
    text = bench.client.get("/metrics").get_data(as_text=True)
    assert 'karyogram_analyses{state="done"}' in text
    assert 'karyogram_requests_total{method="GET",rule="/healthz",status="200"}' in text


def test_another_sites_page_changes_nothing_and_rebinding_reads_nothing(bench):
    foreign = {"Origin": "http://evil.example"}
    assert bench.client.post("/api/v1/cases", json={"name": "a"}, headers=foreign).status_code == 403
    assert bench.client.get("/api/v1/cases", headers={"Host": "evil.example"}).status_code == 403
    assert bench.client.post("/api/v1/cases", json={"name": "own"}, headers={"Origin": "http://localhost"}).status_code == 201


def test_the_log_holds_no_names(bench):
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Lines())
    root = logging.getLogger("karyogram")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        bench.post("/cases", 201, json={"name": "Mrs Secret"})
        bench.post("/cases", 409, json={"name": "Mrs Secret"})
        bench.get("/cases?query=Secret")
        bench.send(79, case_name="Mr Secret")
        bench.work()
        try:
            raise ValueError("Secret")
        except ValueError:
            root.exception("failed")
    finally:
        root.removeHandler(handler)
        root.setLevel(logging.NOTSET)
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert "Secret" not in lines.getvalue()
    assert {"request", "start", "done"} <= {line["event"] for line in told}
    assert told[-1]["error"] == "ValueError"


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

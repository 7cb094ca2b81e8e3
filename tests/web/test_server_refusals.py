"""Why the API does not serve a request: every refusal is JSON with a reason, and costs the bench little."""

import io
import json
import socket
import threading
import zipfile

import numpy as np
import pytest
from served import picture, serve, small_bench

from karyogram.files import encode_picture
from karyogram.web import security, uploads
from karyogram.web.config import Config
from karyogram.web.server import listen


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    yield from small_bench(tmp_path_factory)


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

    monkeypatch.setattr("karyogram.web.api.cases.lists.find_page", fail)
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


def test_more_streams_than_threads_can_hold_are_refused(bench):
    analysis = bench.send(78, case_name="streams")["analyses"][0]["id"]
    open_ones = [bench.client.get(f"/api/v1/analyses/{analysis}/events") for _ in range(6)]
    refused = bench.client.get(f"/api/v1/analyses/{analysis}/events")
    for stream in open_ones:
        stream.close()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    bench.work()
    assert bench.client.get(f"/api/v1/analyses/{analysis}/events").status_code == 200


def test_another_sites_page_changes_nothing_and_rebinding_reads_nothing(bench):
    foreign = {"Origin": "http://evil.example"}
    assert bench.client.post("/api/v1/cases", json={"name": "a"}, headers=foreign).status_code == 403
    assert bench.client.get("/api/v1/cases", headers={"Host": "evil.example"}).status_code == 403
    assert bench.client.post("/api/v1/cases", json={"name": "own"}, headers={"Origin": "http://localhost"}).status_code == 201


def test_what_is_kept_in_memory_at_once_has_bounds(tmp_path):
    large = b'{"name": "a", "kind": "' + b"x" * security.MAX_BYTES + b'"}'
    answer = serve(tmp_path).client.post("/api/v1/cases", data=large, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def test_methods_that_there_are_none_of_leave_no_figures_behind(bench):
    for number in range(3):
        assert bench.client.open("/healthz", method=f"SPAM{number}").status_code == 405
    figures = bench.client.get("/metrics").get_data(as_text=True)
    assert 'method="other"' in figures
    assert "SPAM" not in figures


def test_what_the_server_itself_refuses_is_json_too(tmp_path):
    server = listen(Config(data=tmp_path), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with socket.create_connection(("127.0.0.1", server.effective_port), timeout=5) as line:
        line.sendall(b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n")
        head, _, body = b"".join(iter(lambda: line.recv(4096), b"")).partition(b"\r\n\r\n")
    server.close()
    thread.join(timeout=5)
    assert head.split()[1] == b"400"
    assert json.loads(body)["error"]["code"] == "bad_request"

"""What the API answers to good requests, and how little it tells the log."""

import io
import json
import logging

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from PIL import Image
from served import picture, small_bench

from bars import Bar, draw_cell
from karyogram.files import encode_picture
from karyogram.web import models
from karyogram.web.db.tables import Table
from karyogram.web.logs import Lines


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    yield from small_bench(tmp_path_factory)


def test_migrations_make_the_tables_of_today(bench):
    with bench.bench.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


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
    assert "whatever stands is signed, looked at or not" in page, "what a program had better send"


def test_health_and_figures(bench):
    assert bench.client.get("/healthz").json == {"status": "ok"}
    assert bench.client.get("/readyz").json == {"status": "ready"}
    text = bench.client.get("/metrics").get_data(as_text=True)
    assert 'karyogram_analyses{state="done"}' in text
    assert 'karyogram_requests_total{method="GET",rule="/healthz",status="200"}' in text


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

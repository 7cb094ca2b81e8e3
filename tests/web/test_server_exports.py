"""Training data packed by workers: within bounds, whatever becomes of the worker, and not for ever."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from karyogram.web.answers import ANSWERS
from karyogram.web.db import exports, writing
from karyogram.web.db.tables import Export, now
from karyogram.web.packing import pack, tidy
from karyogram.web.worker import sweep_up


@pytest.fixture
def signed(bench):
    """The bench, with two signed cells more."""
    case, _ = bench.new(cells=2)
    version = bench.get(f"/cases/{case}")["version"]
    bench.post(f"/cases/{case}/actions", json={"kind": "approve", "version": version})
    return bench


def ask(bench, status=202):
    return bench.post("/export/training", status, json={"layout": "coco"})


def age(bench, **values):
    with writing(bench.bench.engine) as session:
        session.execute(update(Export).values(**values))


def read(bench, number):
    return bench.get(f"/export/training/{number}")


def file_of(bench, number):
    return bench.client.get(f"/api/v1/export/training/{number}/file")


def test_an_export_waits_is_packed_and_goes_after_a_day(signed):
    number = ask(signed)["id"]
    assert (read(signed, number)["state"], read(signed, number)["progress"]) == ("queued", 0.0)
    assert file_of(signed, number).status_code == 409
    signed.work()
    tidy(signed.bench)
    assert read(signed, number)["state"] == "done"
    assert file_of(signed, number).data.startswith(b"PK")
    (signed.bench.config.data / "exports" / f"{number}.part1").write_bytes(b"of a worker that was killed")
    age(signed, finished=now() - timedelta(days=2))
    tidy(signed.bench)
    told = read(signed, number)
    assert (told["state"], file_of(signed, number).status_code) == ("gone", 409)
    assert told["state"] in ANSWERS["get /api/v1/export/training/{number}"]["properties"]["state"]["enum"]
    assert list((signed.bench.config.data / "exports").iterdir()) == []


def test_no_more_exports_than_the_bench_takes_on(signed, monkeypatch):
    numbers = [ask(signed)["id"] for _ in range(exports.MOST)]
    assert ask(signed, 503)["error"]["code"] == "busy"
    signed.work()
    assert {read(signed, number)["state"] for number in numbers} == {"done"}
    monkeypatch.setattr(exports, "MOST_CELLS", 1)
    assert ask(signed, 413)["error"]["code"] == "too_large"


def test_what_a_dead_worker_had_is_packed_by_another(signed):
    number = ask(signed)["id"]
    signed.bench.queue.huey.storage.flush_queue()
    with writing(signed.bench.engine) as session:
        held = exports.claim(session, number)
        assert exports.claim(session, number) is None
    age(signed, heartbeat=0.0)
    sweep_up(signed.bench)
    signed.work()
    assert read(signed, number)["state"] == "done"
    with writing(signed.bench.engine) as session:  # the dead one was only asleep
        assert not exports.note(session, held, packed=1)


def test_an_export_that_kills_workers_or_cannot_be_packed_fails_with_a_reason(signed, monkeypatch):
    number = ask(signed)["id"]
    for _ in range(signed.bench.config.attempts):
        with writing(signed.bench.engine) as session:
            exports.claim(session, number)
        age(signed, heartbeat=0.0)
        sweep_up(signed.bench)
    assert "died 3 times" in read(signed, number)["error"]

    def fail(*_):
        raise OSError(f"{signed.bench.config.data}/exports: no space")

    monkeypatch.setattr("karyogram.web.packing.write_zip", fail)
    number = ask(signed)["id"]
    signed.work()
    assert (read(signed, number)["state"], read(signed, number)["error"]) == ("failed", "OSError: exports: no space")


def test_a_worker_told_to_stop_gives_its_export_back(signed, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    number = ask(signed)["id"]
    with monkeypatch.context() as patch:
        patch.setattr("karyogram.web.packing.write_zip", stop)
        with pytest.raises(KeyboardInterrupt):
            pack(signed.bench, number)
    assert read(signed, number)["state"] == "queued"
    signed.work()
    assert read(signed, number)["state"] == "done"

"""The life of pictures and analyses, on SQLite and, where there is a server, on PostgreSQL."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from served import CELL, picture
from sqlalchemy import update

from karyogram.errors import PictureError
from karyogram.web.db import analyses, repeats, writing
from karyogram.web.db.tables import Analysis, now
from karyogram.web.worker import sweep_up


def test_a_picture_is_queued_read_and_shown(bench):
    case, (analysis,) = bench.new(done=False)
    assert bench.read(analysis)["state"] == "queued"
    assert bench.read(analysis)["karyotype"] is None
    bench.work()
    told = bench.read(analysis)
    assert told["state"] == "done"
    assert [c["label"] for c in told["karyotype"]["chromosomes"]] == ["1", "1", "2", "X"]
    whole = bench.get(f"/cases/{case}")
    assert whole["metaphases"][0]["analysis"]["review"] == 1
    assert whole["result"]["cells"][0]["bands"] == 400
    line = next(item for item in bench.get("/cases")["items"] if item["id"] == case)
    assert (line["metaphases"], line["done"], line["to_review"]) == (1, 1, 1)


def test_the_same_picture_is_in_a_case_once(bench):
    shade = 254
    case = bench.send(shade, case_name="twice")["case"]
    again = bench.send(shade, 255, case=str(case))
    assert [item["filename"] for item in again["analyses"]] == ["cell255.png"]
    assert "already" in again["rejected"][0]["reason"]
    bench.send(shade, case=str(case), status=409)
    bench.work()


def test_a_key_makes_a_request_count_once_however_often_it_comes(bench):
    def send(_):
        return bench.app.test_client().post(
            "/api/v1/analyses",
            data={"case_name": "keyed", "image": (io.BytesIO(picture(201)), "a.png")},
            headers={"Idempotency-Key": "k1"},
        )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_data() for answer in answers}) == 1
    assert (
        bench.send(202, case_name="keyed", headers={"Idempotency-Key": "k1"}, status=422)["error"]["field"] == "Idempotency-Key"
    )
    bench.work()


def test_keys_are_forgotten_after_their_time(bench):
    with writing(bench.bench.engine) as session:
        for key, days in (("old", repeats.KEPT.days + 1), ("young", repeats.KEPT.days - 1)):
            repeats.claim(session, key, "ann", "digest").at = now() - timedelta(days=days)
    with writing(bench.bench.engine) as session:
        repeats.claim(session, "new", "ann", "digest")
        kept = [repeats.answered(session, key, "ann", "digest") is not None for key in ("old", "young", "new")]
    assert kept == [False, True, True]


def test_a_metaphase_is_read_again_beside_its_old_analysis(bench):
    case, (analysis,) = bench.new()
    other = bench.post(f"/analyses/{analysis}/again", 202, json={"segmenter": "classical"})
    assert bench.post(f"/analyses/{analysis}/again", 409, json={})["error"]["code"] == "conflict"
    bench.work()
    assert bench.get(f"/cases/{case}")["metaphases"][0]["analysis"]["id"] == other["id"]
    assert bench.read(analysis)["state"] == "done"


def age(bench, analysis, seconds):
    with writing(bench.bench.engine) as session:
        session.execute(update(Analysis).where(Analysis.id == analysis).values(heartbeat=Analysis.heartbeat - seconds))


def test_what_a_dead_worker_had_is_done_by_another(bench):
    _, (analysis,) = bench.new(done=False)
    huey = bench.bench.queue.huey
    huey.dequeue()  # taken from the queue by a worker that then dies
    with writing(bench.bench.engine) as session:
        held = analyses.claim(session, analysis)
        assert analyses.claim(session, analysis) is None
    sweep_up(bench.bench)
    assert bench.bench.queue.size() == 0  # it may still live
    age(bench, analysis, 60)
    sweep_up(bench.bench)
    bench.work()
    assert (bench.read(analysis)["state"], bench.read(analysis)["attempts"]) == ("done", 2)
    with writing(bench.bench.engine) as session:  # the dead one was only asleep: its late answer does not count
        assert not analyses.finish(session, held, CELL, 1.0, None)
        assert not analyses.beat(session, held)


def test_a_picture_that_kills_workers_fails_in_the_end(bench):
    case, (analysis,) = bench.new(done=False)
    bench.bench.queue.huey.storage.flush_queue()
    for _ in range(bench.bench.config.attempts):
        before = bench.get("/cases")["items"]
        with writing(bench.bench.engine) as session:
            assert analyses.claim(session, analysis)
        age(bench, analysis, 60)
        sweep_up(bench.bench)
    after = bench.get("/cases")["items"]
    assert next(item["updated"] for item in before if item["id"] == case) < after[0]["updated"]
    assert (after[0]["id"], after[0]["failed"]) == (case, 1)
    assert bench.read(analysis)["state"] == "failed"
    assert "died 3 times" in bench.read(analysis)["error"]
    bench.bench.queue.huey.storage.flush_queue()


def test_what_got_lost_before_the_queue_is_put_in(bench):
    _, (analysis,) = bench.new(done=False)
    bench.bench.queue.huey.storage.flush_queue()
    sweep_up(bench.bench)
    assert bench.bench.queue.size() == 0  # perhaps on its way yet
    age(bench, analysis, 60)
    sweep_up(bench.bench)
    bench.work()
    assert bench.read(analysis)["state"] == "done"


def test_a_picture_is_accepted_though_the_queue_is_away(bench, monkeypatch):
    def away(_):
        raise OSError("no connection")

    with monkeypatch.context() as patch:
        patch.setattr(bench.bench.queue, "put", away)
        _, (analysis,) = bench.new(done=False)
    age(bench, analysis, 60)
    sweep_up(bench.bench)
    bench.work()
    assert bench.read(analysis)["state"] == "done"


def test_a_worker_told_to_stop_gives_its_analysis_back(bench, monkeypatch):
    _, (analysis,) = bench.new(done=False)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("karyogram.web.reading.read_karyotype", stop)
        with pytest.raises(KeyboardInterrupt):
            bench.bench.queue.work(analysis)
    assert (bench.read(analysis)["state"], bench.read(analysis)["attempts"]) == ("queued", 0)
    bench.work()


def test_the_reason_of_a_failure_names_the_file_as_it_was_called(bench, monkeypatch):
    def fail(path):
        raise PictureError(f"{path}: is broken")

    case, (analysis,) = bench.new(done=False)
    with monkeypatch.context() as patch:
        patch.setattr("karyogram.web.reading.open_metaphase", fail)
        bench.work()
    told = bench.read(analysis)
    assert told["error"] == f"{told['filename']}: is broken"
    assert next(item for item in bench.get("/cases")["items"] if item["id"] == case)["failed"] == 1


def test_a_zip_of_a_folder_goes_into_one_case(bench):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil/a.png", picture(61))
        archive.writestr("/abs/b.png", picture(62))
        archive.writestr("notes.txt", "no picture")
        archive.writestr("c.png", b"no picture either")
    buffer.seek(0)
    answer = bench.post("/analyses", 202, data={"case_name": "zipped", "image": (buffer, "folder.zip")})
    assert [item["filename"] for item in answer["analyses"]] == ["a.png", "b.png"]
    assert [item["filename"] for item in answer["rejected"]] == ["c.png"]
    home = bench.bench.config.data
    assert {path.parent.parent.name for path in home.rglob("*.png")} == {"pictures"}
    bench.work()


def test_of_a_zip_that_is_broken_in_one_place_the_rest_is_taken(bench):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for shade in (71, 72):
            archive.writestr(f"{shade}.png", picture(shade))
    content = bytearray(buffer.getvalue())
    content[content.find(picture(72)) + 40] ^= 0xFF
    answer = bench.post("/analyses", 202, data={"case_name": "broken", "image": (io.BytesIO(bytes(content)), "a.zip")})
    assert [item["filename"] for item in answer["analyses"]] == ["71.png"]
    assert [(item["filename"], "broken" in item["reason"]) for item in answer["rejected"]] == [("72.png", True)]
    bench.work()


@pytest.mark.parametrize("name", ["at once", ""], ids=["one case", "a case each"])
def test_pictures_that_come_at_once_find_their_case(bench, name):
    def send(shade):
        given = {"case_name": name, "image": (io.BytesIO(picture(shade)), "together.png")}
        return bench.app.test_client().post("/api/v1/analyses", data=given)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(210, 218)))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert len({answer.json["case"] for answer in answers}) == (1 if name else 8)
    bench.work()

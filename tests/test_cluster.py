"""`karyogram analyze --cluster`: pictures on the workers of a Dask scheduler, some of whom do not live long."""

import csv
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from bars import Bar, draw_cell
from karyogram import batch
from karyogram.batch import Row
from karyogram.cli import main
from karyogram.files import write_picture, write_text
from karyogram.records import Karyotype
from test_weights import tiny_classifier

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    """Two workers, a process each; a task that was on two workers that died is given up."""
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
    ):
        yield cluster


@pytest.fixture
def pictures(tmp_path):
    """The (path, result folder) pairs of six small pictures."""
    picture = draw_cell([Bar("1"), Bar("2")])[0]
    paths = [write_picture(tmp_path / "in" / f"{n}.png", picture) for n in range(6)]
    return [(path, tmp_path / "out" / path.stem) for path in paths]


def test_a_cluster_does_the_pictures_and_skips_what_is_done(cluster, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a worker's folder is another one
    write_text(Path("in/broken.png"), "no picture")
    Path("tiny.onnx").write_bytes(tiny_classifier({"1": 3.0}))
    ask = ["in", "-o", "out", "--model", "tiny.onnx", "--segmenter", "classical", "--cluster", cluster.scheduler_address]
    for status in ("done", "skipped"):
        ended = CliRunner().invoke(main, ["analyze", *ask])
        assert ended.exit_code == 1
        assert "broken.png: not a TIFF" in ended.stderr
        with Path("out/summary.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["status"] for row in rows] == [status] * 6 + ["failed"]
    for path, folder in pictures:
        assert Karyotype.from_json((folder / "karyotype.json").read_text()).image == str(path)


def test_a_worker_killed_in_the_middle_costs_no_picture(cluster, pictures):
    def slow(path, _):
        time.sleep(0.2)
        return Row(str(path), "done", seconds=float(os.getpid()))

    import time

    rows = []
    for row in batch._on_cluster(slow, pictures, cluster.scheduler_address):
        if not rows:
            os.kill(int(row.seconds), signal.SIGKILL)
        rows.append(row)
    assert sorted(row.path for row in rows) == [str(path) for path, _ in pictures]
    assert {row.status for row in rows} == {"done"}


def test_a_picture_that_kills_every_worker_is_named_and_the_rest_is_done(cluster, pictures):
    def deadly(path, _):
        return os._exit(9) if path.stem == "3" else Row(str(path), "done")

    rows = sorted(batch._on_cluster(deadly, pictures, cluster.scheduler_address), key=lambda row: row.path)
    assert [row.status for row in rows] == ["done"] * 3 + ["failed"] + ["done"] * 2
    assert rows[3].path == str(pictures[3][0])
    assert f"{pictures[3][0]}: lost with its worker: KilledWorker" in rows[3].error


def test_no_pictures_are_no_work_and_no_scheduler_is_one_line(cluster, tmp_path, monkeypatch):
    assert list(batch._on_cluster(Row, [], cluster.scheduler_address)) == []
    picture = write_picture(tmp_path / "a.png", draw_cell([Bar("1")])[0])
    ended = CliRunner().invoke(main, ["analyze", str(picture), "-o", str(tmp_path / "out"), "--cluster", "nonsense"])
    assert ended.exit_code == 1
    assert ended.stderr == "Error: nonsense: no Dask scheduler answers: missing port number in address 'nonsense'\n"

"""A bench as real processes, killed in the middle: no accepted picture and no edit is lost."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from served import POSTGRES, fresh_postgres

from karyogram.files import encode_picture, read_picture

#: Seconds for all to be done, on a slow machine with much else to do.
PATIENCE = 240


class Processes:
    """`karyogram serve` with one worker, as a person starts it."""

    def __init__(self, data: Path, database: str):
        self.log = (data / "log").open("ab")
        given = ["--data", str(data), "--port", "0", "--no-browser", "--lease", "3", "--database", database]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "karyogram.web", *given], stderr=subprocess.PIPE, env=environment, text=True
        )
        self.url = ""
        for line in self.process.stderr:
            if '"serving"' in line:
                self.url = f"http://127.0.0.1:{json.loads(line)['port']}/api/v1"
                break
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.log)

    def ask(self, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind} if body else {})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def send(self, name, picture):
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
        body = head.encode() + picture + f"\r\n--{edge}--\r\n".encode()
        return self.ask("/analyses", body, f"multipart/form-data; boundary={edge}")["analyses"][0]["id"]

    def wait(self, analysis, *states):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            told = self.ask(f"/analyses/{analysis}")
            if told["state"] in states:
                return told
            time.sleep(0.1)
        pytest.fail(f"analysis {analysis} is {told['state']} still")

    def kill_workers(self):
        """End the worker processes as the kernel does when memory runs out."""
        for crew in children(self.process.pid):
            for worker in children(crew):
                os.kill(worker, signal.SIGKILL)

    def end(self, how):
        self.process.send_signal(how)
        status = self.process.wait(120)
        self.drain.wait(120)
        self.log.close()
        return status


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=POSTGRES)])
def database(request):
    if request.param == "sqlite":
        yield ""
        return
    with fresh_postgres() as url:
        yield url


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes in /proc")
def test_kill_9_of_workers_and_of_the_server_loses_nothing(tmp_path, database):
    pixels = read_picture(files("karyogram") / "data" / "demo.png").pixels
    pictures = [encode_picture(np.roll(pixels, shift, axis=0)) for shift in range(3)]

    bench = Processes(tmp_path, database)
    ids = [bench.send(f"{number}.png", picture) for number, picture in enumerate(pictures)]
    bench.wait(ids[0], "done")
    edit = json.dumps({"version": 0, "edits": [{"kind": "flip", "id": 1}]}).encode()
    assert bench.ask(f"/analyses/{ids[0]}/edits", edit)["version"] == 1
    bench.wait(ids[1], "running", "done")
    bench.kill_workers()
    (crew,) = children(bench.process.pid)
    bench.end(signal.SIGKILL)

    bench = Processes(tmp_path, database)
    told = [bench.wait(analysis, "done", "failed") for analysis in ids]
    assert [(item["state"], item["version"]) for item in told] == [("done", 1), ("done", 0), ("done", 0)]
    assert told[0]["can_undo"]
    assert [len(item["karyotype"]["chromosomes"]) >= 40 for item in told] == [True] * 3
    assert gone(crew)  # workers do not outlive their server for long
    assert bench.end(signal.SIGTERM) == 0

"""Fifty clients at once on one bench: what they are answered, how long it takes, how much memory the server needs.

    python benchmarks/serve.py --clients 50 --seconds 20 --out benchmarks/results/serve.json

Starts ``karyogram serve`` in a new folder, with a small drawn metaphase. Every client lists cases, reads a case and an
analysis, asks what others have done as an open page does, fetches the picture and a chromosome, edits that analysis, the
same for all, so that most are told 409, and now and then uploads a picture; the queue is short, so that it fills and
refuses. Memory is that of the server's process, sampled ten times a second.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.files import encode_picture


def main() -> None:
    """Measure, print, and keep what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--queue", type=int, default=20)
    parser.add_argument("--database", default="")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "karyogram.web", "--data", folder, "--port", "0", "--no-browser", "--workers", "1"]
        command += ["--queue", str(given.queue), "--log", "info", "--database", given.database]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            figures = measure(server, given)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(150)
    text = json.dumps(figures, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


def measure(server: subprocess.Popen, given: argparse.Namespace) -> dict:
    """Return what the clients met."""
    port = next(json.loads(line)["port"] for line in server.stderr if '"serving"' in line)
    threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()
    base = f"http://127.0.0.1:{port}"
    picture, _ = synth_metaphase(3)
    first = upload(base, picture, 0)[1]["analyses"][0]["id"]
    while read(base, f"/api/v1/analyses/{first}")[1]["state"] in ("queued", "running"):
        time.sleep(0.5)
    before, most, over = memory(server.pid), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            most[0] = max(most[0], memory(server.pid))

    threading.Thread(target=watch, daemon=True).start()
    statuses: Counter[str] = Counter()
    times: dict[str, list[float]] = defaultdict(list)
    end = time.monotonic() + given.seconds
    with ThreadPoolExecutor(given.clients) as pool:
        for seen in pool.map(lambda number: client(base, picture, first, number, end), range(given.clients)):
            for kind, status, seconds in seen:
                statuses[f"{kind} {status}"] += 1
                times[kind].append(seconds)
    over.set()
    return {
        "clients": given.clients,
        "seconds": given.seconds,
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "database": "postgresql" if given.database else "sqlite",
        "requests": sum(statuses.values()),
        "answers": dict(sorted(statuses.items())),
        "milliseconds": {
            kind: {
                name: round(1000 * float(np.percentile(all_, q))) for name, q in (("median", 50), ("p95", 95), ("most", 100))
            }
            for kind, all_ in sorted(times.items())
        },
        "memory_mb": {"before": before, "most": most[0], "after": memory(server.pid)},
    }


def client(base: str, picture: np.ndarray, analysis: int, number: int, end: float) -> list[tuple[str, int, float]]:
    """Ask this and that until ``end``; return kind, status and seconds of each request."""
    chance, seen, tag = random.Random(number), [], ""

    def ask(kind: str, do, *arguments) -> tuple:
        start = time.monotonic()
        status, told = do(*arguments)
        seen.append((kind, status, time.monotonic() - start))
        return status, told

    while time.monotonic() < end:
        ask("cases", read, base, "/api/v1/cases")
        found, told = ask("analysis", read, base, f"/api/v1/analyses/{analysis}")
        ask("case", read, base, f"/api/v1/cases/{told.get('case', 1)}")
        _, tag = ask("versions", poll, base, f"/api/v1/cases/{told.get('case', 1)}/versions", tag)
        ask("picture", read, base, f"/api/v1/metaphases/{told.get('metaphase', 1)}/picture?dark=1")
        ask("chromosome", read, base, f"/api/v1/analyses/{analysis}/chromosomes/1.png")
        if found == 200:
            edit = json.dumps({"version": told["version"], "edits": [{"kind": "flip", "id": 1 + number % 40}]}).encode()
            ask("edit", read, base, f"/api/v1/analyses/{analysis}/edits", edit, "application/json")
        if chance.random() < 0.3:
            ask("upload", upload, base, picture, chance.getrandbits(30))
    return seen


def upload(base: str, picture: np.ndarray, shade: int) -> tuple[int, dict]:
    """Send the picture, a few pixels changed."""
    own = picture.copy()
    own[0, :4] = np.frombuffer(shade.to_bytes(4, "little"), np.uint8)
    edge = uuid.uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{shade}.png"\r\n\r\n'.encode()
    body = head + encode_picture(own) + f"\r\n--{edge}--\r\n".encode()
    return read(base, "/api/v1/analyses", body, f"multipart/form-data; boundary={edge}")


def read(base: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, dict]:
    """Return status and JSON; 0 for a connection that broke."""
    request = urllib.request.Request(base + path, body, {"Content-Type": kind} if body else {})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            content, status, form = answer.read(), answer.status, answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        content, status, form = error.read(), error.code, error.headers.get_content_type()
    except OSError:
        return 0, {}
    return status, json.loads(content) if form == "application/json" and content.startswith(b"{") else {}


def poll(base: str, path: str, tag: str) -> tuple[int, str]:
    """Ask what is new since ``tag``; return status and the tag of what is known now."""
    try:
        with urllib.request.urlopen(urllib.request.Request(base + path, headers={"If-None-Match": tag}), timeout=120) as answer:
            return answer.status, answer.headers["ETag"]
    except urllib.error.HTTPError as error:
        return error.code, tag
    except OSError:
        return 0, tag


def memory(pid: int) -> int:
    """Return the resident memory of a process in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()

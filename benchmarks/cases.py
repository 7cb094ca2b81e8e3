"""What the list of cases and a case cost a bench: milliseconds of a core, in this process, on SQLite.

    python benchmarks/cases.py --out benchmarks/results/cases.json

The cells are one drawn metaphase, planted as if a worker had read them.
"""

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.records import Karyotype
from karyogram.web import create_app
from karyogram.web.config import Config
from karyogram.web.db import writing
from karyogram.web.db.edits import summarise
from karyogram.web.db.tables import Analysis, Case, Metaphase

CASES, CELLS = 500, 10
API = "/api/v1"


def plant(session: Session, name: str, cells: int, read: Karyotype) -> Case:
    """Add a case of so many cells, all read."""
    case = Case(name=name)
    session.add(case)
    session.flush()
    for number in range(cells):
        cell = Metaphase(filename=f"{number}.png", sha256=f"{number}", stored="none", width=read.width, height=read.height)
        analysis = Analysis(state="done", model="gband", segmenter="auto", karyotype=read.to_json())
        summarise(analysis, replace(read, image=cell.filename))
        cell.analyses.append(analysis)
        case.metaphases.append(cell)
    session.flush()
    return case


def cost(ask: Callable[[], object], times: int = 1) -> float:
    """Return the milliseconds of a core that asking takes."""
    start = time.process_time()
    for _ in range(times):
        ask()
    return round(1000 * (time.process_time() - start) / times, 1)


def measure_list(client: FlaskClient, lines: int) -> dict[str, float]:
    """Ask for the list of cases, new and as it was."""
    path = f"{API}/cases?per_page={lines}"
    kept = {"If-None-Match": client.get(path).headers["ETag"]}
    return {"told": cost(lambda: client.get(path), 20), "304": cost(lambda: client.get(path, headers=kept), 20)}


def measure_case(client: FlaskClient, case: int, analysis: int) -> dict[str, float]:
    """Ask for a case for the first time, again, and after an edit."""

    def ask() -> object:
        return client.get(f"{API}/cases/{case}")

    figures = {"first": cost(ask), "again": cost(ask, 20)}
    client.post(f"{API}/analyses/{analysis}/edits", json={"version": 0, "edits": [{"kind": "flip", "id": 1}]})
    return figures | {"after an edit": cost(ask)}


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Config(data=Path(folder)))
        read, client = synth_metaphase(0)[1], app.test_client()
        told: dict[str, object] = {"load": round(os.getloadavg()[0], 1)}
        with writing(app.extensions["karyogram"].engine) as session:
            wanted = {cells: plant(session, f"of {cells}", cells, read) for cells in (20, 200)}
            asked = {cells: (case.id, case.metaphases[0].analyses[0].id) for cells, case in wanted.items()}
            small = replace(read, chromosomes=())
            for number in range(CASES):
                plant(session, f"case {number}", CELLS, small)
        told |= {f"list of {CASES} cases, {lines} lines, ms": measure_list(client, lines) for lines in (50, 500)}
        told |= {f"case of {cells} cells, ms": measure_case(client, *numbers) for cells, numbers in asked.items()}
    text = json.dumps(told, indent=1)
    print(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

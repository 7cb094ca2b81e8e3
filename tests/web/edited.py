"""Analyses that stand in the database as if a machine had read them, and the requests that most tests of edits make."""

import hashlib
import io
import zipfile
from dataclasses import replace
from itertools import count

from hand import cell

from karyogram.files import encode_picture, write_bytes
from karyogram.web import create_app
from karyogram.web.config import Config
from karyogram.web.db import writing
from karyogram.web.db.edits import summarise
from karyogram.web.db.tables import Analysis, Case, Metaphase

TRUTH, PICTURE = cell()
MACHINE = replace(TRUTH, image="cell0.png")
API = "/api/v1"
NAMES = count(1)


def open_app(data):
    """An application whose pictures are all that of the drawn cell."""
    write_bytes(data / "cell.png", encode_picture(PICTURE))
    return create_app(Config(data=data, immediate=True))


def put(app, cells=1, state="open"):
    """Put a case with analysed metaphases into the database; return its id and those of its analyses."""
    with writing(app.extensions["karyogram"].engine) as session:
        case = Case(name=f"case {next(NAMES)}", state=state)
        session.add(case)
        session.flush()
        found = []
        for number in range(cells):
            sha256 = hashlib.sha256(f"{case.id}/{number}".encode()).hexdigest()
            picture = Metaphase(filename=f"cell{number}.png", sha256=sha256, stored="cell.png", width=700, height=690)
            case.metaphases.append(picture)
            session.flush()
            analysis = Analysis(metaphase_id=picture.id, state="done", model="gband", segmenter="auto")
            machine = replace(MACHINE, image=picture.filename)
            analysis.karyotype = machine.to_json()
            summarise(analysis, machine)
            session.add(analysis)
            session.flush()
            found.append(analysis.id)
        return case.id, found


def edit(client, analysis, version, *edits, status=200, **how):
    """Do edits, and return the answer, which has to have this status."""
    answer = client.post(f"{API}/analyses/{analysis}/edits", json={"version": version, "edits": list(edits)}, **how)
    assert answer.status_code == status, answer.json
    return answer.json


def step(client, analysis, version, way, status=200):
    """Undo or redo."""
    answer = client.post(f"{API}/analyses/{analysis}/{way}", json={"version": version})
    assert answer.status_code == status, answer.json
    return answer.json


def members(answer):
    """The zip that was answered."""
    return zipfile.ZipFile(io.BytesIO(answer.data))

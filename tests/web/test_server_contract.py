"""The API keeps what its OpenAPI description says: schemathesis asks for everything in it, sensibly and not.

EXAMPLES=500 asks so often for each operation, other things each time; ``make fuzz-api`` does.
"""

import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from served import API, picture
from sqlalchemy import select

from karyogram.web import models
from karyogram.web.answers import ANSWERS
from karyogram.web.api import events
from karyogram.web.db import reading, writing
from karyogram.web.db.people import add_user, issue
from karyogram.web.db.tables import Analysis, Case, Metaphase

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
PASSWORD = "correct horse"
NAMES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")

#: Values of what is on the bench, by the name of a field: without them nearly all would be of things that there are not.
IDS = (1, 2, 3, 4)
KNOWN = {
    **dict.fromkeys(("case", "case_id", "analysis", "analysis_id", "metaphase_id"), IDS),
    **dict.fromkeys(("chromosome", "id", "ids", "a", "replaces", "place"), (1, 2, 3)),
    "b": (2, 3),
    "token_id": (2, 3),
    "name": ("ann",),
    "password": (PASSWORD,),
    "model": (models.DEFAULT,),
    "segmenter": ("classical",),
    "webhook": ("",),
    "label": ("1", "X"),
    "format": ("json", "png", "csv,iscn"),
    "image": (picture(1), picture(2)),
    "polygon": ([[2, 2], [40, 2], [40, 90], [2, 90]],),
    "x": (20.0,),
    "y": (40.0,),
}


@pytest.fixture(scope="module")
def token(bench):
    """A token, once the bench has two cells read, one of an approved case, one that could not be read, and a person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "LONGEST", 0.0)
        for shade, case in ((10, "one"), (11, "two"), (12, "signed")):
            bench.send(shade, case_name=case)
        bench.work()
        bench.post("/cases/3/actions", json={"kind": "approve", "version": bench.get("/cases/3")["version"]})
        bench.send(13, case_name="unread")
        bench.post("/analyses/1/edits", json={"version": 0, "edits": [{"kind": "flip", "id": 1}, {"kind": "flip", "id": 2}]})
        bench.post("/analyses/1/undo", json={"version": 2})
        with writing(bench.bench.engine) as session:
            session.get_one(Analysis, 4).state = "failed"
            ann = add_user(session, "ann", PASSWORD, "approve")
            secrets = [issue(session, ann, "contract")[0] for _ in range(3)]
        yield secrets[0]


@pytest.fixture(scope="module")
def operations(bench, token):
    """What the description says that can be asked for; undo comes before redo, and both before new edits."""
    load_all_checks()
    schema = schemathesis.openapi.from_wsgi("/openapi.json", bench.app, headers=_bearer(token))
    refusals = ["501", "503"]  # no weights of SAM here; more to do than the bench takes on
    schema.config.checks.not_a_server_error.expected_statuses = ["2xx", "3xx", "4xx", *refusals]
    found = [operation.ok() for operation in schema.get_all_operations()]
    return sorted(found, key=lambda operation: ("/undo" not in operation.label, "/redo" not in operation.label))


def _bearer(token):
    return {"Authorization": f"Bearer {token}"}


def _version(session, named):
    """The version that a change of what a path names is to be made on."""
    number = next(iter(named.values()), None)
    if number not in IDS:
        return 0
    table = Analysis if "analysis" in named else Case
    if "metaphase_id" in named:
        number = session.scalar(select(Metaphase.case_id).where(Metaphase.id == number))
    return session.scalar(select(table.version).where(table.id == number)) or 0


def _steered(value, known, draw, name=""):
    """A generated value in which fields that name something mostly name what there is."""
    if isinstance(value, dict):
        return {key: _steered(inner, known, draw, key) for key, inner in value.items()}
    if isinstance(value, list) and name != "polygon":
        return [_steered(inner, known, draw, name) for inner in value]
    return draw(st.sampled_from((*known[name] * 3, value))) if name in known else value


def ask(bench, token, operation, mode, examples):
    """Ask for an operation in many ways; return how often each status was answered. What breaks the contract is raised."""
    answered = Counter()
    checks = [CHECKS.get_one(name) for name in NAMES]

    @settings(
        max_examples=examples,
        derandomize=not EXAMPLES,
        database=None,
        phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.data())
    def once(case, data):
        case.path_parameters = _steered(case.path_parameters, KNOWN, data.draw)
        with reading(bench.bench.engine) as session:
            known = KNOWN | {"version": (_version(session, case.path_parameters),)}
        case.query = _steered(case.query, known, data.draw)
        case.body = _steered(case.body, known, data.draw)
        answer = case.call(headers=data.draw(st.sampled_from([_bearer(token)] * 9 + [{}])))
        answered[answer.status_code] += 1
        case.validate_response(answer, checks=checks)

    once()
    return answered


def test_every_answer_is_told_and_of_a_view(operations):
    assert {f"{operation.method} {operation.path}" for operation in operations} == set(ANSWERS)


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_text_that_no_database_can_hold_is_no_mistake_of_ours(bench, text):
    asked = bench.client.get(f"{API}/cases", query_string={"query": text.encode(errors="surrogatepass")})
    sent = bench.client.post(f"{API}/login", json={"name": text, "password": PASSWORD})
    assert {asked.status_code, sent.status_code} <= {200, 401, 422}


def test_every_operation_keeps_to_the_description(bench, token, operations, subtests):
    refused = set()
    for operation in operations:
        with subtests.test(operation.label):
            takes = bool(operation.body or operation.query or operation.path_parameters)
            answered = ask(bench, token, operation, GenerationMode.POSITIVE, EXAMPLES or (10 if takes else 1))
            if takes:
                answered += ask(bench, token, operation, GenerationMode.NEGATIVE, EXAMPLES or 5)
            bench.work()
            if min(answered) >= 300:
                refused.add(operation.label)
    assert refused == {"DELETE /api/v1/cases/{case_id}", "GET /api/v1/analyses/{analysis}/segment"}

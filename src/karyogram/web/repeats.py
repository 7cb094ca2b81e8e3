"""Do a POST once, however often it is sent with the same Idempotency-Key."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from karyogram.web.bench import bench
from karyogram.web.db import reading, repeats, writing
from karyogram.web.people import person
from karyogram.web.refusals import Invalid

HEADER = "Idempotency-Key"
#: What a view answers: a body and a status.
Answer = tuple[dict[str, Any], int]


def once(asked: Any, do: Callable[[Session], Answer]) -> Answer:
    """Run ``do`` in one transaction with the key of the request, if it carries one, and return its answer.

    ``asked`` is what the request asks for, as JSON. A request that was served is answered as it was then; the same key with
    something else asked raises Invalid. Refusals are not kept: what failed may be tried again under the same key.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        with writing(bench().engine) as session:
            return do(session)
    if len(key) > 200:
        raise Invalid("an Idempotency-Key has up to 200 characters", field=HEADER)
    user, digest = person().name, _digest(asked)
    if before := _answered(key, user, digest):
        return before
    try:
        with writing(bench().engine) as session:
            row = repeats.claim(session, key, user, digest)
            row.response, row.status = do(session)
            return row.response, row.status
    except IntegrityError:
        if before := _answered(key, user, digest):
            return before
        raise


def _answered(key: str, user: str, digest: str) -> Answer | None:
    with reading(bench().engine) as session:
        return repeats.answered(session, key, user, digest)


def _digest(asked: Any) -> str:
    text = json.dumps([request.path, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

"""Requests that carry an Idempotency-Key: the same again is answered as the first time, and done once."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from karyogram.web.db.tables import Idempotency, now
from karyogram.web.refusals import Invalid

#: So long an answer is kept.
KEPT = timedelta(days=7)


def answered(session: Session, key: str, user: str, digest: str) -> tuple[Any, int] | None:
    """Return answer and status of a request that was served under this key, None if there was none.

    Raises Invalid if the key was used for another request.
    """
    row = session.get(Idempotency, (key, user))
    if row is None:
        return None
    if row.digest != digest:
        raise Invalid("this Idempotency-Key was used for another request", field="Idempotency-Key")
    return row.response, row.status


def claim(session: Session, key: str, user: str, digest: str) -> Idempotency:
    """Take a key, in the transaction that does what was asked; put ``response`` and ``status`` into the row it returns.

    Answers older than ``KEPT`` are forgotten. Raises IntegrityError if another request with this key was faster: its answer is
    there now.
    """
    session.execute(delete(Idempotency).where(Idempotency.at < now() - KEPT))
    row = Idempotency(key=key, user=user, digest=digest, response=None, status=0)
    session.add(row)
    session.flush()
    return row

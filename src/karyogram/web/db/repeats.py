"""Requests that carry an Idempotency-Key: the same again is answered as the first time, and done once."""

from typing import Any

from sqlalchemy.orm import Session

from karyogram.web.db.tables import Idempotency
from karyogram.web.refusals import Invalid


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

    Raises IntegrityError if another request with this key was faster: its answer is there now.
    """
    row = Idempotency(key=key, user=user, digest=digest, response=None, status=0)
    session.add(row)
    session.flush()
    return row

"""Tell programs that an analysis has ended: one POST of JSON for each, signed if there is a secret, tried again for a while."""

import hashlib
import hmac
import json
import logging
import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select, update

from karyogram.web.bench import Bench
from karyogram.web.config import Config
from karyogram.web.db import reading, writing
from karyogram.web.db.engine import clock
from karyogram.web.db.tables import Analysis, iso
from karyogram.web.refusals import Invalid

log = logging.getLogger("karyogram.webhook")

TRIES = 6
TIMEOUT = 5.0
#: Seconds from one try to the next, times the number of tries.
PAUSE = 4.0


def check_webhook(config: Config, url: str) -> str:
    """Return a URL that may be told. Raises Invalid for others: on a public bench, hosts that it was not started with."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise Invalid("a webhook is an http or https URL without user and password", field="webhook")
    if config.public and parts.hostname not in config.webhook_hosts:
        raise Invalid(f"webhooks may not go to {parts.hostname}: see karyogram serve --webhook-host", field="webhook")
    return url


def deliver(bench: Bench) -> None:
    """Tell of every ended analysis whose webhook is due. A URL that was told, or tried ``TRIES`` times, is forgotten."""
    with reading(bench.engine) as session:
        due = Analysis.heartbeat + PAUSE * Analysis.webhook_tries <= clock(session)
        ended = select(Analysis.id).where(Analysis.webhook != "", Analysis.finished.is_not(None), due)
        ids = list(session.scalars(ended.limit(50)))
    for analysis in ids:
        _tell(bench, analysis)


def _tell(bench: Bench, analysis: int) -> None:
    with writing(bench.engine) as session:
        row = session.get(Analysis, analysis, with_for_update={"skip_locked": True})
        if row is None:  # another worker tells of it
            return
        tries, url = row.webhook_tries, row.webhook
        mine = update(Analysis).where(Analysis.id == analysis, Analysis.webhook_tries == tries, Analysis.webhook == url)
        won = session.execute(mine.values(webhook_tries=tries + 1, heartbeat=clock(session)))
        message = _message(row)
    if not url or not won.rowcount:  # type: ignore[attr-defined]
        return
    told = _post(url, json.dumps(message).encode(), bench.config.webhook_secret())
    log.info("told" if told else "not told", extra={"analysis": analysis, "attempt": tries + 1})
    if told or tries + 1 >= TRIES:
        with writing(bench.engine) as session:
            session.execute(update(Analysis).where(Analysis.id == analysis).values(webhook=""))


def _message(row: Analysis) -> dict[str, Any]:
    """What is told: no file name, no case name."""
    return {
        "analysis": row.id,
        "metaphase": row.metaphase_id,
        "case": row.metaphase.case_id,
        "state": row.state,
        "finished": iso(row.finished),
        "url": f"/api/v1/analyses/{row.id}",
    }


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow no redirection: it could lead to a host that may not be told."""


def signature(secret: bytes, moment: int, body: bytes) -> dict[str, str]:
    """Return the headers that let a receiver who shares the secret see that a body is ours and fresh; none without a secret.

    HMAC-SHA256 (RFC 2104) over the time, seconds since 1970, a dot, and the body. docs/api.md shows how it is checked.
    """
    if not secret:
        return {}
    digest = hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Karyogram-Timestamp": str(moment), "X-Karyogram-Signature": f"sha256={digest}"}


def _post(url: str, body: bytes, secret: bytes) -> bool:
    headers = {"Content-Type": "application/json", "User-Agent": "karyogram", **signature(secret, int(time.time()), body)}
    request = urllib.request.Request(url, body, headers)  # noqa: S310  # check_webhook let http and https through, no more
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
            return 200 <= int(answer.status) < 300
    except (OSError, ValueError):
        return False

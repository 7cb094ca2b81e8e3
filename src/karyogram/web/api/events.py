"""Server-sent events: a state, each time it changes. So many streams at a time, since each holds a thread; others poll."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from karyogram.web.bench import bench
from karyogram.web.db import reading
from karyogram.web.refusals import Busy

#: Seconds between two looks, and until a stream ends; a browser then asks again by itself.
PAUSE, LONGEST = 0.5, 55.0
_streams = threading.BoundedSemaphore(6)
#: Set when the server stops: all streams end.
closing = threading.Event()

#: Returns a state, and whether it is the last.
Look = Callable[[Session], tuple[dict[str, Any], bool]]


def stream(look: Look) -> Response:
    """Return a stream of what ``look`` sees. Raises what it raises at once, and Busy if there are too many streams."""
    engine = bench().engine
    with reading(engine) as session:
        first = look(session)
    if not _streams.acquire(blocking=False):
        raise Busy("too many streams of events: poll instead", seconds=2)

    def events() -> Iterator[str]:
        (state, last), end = first, time.monotonic() + LONGEST
        yield _event(state)
        while not last and time.monotonic() < end:
            if closing.wait(PAUSE):
                return
            with reading(engine) as session:
                new, last = look(session)
            yield ": \n\n" if new == state else _event(new)  # even a comment shows whether anybody still listens
            state = new

    response = Response(events(), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    response.call_on_close(_streams.release)
    return response


def _event(state: dict[str, Any]) -> str:
    return f"data: {json.dumps(state)}\n\n"

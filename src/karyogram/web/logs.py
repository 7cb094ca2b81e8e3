"""The log: a line of JSON for each event, with ids and kinds, never with names of people, cases or files."""

import json
import logging
import sys
import time
import traceback
from types import TracebackType
from typing import Any

#: What every record has; the rest is what the event says.
_COMMON = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    """A record as one line of JSON; of an exception its kind and the lines of code, not its message, which may hold names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told: dict[str, Any] = {
            "at": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
        }
        told["event"] = record.getMessage() if record.name.startswith("karyogram") else record.msg
        told |= {key: value for key, value in record.__dict__.items() if key not in _COMMON}
        if record.exc_info and record.exc_info[0]:
            told |= {"error": record.exc_info[0].__name__, "where": places(record.exc_info[2])}
        return json.dumps(told, default=str)


def places(trace: TracebackType | None) -> list[str]:
    """Return the last lines of code that an exception came through, file:line."""
    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(trace)[-6:]]


def start_log(level: str = "info") -> None:
    """Write the log of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for quiet in ("alembic", "huey", "waitress", "flask-limiter"):
        logging.getLogger(quiet).setLevel(logging.WARNING)

"""The queue of analyses and exports: huey on the same PostgreSQL, or on a SQLite file beside the bench's.

Rows of the tables ``analyses`` and ``exports`` are the truth, the queue only wakes a worker: a task is the id of a row, taken
twice or lost it does no harm, since a worker has to win the row (:func:`karyogram.web.db.analyses.claim`) and rows that wait
beside an empty queue are put in again.
"""

import json
from collections.abc import Callable

from huey import Huey, MemoryHuey, PostgresHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from karyogram.web.config import Config

NAME = "karyogram"


class PlainSerializer(Serializer):
    """Tasks as JSON: huey's own pickles would run whatever somebody writes into the database."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data._asdict()).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(**json.loads(bytes(data)))


class Queue:
    """A queue of analyses and exports. ``work`` and ``pack`` are what is done with the id of each.

    A process that only puts some in leaves both None. Analyses go first: somebody waits for them.
    """

    def __init__(self, config: Config) -> None:
        options = {"results": False, "serializer": PlainSerializer()}
        if config.immediate:
            self.huey: Huey = MemoryHuey(NAME, immediate=True, **options)
        elif config.url.startswith("postgresql"):
            self.huey = PostgresHuey(NAME, dsn=config.url.replace("+psycopg", "", 1), table_prefix="queue", **options)
        else:
            self.huey = SqliteHuey(NAME, filename=str(config.data / "queue.db"), fsync=True, timeout=30, **options)
        self.work: Callable[[int], None] | None = None
        self.pack: Callable[[int], None] | None = None
        self.put = self.huey.task(name="analyse", priority=1)(lambda analysis: _do(self.work, analysis))
        self.put_export = self.huey.task(name="export", priority=0)(lambda export: _do(self.pack, export))

    def size(self) -> int:
        """Return how many tasks wait."""
        return int(self.huey.storage.queue_size())


def _do(work: Callable[[int], None] | None, number: int) -> None:
    if work is None:
        raise RuntimeError("this process puts tasks in, workers take them out")
    work(number)

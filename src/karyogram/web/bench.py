"""What every part of a running bench shares: its settings, its database, its queue, its pictures."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine

from karyogram.files import Picture
from karyogram.pipeline import open_metaphase
from karyogram.web.config import Config
from karyogram.web.db.engine import migrate, open_engine
from karyogram.web.db.tables import Metaphase
from karyogram.web.queue import Queue

log = logging.getLogger("karyogram.queue")


@dataclass(frozen=True)
class Bench:
    """A running bench; ``queue`` takes the ids of analyses that wait."""

    config: Config
    engine: Engine
    queue: Queue

    def path(self, metaphase: Metaphase) -> Path:
        """Return where a metaphase's picture lies."""
        return self.config.data / metaphase.stored

    def picture(self, metaphase: Metaphase) -> Picture:
        """Return a metaphase's picture, dark on white, kept open for the next call. Raises PictureError."""
        return open_kept(self.path(metaphase))

    def enqueue(self, analyses: Sequence[int]) -> None:
        """Hand analyses to the workers. What is lost on the way is found again by :func:`karyogram.web.worker.sweep_up`."""
        self._hand(self.queue.put, analyses)

    def enqueue_exports(self, exports: Sequence[int]) -> None:
        """Hand exports to the workers, in the same way."""
        self._hand(self.queue.put_export, exports)

    def _hand(self, put: Callable[[int], object], numbers: Sequence[int]) -> None:
        try:
            for number in numbers:
                put(number)
        except Exception:  # the rows are kept already, so whoever asked was served
            log.exception("the queue is away")


@lru_cache(maxsize=8)
def open_kept(path: Path) -> Picture:
    """Return a metaphase, dark on white, kept open for the next call. Raises PictureError."""
    return open_metaphase(path)


def open_bench(config: Config) -> Bench:
    """Make the data folder, for this user alone, open database and queue, and bring the tables to today's shape.

    Raises DataError for a database that cannot be opened, or that a newer karyogram has made.
    """
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(config.url, config.threads)
    migrate(engine)
    return Bench(config, engine, Queue(config))


def bench() -> Bench:
    """Return the bench of the request at hand."""
    found: Bench = current_app.extensions["karyogram"]
    return found

"""Workers: processes that take analyses from the queue, and watch that none is lost.

``karyogram serve`` starts one :func:`run_workers` as a child process; a second machine runs the same with
``karyogram serve --workers-only``.
"""

import logging
import os
import random
import signal
import threading
from collections.abc import Callable
from functools import partial

from karyogram.pipeline import make_reader
from karyogram.web.bench import Bench, open_bench
from karyogram.web.config import Config
from karyogram.web.db import analyses, exports, reading, writing
from karyogram.web.packing import pack, tidy
from karyogram.web.reading import analyse
from karyogram.web.webhooks import deliver

log = logging.getLogger("karyogram.worker")

#: Seconds a worker has to finish what it does when told to stop.
GRACE = 60


def run_workers(config: Config, number: int, parent: int | None = None) -> None:
    """Run ``number`` worker processes until SIGTERM or SIGINT; what they do then is finished first.

    With ``parent``, the id of the process that started this one, they also stop when that is gone.
    """
    bench = open_bench(config)
    take_up(bench)
    bench.engine.dispose()  # no connection is shared with the processes forked below
    consumer = bench.queue.huey.create_consumer(
        workers=number,
        worker_type="process",
        periodic=False,
        max_delay=0.5,
        health_check_interval=1,
        shutdown_timeout=GRACE,
        graceful_signal="TERM",
    )
    bench.queue.huey.on_startup("begin")(partial(_begin, bench))
    if parent is not None:
        follow(parent, lambda: os.kill(os.getpid(), signal.SIGTERM))
    own = os.getpid()
    os.register_at_fork(after_in_child=lambda: follow(own, lambda: os._exit(1)))
    consumer.run()


def take_up(bench: Bench) -> None:
    """Let this process do what it takes from the queue."""
    bench.queue.work, bench.queue.pack = partial(analyse, bench), partial(pack, bench)


def follow(parent: int, end: Callable[[], None]) -> None:
    """Watch, in a thread, the process that started this one, and call ``end`` once when it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(0.5)
        end()

    threading.Thread(target=watch, daemon=True).start()


def _begin(bench: Bench) -> None:
    """Open the models that are asked for most, and begin to look after what others left."""
    make_reader(threads=1)
    threading.Thread(target=_look_after, args=(bench,), daemon=True).start()


def _look_after(bench: Bench) -> None:
    while True:
        try:
            sweep_up(bench)
            deliver(bench)
            tidy(bench)
        except Exception:  # the database is away: it may come back
            log.exception("cannot look after the queue")
        threading.Event().wait(bench.config.lease / 4 * random.uniform(0.8, 1.2))


def sweep_up(bench: Bench) -> None:
    """Queue again what a dead worker had, and what waits though the queue is empty."""
    with writing(bench.engine) as session:
        left = analyses.sweep(session, bench.config.lease, bench.config.attempts)
        packing = exports.sweep(session, bench.config.lease, bench.config.attempts)
    if left:
        log.warning("queued again", extra={"analyses": left})
    elif bench.queue.size() == 0:
        with reading(bench.engine) as session:
            left = analyses.waiting(session)
        bench.enqueue_exports(packing)
    bench.enqueue(left)

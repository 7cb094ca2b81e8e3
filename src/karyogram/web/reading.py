"""What a worker does with one analysis: take it, read its picture, keep what was read, tell who wanted to know."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from karyogram.cases import estimate_bands
from karyogram.errors import KaryogramError
from karyogram.pipeline import make_reader, open_metaphase, read_karyotype
from karyogram.web import models
from karyogram.web.bench import Bench
from karyogram.web.db import analyses, writing
from karyogram.web.webhooks import deliver

log = logging.getLogger("karyogram.worker")


def analyse(bench: Bench, analysis: int) -> None:
    """Run a queued analysis; nothing happens if another worker has it."""
    with writing(bench.engine) as session:
        held = analyses.claim(session, analysis)
    if held is None:
        return
    log.info("start", extra={"analysis": analysis, "attempt": held.attempt})
    try:
        with _beating(bench, held):
            state = _read(bench, held)
    except BaseException:  # told to stop: the next worker begins anew
        with writing(bench.engine) as session:
            analyses.release(session, held)
        raise
    log.info(state, extra={"analysis": analysis, "attempt": held.attempt})
    deliver(bench)


def _read(bench: Bench, held: analyses.Claim) -> str:
    """Read the picture of a claim and keep the outcome; return what became of it."""
    path, start = bench.config.data / held.stored, time.perf_counter()
    try:
        reader = make_reader(models.locate(bench.config, held.model), models.locate(bench.config, held.segmenter), 1)
        picture = open_metaphase(path)
        karyotype = read_karyotype(picture, held.filename, reader)
        bands = estimate_bands(picture.pixels, karyotype)
    except KaryogramError as error:
        reason = str(error).replace(str(path), held.filename)
    except Exception as error:
        reason = f"{held.filename}: {type(error).__name__}: {error}"
        log.exception("failed", extra={"analysis": held.analysis})
    else:
        with writing(bench.engine) as session:
            kept = analyses.finish(session, held, karyotype, time.perf_counter() - start, bands)
        return "done" if kept else "late"
    with writing(bench.engine) as session:
        analyses.fail(session, held, reason)
    return "failed"


@contextmanager
def _beating(bench: Bench, held: analyses.Claim) -> Iterator[None]:
    """Give signs of life while the block runs."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(bench.config.lease / 5):
            try:
                with writing(bench.engine) as session:
                    analyses.beat(session, held)
            except SQLAlchemyError:  # the database is away: the next beat may reach it
                log.warning("no heartbeat", extra={"analysis": held.analysis})

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

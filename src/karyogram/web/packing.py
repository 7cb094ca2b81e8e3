"""Training data packed by a worker: signed cells, one after the other, into a zip in the data folder."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from karyogram.web.archive import write_zip
from karyogram.web.bench import Bench
from karyogram.web.corrections import LAYOUTS, Corrected
from karyogram.web.db import exports, reading, writing
from karyogram.web.db.edits import load_analysis
from karyogram.web.db.tables import Export, now
from karyogram.web.states import state_of

log = logging.getLogger("karyogram.worker")


class Taken(Exception):  # noqa: N818  # no error: another worker goes on
    """The export was given to another worker."""


def corrected(bench: Bench, analyses: list[int]) -> Iterator[Corrected]:
    """Yield analyses as training data one after the other, so that no more than one is in memory."""
    for number in analyses:
        with reading(bench.engine) as session:
            loaded = load_analysis(session, number)
        picture = bench.picture(loaded.metaphase).pixels
        yield Corrected(loaded.case.id, loaded.metaphase.id, picture, state_of(loaded).karyotype)


def pack(bench: Bench, number: int) -> None:
    """Pack a queued export; nothing happens if another worker has it."""
    with writing(bench.engine) as session:
        held = exports.claim(session, number)
    if held is None:
        return
    path = bench.config.data / held.stored
    part = path.with_suffix(f".part{held.attempts}")
    path.parent.mkdir(exist_ok=True)
    try:
        _write(bench, held, part)
        part.replace(path)
        _note(bench, held, state=exports.DONE, finished=now())
    except Taken:
        log.warning("late", extra={"export": number})
    except Exception as error:
        log.exception("failed", extra={"export": number})
        reason = f"{type(error).__name__}: {error}".replace(f"{bench.config.data}{os.sep}", "")
        _note(bench, held, state=exports.FAILED, finished=now(), error=reason)
    except BaseException:  # told to stop: the next worker begins anew
        _note(bench, held, state=exports.QUEUED, attempts=held.attempts - 1)
        raise
    finally:
        part.unlink(missing_ok=True)


def _write(bench: Bench, held: Export, part: Path) -> None:
    with reading(bench.engine) as session:
        cells = exports.cells_signed(session, held.signed)[: exports.MOST_CELLS]

    def counted() -> Iterator[Corrected]:
        for packed, cell in enumerate(corrected(bench, cells)):
            if not _note(bench, held, packed=packed, cells=len(cells)):
                raise Taken
            yield cell

    with part.open("wb") as file:
        write_zip(file, LAYOUTS[held.layout](counted()))


def _note(bench: Bench, held: Export, **told: object) -> bool:
    with writing(bench.engine) as session:
        return exports.note(session, held, **told)


def tidy(bench: Bench) -> None:
    """Delete the files of exports that were kept long enough, and what workers that were killed have left of them."""
    with writing(bench.engine) as session:
        gone = exports.expire(session)
    for path in (bench.config.data / stored for stored in gone):
        for file in path.parent.glob(f"{path.stem}.*"):
            file.unlink(missing_ok=True)

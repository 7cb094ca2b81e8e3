"""Work that takes a core and much memory is done a few at a time, and few wait for it: the other threads answer the rest."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from karyogram.web.refusals import Busy

#: Seconds that a request waits for its turn.
PATIENCE = 20.0


class Turns:
    """Turns at one kind of work: so many at once, so many more that wait; ``reason`` is what all others are told."""

    def __init__(self, at_once: int, waiting: int, reason: str) -> None:
        self.room = threading.BoundedSemaphore(at_once + waiting)
        self.turn = threading.BoundedSemaphore(at_once)
        self.reason = reason

    @contextmanager
    def take(self) -> Iterator[None]:
        """Do what is in the block when it is its turn. Raises Busy if that takes too long, at once where too many wait."""
        if not self.room.acquire(blocking=False):
            raise Busy(self.reason, seconds=5)
        try:
            if not self.turn.acquire(timeout=PATIENCE):
                raise Busy(self.reason, seconds=5)
            try:
                yield
            finally:
                self.turn.release()
        finally:
            self.room.release()


#: Single chromosomes, which take a fraction of a second.
CLASSIFYING = Turns(2, 14, "many pictures are being classified")
#: Karyograms, overlays, reports and other exports: seconds, and hundreds of MB at 600 dots per inch.
DRAWING = Turns(2, 4, "many karyograms and reports are being made")

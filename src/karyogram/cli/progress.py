"""How far long work has come: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def track(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """Yield the items and report on standard error how many of ``total`` came by.

    A terminal gets a bar that goes when all is done; a file or pipe a line ``label 30/100`` at each tenth.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, label, total=total, console=Console(stderr=True), transient=True)
        return
    for number, item in enumerate(items, start=1):
        yield item
        if number * 10 // total > (number - 1) * 10 // total:
            print(f"{label} {number}/{total}", file=sys.stderr, flush=True)  # noqa: T201

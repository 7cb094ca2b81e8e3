"""Tables as CSV, one way everywhere."""

import csv
import io
from collections.abc import Iterable


def to_csv(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    r"""Return the text of a CSV: lines end in ``\n``, truths are ``true`` and ``false``, None is nothing.

    >>> print(to_csv(("id", "flipped", "note"), [(1, True, None), (2, False, "a, b")]), end="")
    id,flipped,note
    1,true,
    2,false,"a, b"
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([str(value).lower() if isinstance(value, bool) else value for value in row] for row in rows)
    return buffer.getvalue()

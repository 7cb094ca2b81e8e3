"""The text of a karyotype to class counts: number changes only."""

import re
from collections import Counter

from karyogram.errors import AnnotationError
from karyogram.labels import AUTOSOMES, LABELS

_FORM = re.compile(r"([0-9]{1,3}),([XY]{1,9})((?:,[+-][0-9]{1,2}){0,99})")


def parse_counts(text: str) -> dict[str, int]:
    """Return {label: copies} of all 24 classes from a simple ISCN text such as "46,XY", "45,X" or "47,XX,+21".

    Read are the number of chromosomes, the sex chromosomes, and gains and losses of whole autosomes. Raises
    AnnotationError if the text is something else, or if its number is not the sum of what it lists.

    >>> counts = parse_counts("47,XX,+21")
    >>> counts["21"], counts["X"], counts["Y"], sum(counts.values())
    (3, 2, 0, 47)
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise AnnotationError(f"{text!r} is no simple karyotype such as 46,XX or 47,XY,+21")
    number, sex, changes = found.groups()
    copies = Counter(sex) + Counter(dict.fromkeys(AUTOSOMES, 2))
    for term in changes.split(",")[1:]:
        label = term[1:]
        if label not in AUTOSOMES:
            raise AnnotationError(f"{text!r}: there is no autosome {label}")
        copies[label] += 1 if term[0] == "+" else -1
        if copies[label] < 0:
            raise AnnotationError(f"{text!r} takes chromosome {label} away more than twice")
    total = copies.total()
    if total != int(number):
        raise AnnotationError(f"{text!r} lists {total} chromosomes, not {number}")
    return {label: copies[label] for label in LABELS}

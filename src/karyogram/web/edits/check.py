"""Is this an edit at all? Its fields and the forms of their values, before anything is done with it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from karyogram.errors import EditError
from karyogram.labels import INDEX
from karyogram.web.edits.kinds import KINDS

#: A line, polygon or stroke of more points, or a list of more ids or texts, is no hand's work.
MOST = 5000


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e6


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _is_list(value: Any, least: int, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and least <= len(value) <= MOST and all(map(of, value))


def _is_points(value: Any, least: int) -> bool:
    return _is_list(value, least, lambda point: _is_list(point, 2, _is_number) and len(point) == 2)


#: Form -> what has it, in words, and how to tell.
FORMS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "id": ("the id of a chromosome", _is_id),
    "ids": ("a list of ids of chromosomes", lambda v: _is_list(v, 1, _is_id)),
    "label": ('a class, "1" to "22", "X", "Y", or null', lambda v: v is None or (isinstance(v, str) and v in INDEX)),
    "number": ("a whole number", lambda v: isinstance(v, int) and not isinstance(v, bool)),
    "degrees": ("a number", _is_number),
    "texts": ("a list of texts", lambda v: _is_list(v, 0, lambda t: isinstance(t, str) and len(t) <= 200)),
    "line": ("a list of two points [x, y] or more", lambda v: _is_points(v, 2)),
    "polygon": ("a list of three points [x, y] or more", lambda v: _is_points(v, 3)),
    "lines": ("a list of lines", lambda v: _is_list(v, 1, lambda line: _is_points(line, 1))),
}


def check_edit(edit: Any) -> None:
    """Raise EditError, naming the field, unless this is the JSON of an edit."""
    kind = KINDS.get(edit.get("kind", "")) if isinstance(edit, Mapping) and isinstance(edit.get("kind", ""), str) else None
    if kind is None:
        raise EditError(f"an edit is an object whose kind is one of {', '.join(KINDS)}")
    forms = {**kind.fields, **kind.optional}
    name = edit["kind"]
    if missing := [field for field in kind.fields if field not in edit]:
        raise EditError(f"{name}: the field {missing[0]} is missing")
    for field, value in edit.items():
        if field == "kind":
            continue
        if field not in forms:
            raise EditError(f"{name} has no field {field}")
        words, fits = FORMS[forms[field]]
        if not fits(value):
            raise EditError(f"{name}: {field} is {words}")
    if name == "strokes" and ("id" in edit) == ("ids" in edit):
        raise EditError("strokes: give either id or ids")

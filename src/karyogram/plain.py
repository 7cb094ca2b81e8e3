"""Plain values, as JSON holds them, to dataclasses: each value is checked against the type that its field declares."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache
from itertools import repeat
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints


def build(kind: Any, value: Any) -> Any:
    """Return ``value`` as a ``kind``: a dataclass, ``tuple[...]``, ``Mapping[str, ...]``, ``... | None``, or a plain type.

    A list or tuple makes a tuple, a mapping a dataclass (all of its fields, and no others) or a dict, a whole number or a float
    a float. Nothing else is turned into anything. Raises ValueError that says where: "chromosomes: 3: bbox: not a list".
    """
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is UnionType:
        return None if value is None else build(next(one for one in inner if one is not NoneType), value)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**_entries(value, _fields(kind)))
    if origin is tuple:
        return _items(value, inner)
    if origin is Mapping:
        _expect(isinstance(value, Mapping) and all(isinstance(key, str) for key in value), "not an object")
        return dict(_each((key, inner[1], own) for key, own in value.items()))
    if kind is float:
        _expect(type(value) in (int, float) and abs(value) < 1e300 and math.isfinite(value), "not a number")
        return float(value)
    _expect(type(value) is kind, f"not of type {kind.__name__}")
    return value


@cache
def _fields(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _entries(value: Any, expected: Mapping[str, Any]) -> dict[str, Any]:
    _expect(isinstance(value, Mapping), "not an object")
    for name in sorted({*map(str, value), *expected}):
        _expect(name in value, f"{name} is missing")
        _expect(name in expected, f"there is no field {name}")
    return dict(_each((name, kind, value[name]) for name, kind in expected.items()))


def _items(value: Any, inner: tuple[Any, ...]) -> tuple[Any, ...]:
    _expect(isinstance(value, list | tuple), "not a list")
    ragged = inner[-1] is Ellipsis
    _expect(ragged or len(value) == len(inner), f"not {len(inner)} values")
    kinds = repeat(inner[0]) if ragged else inner
    return tuple(built for _, built in _each((number, kind, own) for number, (kind, own) in enumerate(zip(kinds, value), 1)))  # noqa: B905


def _each(triples: Iterable[tuple[Any, Any, Any]]) -> list[tuple[Any, Any]]:
    """Return (name, built) of (name, kind, value) triples."""
    done = []
    for name, kind, value in triples:
        try:
            done.append((name, build(kind, value)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return done


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)

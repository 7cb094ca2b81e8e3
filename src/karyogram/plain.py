"""Plain values, as JSON holds them, to dataclasses: each value is checked against the type that its field declares."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import repeat
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

Builder = Callable[[Any], Any]


def build(kind: Any, value: Any) -> Any:
    """Return ``value`` as a ``kind``: a dataclass, ``tuple[...]``, ``Mapping[str, ...]``, ``... | None``, or a plain type.

    A list or tuple makes a tuple, a mapping a dataclass or a dict, a whole number or a float a float. Nothing else is made into
    anything. A dataclass needs all of its fields, and no others; one with ``since`` in its metadata may lack in what is older.
    Raises ValueError that says where: "chromosomes: 3: bbox: not a list".
    """
    return _builder(kind)(value)


@cache
def _builder(kind: Any) -> Builder:
    """Return what builds a kind; a karyotype has ten thousand values, so their kinds are looked up once and not for each."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is UnionType:
        return _or_none(_builder(next(one for one in inner if one is not NoneType)))
    if isinstance(kind, type) and is_dataclass(kind):
        later = {field.name for field in fields(kind) if "since" in field.metadata}
        return _record(kind, {name: _builder(own) for name, own in get_type_hints(kind).items()}, later)
    if origin is tuple:
        ragged = inner[-1] is Ellipsis
        return _items([_builder(own) for own in (inner[:1] if ragged else inner)], ragged)
    if origin is Mapping:
        return _mapping(_builder(inner[1]))
    return _number if kind is float else _exactly(kind)


def _or_none(some: Builder) -> Builder:
    return lambda value: None if value is None else some(value)


def _record(kind: type, builders: Mapping[str, Builder], later: set[str]) -> Builder:
    def build_record(value: Any) -> Any:
        _expect(isinstance(value, Mapping), "not an object")
        for name in sorted({*map(str, value), *builders}):
            _expect(name in value or name in later, f"{name} is missing")
            _expect(name in builders, f"there is no field {name}")
        return kind(**dict(_each((name, one, value[name]) for name, one in builders.items() if name in value)))

    return build_record


def _items(builders: list[Builder], ragged: bool) -> Builder:
    def build_items(value: Any) -> tuple[Any, ...]:
        _expect(isinstance(value, list | tuple), "not a list")
        _expect(ragged or len(value) == len(builders), f"not {len(builders)} values")
        done: list[Any] = []
        try:
            for one, own in zip(repeat(builders[0]) if ragged else builders, value, strict=False):
                done.append(one(own))
        except ValueError as error:
            raise ValueError(f"{len(done) + 1}: {error}") from None
        return tuple(done)

    return build_items


def _mapping(one: Builder) -> Builder:
    def build_mapping(value: Any) -> dict[str, Any]:
        _expect(isinstance(value, Mapping) and all(isinstance(key, str) for key in value), "not an object")
        return dict(_each((key, one, own) for key, own in value.items()))

    return build_mapping


def _number(value: Any) -> float:
    _expect(type(value) in (int, float) and abs(value) < 1e300 and math.isfinite(value), "not a number")
    return float(value)


def _exactly(kind: type) -> Builder:
    def build_plain(value: Any) -> Any:
        _expect(type(value) is kind, f"not of type {kind.__name__}")
        return value

    return build_plain


def _each(named: Iterable[tuple[str, Builder, Any]]) -> list[tuple[str, Any]]:
    """Return (name, built) of (name, builder, value) triples."""
    done = []
    for name, one, value in named:
        try:
            done.append((name, one(value)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return done


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)

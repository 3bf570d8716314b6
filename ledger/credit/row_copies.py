"""Rows made from values, and copies of rows with something changed: what each order does a dozen times.

A frozen dataclass sets each field through a look-up by name, and `dataclasses.replace` asks each field how it is made;
both take four times as long as setting the slots. Rows have nothing that follows from their fields, so that this gives
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

_R = TypeVar("_R")
_new = object.__new__


class _Slots(NamedTuple):
    values_of: attrgetter[tuple[Any, ...]]
    """All fields of a row, in their order."""

    setters: tuple[Callable[[Any, Any], None], ...]
    """In the same order."""

    by_name: dict[str, Callable[[Any, Any], None]]


def changed(row: _R, **changes: Any) -> _R:
    """As `dataclasses.replace`, for a row of the ledger. Raises `KeyError` for a field that it doesn't have."""
    slots = _slots(type(row))
    copy = _new(type(row))
    for put, value in zip(slots.setters, slots.values_of(row), strict=True):
        put(copy, value)
    for name, value in changes.items():
        slots.by_name[name](copy, value)
    return copy


def row_maker(kind: type[_R]) -> Callable[[Iterable[Any]], _R]:
    """A function that makes rows of this kind from the values of all fields, in their order."""
    setters = _slots(kind).setters

    def make(values: Iterable[Any]) -> _R:
        row = _new(kind)
        for put, value in zip(setters, values, strict=True):
            put(row, value)
        return row

    return make


_KNOWN: dict[type[Any], _Slots] = {}


def _slots(kind: type[Any]) -> _Slots:
    known = _KNOWN.get(kind)
    if known is None:
        names = [each.name for each in fields(kind)]
        setters = {name: getattr(kind, name).__set__ for name in names}
        known = _KNOWN[kind] = _Slots(attrgetter(*names), tuple(setters.values()), setters)
    return known

"""Dates that tell of the past, held to the day of the decision (`Future`): in facts, and in the records of lists.

Part of binding. On 2026-07-01, of the records [{"paid_on": 2026-06-30}, {"paid_on": 2026-07-02}] the second lies after
that day: `refused` names it as `[2].paid_on`, and with `unknown` it counts as missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.vocabulary.record_words import RECORD_FAULTS_MAX
from engine.vocabulary.vocabulary import Future, Type

if TYPE_CHECKING:
    from engine.vocabulary.binding import Records, Scalar, Value


def tells_of_the_past(type_: Type) -> bool:
    """Whether values of this type are held to the day of the decision."""
    return type_.future is not None or any(field.type.future for field in type_.fields)


def held(value: Value, type_: Type, day: int) -> tuple[Value, list[str]]:
    """A bound value without the dates that count as missing, and where those stand that are refused: paths behind the
    fact's name, which for the fact itself is empty."""
    if value is None:
        return None, []
    if type_.future is not None:
        is_late = cast("int", value) > day
        return (None if is_late and type_.future is Future.UNKNOWN else value), (
            [""] if is_late and type_.future is Future.REFUSED else []
        )
    return _held_records(cast("Records", value), type_, day)


def _held_records(records: Records, type_: Type, day: int) -> tuple[Records, list[str]]:
    dated = [(slot, field) for slot, field in enumerate(type_.fields) if field.type.future]
    if not dated:
        return records, []
    late: list[str] = []
    kept: list[tuple[Scalar, ...]] = []
    for number, record in enumerate(records, 1):
        values = list(record)
        for slot, field in dated:
            if values[slot] is None or cast("int", values[slot]) <= day:
                continue
            if field.type.future is Future.UNKNOWN:
                values[slot] = None
            else:
                late.append(f"[{number}].{field.name}")
        kept.append(tuple(values))
    return tuple(kept), late[:RECORD_FAULTS_MAX]

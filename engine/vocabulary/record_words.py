"""What is said of a list that can't be bound as a whole, in binding and in bulk alike. Leaf of both."""

from __future__ import annotations

from engine.vocabulary.vocabulary import Type

RECORD_FAULTS_MAX = 20
"""Faults of one list that a refusal names; thousands of records may have the same one."""

NO_LIST = "is not a list"
NO_RECORD = "is not an object of values"


def records_hint(type_: Type) -> str:
    """What to send for a list of this type."""
    names = ", ".join(field.name for field in type_.fields)
    return f"send a list of objects with {names}; an empty one where there are none"


def too_many_records(count: str, type_: Type) -> tuple[str, str]:
    """Message and hint for a list with `count` records, as readers write the number."""
    hint = "declare a higher `at_most`, or send sums instead of records"
    return f"has {count} records, more than {type_.high:,}", hint

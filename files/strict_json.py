"""JSON nested deeper than anything that is meant here is refused, at the same depth on every Python.

Each Python has a limit of its own, 3.11 about 1,000 levels and 3.13 ten times as many: more than what comes after the
reading can walk through.
"""

from __future__ import annotations

DEPTH_MAX = 100


def nested_too_deeply(text: str, value: object) -> bool:
    """`value` is what `text` was read as, of lists and dicts."""
    return text.count("[") + text.count("{") > DEPTH_MAX and _deeper(value, DEPTH_MAX)


def _deeper(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [member for each in level for member in _members(each)]
        if not level:
            return False
    return any(isinstance(each, list | dict) for each in level)


def _members(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []

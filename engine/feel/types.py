"""`value instance of type` (DMN 1.5, 10.3.2.2 and 10.3.2.9.2), for types written as text in canonical form."""

from __future__ import annotations

from functools import lru_cache

from engine.feel.values import Function, Range, kind

_SIMPLE = frozenset(
    {
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "list",
        "context",
        "range",
        "function",
    }
)


def coerced(value: object, type_name: str) -> object:
    """An argument as the type its parameter is declared with; null where it does not conform (DMN 1.5, 10.3.2.9.4)."""
    if type_name == "Any" or is_instance(value, type_name):
        return value
    if isinstance(value, list) and len(value) == 1 and is_instance(value[0], type_name):
        return value[0]
    return [value] if value is not None and is_instance([value], type_name) else None


def is_instance(value: object, type_name: str) -> bool | None:
    """Null is an instance of `Null` alone; null for a type nobody has declared."""
    head, inner = _split(type_name)
    if head == "Null":
        return value is None
    if head == "Any":
        return value is not None
    if head not in _SIMPLE:
        return None
    if inner is None:
        return kind(value) == head
    if kind(value) != head:
        return False
    return _conforms(value, inner)


def _conforms(value: object, inner: str) -> bool | None:
    if isinstance(value, list):
        return _all_of(value, inner)
    if isinstance(value, Range):
        ends = [end for end in (value.low, value.high) if end is not None]
        return _all_of(ends, inner)
    if isinstance(value, dict):
        fields = [part.partition(":") for part in _parts(inner)]
        return all(name.strip() in value and _fits(value[name.strip()], type_.strip()) for name, _, type_ in fields)
    return isinstance(value, Function) and len(value.parameters) == len(_parts(inner))


def _all_of(items: list[object], type_name: str) -> bool:
    return all(_fits(item, type_name) for item in items)


def _fits(item: object, type_name: str) -> bool:
    """Inside a list or context null conforms to every type."""
    return item is None or is_instance(item, type_name) is True


@lru_cache(maxsize=512)
def _split(type_name: str) -> tuple[str, str | None]:
    head, angle, rest = type_name.partition("<")
    if not angle:
        return head, None
    return head, rest[: _closing(rest)]


def _closing(rest: str) -> int:
    depth = 1
    for position, character in enumerate(rest):
        if character == ">" and rest[position - 1] == "-":
            continue
        depth += (character == "<") - (character == ">")
        if depth == 0:
            return position
    return len(rest)


def _parts(inner: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(inner):
        depth += (character == "<") - (character == ">" and inner[position - 1] != "-")
        if character == "," and depth == 0:
            parts.append(inner[start:position])
            start = position + 1
    return [part for part in (*parts, inner[start:]) if part.strip()]

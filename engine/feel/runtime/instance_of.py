"""`value instance of type` (DMN 1.5, 10.3.2.2 and 10.3.2.9.2), for types written as text in canonical form."""

from __future__ import annotations

from functools import lru_cache

from engine.feel.runtime.temporal import read_at_literal
from engine.feel.runtime.values import Function, Range, kind
from engine.feel.syntax import AtLiteral, Boolean, ContextLiteral, ListLiteral, Node, Number, String

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
    """An argument as the type its parameter is declared with; null where it does not conform (DMN 1.5, 10.3.2.9.4).
    A type that is not FEEL's own says nothing here: only the model that declares it could."""
    if _split(type_name)[0] not in _SIMPLE or is_instance(value, type_name):
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
    return conforms(_signature(value), type_name) if isinstance(value, Function) else _holds(value, inner)


def type_of(body: Node) -> str:
    """The type of what a function gives, where its text alone says it, else `Any`."""
    match body:
        case String():
            return "string"
        case Number():
            return "number"
        case Boolean():
            return "boolean"
        case AtLiteral():
            value = read_at_literal(body.text)
            return "Any" if value is None else kind(value)
        case ContextLiteral():
            return f"context<{', '.join(f'{name}: {type_of(node)}' for name, node in body.entries)}>"
        case ListLiteral():
            items = {type_of(item) for item in body.items}
            return f"list<{items.pop() if len(items) == 1 else 'Any'}>"
        case _:
            return "Any"


def _signature(function: Function) -> str:
    types = function.types or ("Any",) * len(function.parameters)
    return f"function<{', '.join(types)}> -> {function.result}"


def conforms(type_name: str, other: str) -> bool:
    """Whether each value of a type is one of the other (DMN 1.5, 10.3.2.9.2); an unknown type may be any.
    `list<number>` conforms to `list<Any>`.
    """
    if "Any" in (type_name, other):
        return True
    (head, inner), (other_head, other_inner) = _split(type_name), _split(other)
    if head != other_head or inner is None or other_inner is None:
        return head == other_head
    if head == "function":
        takes, others = _parts(inner), _parts(other_inner)
        return (
            len(takes) == len(others)
            and all(conforms(needed.strip(), taken.strip()) for taken, needed in zip(takes, others, strict=True))
            and conforms(_result(type_name), _result(other))
        )
    if head == "context":
        fields, needed = _fields(inner), _fields(other_inner)
        return all(name in fields and conforms(fields[name], type_) for name, type_ in needed.items())
    return conforms(inner, other_inner)


def _fields(inner: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in _parts(inner))
    return {name.strip(): type_.strip() for name, _, type_ in pairs}


def _result(type_name: str) -> str:
    rest = type_name.partition("<")[2]
    return rest[_closing(rest) + 1 :].removeprefix(" -> ")


def _holds(value: object, inner: str) -> bool:
    if isinstance(value, list):
        return _all_of(value, inner)
    if isinstance(value, Range):
        ends = [end for end in (value.low, value.high) if end is not None]
        return _all_of(ends, inner)
    assert isinstance(value, dict)
    return all(name in value and _fits(value[name], type_) for name, type_ in _fields(inner).items())


def _all_of(items: list[object], type_name: str) -> bool:
    return all(_fits(item, type_name) for item in items)


def _fits(item: object, type_name: str) -> bool:
    """Inside a list or context null conforms to every type."""
    return item is None or is_instance(item, type_name) is True


@lru_cache(maxsize=512)
def _split(type_name: str) -> tuple[str, str | None]:
    """The head of a type and what stands between its angle brackets: `list<number>` gives `list`, `number`."""
    head, angle, rest = type_name.partition("<")
    if not angle:
        return head, None
    return head, rest[: _closing(rest)]


def _closing(rest: str) -> int:
    """Where the angle bracket that was opened before `rest` closes; the `>` of `->` closes nothing."""
    depth = 1
    for position, character in enumerate(rest):
        if character == ">" and rest[position - 1] == "-":
            continue
        depth += (character == "<") - (character == ">")
        if depth == 0:
            return position
    return len(rest)


def _parts(inner: str) -> list[str]:
    """What stands between the commas outside of inner angle brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(inner):
        depth += (character == "<") - (character == ">" and inner[position - 1] != "-")
        if character == "," and depth == 0:
            parts.append(inner[start:position])
            start = position + 1
    return [part for part in (*parts, inner[start:]) if part.strip()]

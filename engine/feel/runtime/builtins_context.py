"""Built-ins on contexts (DMN 1.5, table 80)."""

from __future__ import annotations

from engine.feel.runtime.signatures import Unfit, built_in


@built_in("get value", "m: context", "key: string")
def _get_value(context: dict[str, object], key: str) -> object:
    """`get value({a: 1}, "a")` is `1`.
    `get value({a: 1}, "b")` is `null`.
    """
    return context.get(key)


@built_in("get value", "context: context", "keys: list")
def _get_value_at(context: dict[str, object], keys: list[object]) -> object:
    """Goes down key by key.

    `get value({a: {b: 1}}, ["a", "b"])` is `1`.
    """
    value: object = context
    for key in keys:
        if not isinstance(value, dict) or not isinstance(key, str):
            return None
        value = value.get(key)
    return value if keys else None


@built_in("get entries", "m: context")
def _get_entries(context: dict[str, object]) -> object:
    """`get entries({a: 1})` is `[{key: "a", value: 1}]`."""
    return [{"key": key, "value": value} for key, value in context.items()]


@built_in("context", "entries: list")
def _context(entries: list[object]) -> object:
    """The reverse of `get entries`; null for a key that comes twice.

    `context([{key: "a", value: 1}])` is `{a: 1}`.
    """
    made: dict[str, object] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not {"key", "value"} <= entry.keys():
            return None
        key = entry["key"]
        if not isinstance(key, str) or key in made:
            return None
        made[key] = entry["value"]
    return made


@built_in("context put", "context: context", "key: string", "value: any")
def _context_put(context: dict[str, object], key: str, value: object) -> object:
    """`context put({a: 1}, "b", 2)` is `{a: 1, b: 2}`."""
    return context | {key: value}


@built_in("context put", "context: context", "keys: list", "value: any")
def _context_put_at(context: dict[str, object], keys: list[object], value: object) -> object:
    """Goes down key by key; what lies on the way must be contexts.

    `context put({a: {b: 1}}, ["a", "b"], 2)` is `{a: {b: 2}}`.
    """
    if not keys or not all(isinstance(key, str) for key in keys):
        return None
    return _put(context, [str(key) for key in keys], value)


def _put(context: object, keys: list[str], value: object) -> dict[str, object]:
    if not isinstance(context, dict):
        raise Unfit
    first, *rest = keys
    return context | {first: _put(context.get(first), rest, value) if rest else value}


@built_in("context merge", "contexts: list")
def _context_merge(contexts: list[object]) -> object:
    """Later entries over earlier ones.

    `context merge([{a: 1, b: 1}, {b: 2}])` is `{a: 1, b: 2}`.
    """
    merged: dict[str, object] = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        merged |= context
    return merged

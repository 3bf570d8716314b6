"""JSON from strangers, read one way only: what could be read in two ways is refused, with the same words everywhere.

A leaf, and the engine's own: what a request says is part of what is decided. The body of a request, a line of NDJSON
and the file that `credence decide` takes come through here. RFC 8259 leaves choices to a reader; each is made here, on
the side of refusing:

- a key that stands twice in one object, once escaped or not (readers differ on which of the two counts);
- `NaN`, `Infinity`, `-Infinity`, which Python's reader takes although they are no JSON;
- half a character, such as the escape `\\ud800` alone (a lone surrogate), which no UTF-8 file could hold;
- a whole number of more than `DIGITS_MAX` digits;
- values within more than `DEPTH_MAX` lists and objects;
- a byte order mark, text after the value, and bytes that are not UTF-8.

The words are predicates, so that each caller puts its own subject before them: `the body holds the key `id` twice`,
`row: is not a JSON object`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import NoReturn

from engine.diagnostics.wording import clipped
from engine.vocabulary.decimals import JsonDecimal

DEPTH_MAX = 100
"""Lists and objects around a value. Nothing that is meant here nests deeper than four levels. Each Python has a
limit of its own, 3.11 of about 1,000 levels and 3.13 of ten times as many: more than what comes after the reading
can walk."""

DIGITS_MAX = sys.int_info.default_max_str_digits
"""Digits of a whole number: Python's own bound (4,300), since its time to read one grows with their square."""

REPEATED_MAX = 100
"""Repeated keys that are listed; more help nobody."""

BLANKS = " \t\r\n"
"""What JSON takes for blank (RFC 8259, section 2)."""

JsonPath = tuple[str | int, ...]
"""Where a value stands: keys of objects and places in lists, from the outside in."""


class JsonRefused(ValueError):
    """The text is no JSON that can be read in one way only.

    `message`: what is wrong, as a predicate (`is not JSON: expecting value at column 1`).
    `hint`: what to send instead; blank where the message says it.
    `repeated`: where keys stand twice, at most `REPEATED_MAX` of them; empty where something else is wrong.
    """

    def __init__(self, message: str, hint: str = "", repeated: tuple[JsonPath, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.repeated = repeated


class _RepeatedKey(ValueError):
    """Carries the key, for the message."""


class _NoJsonNumber(ValueError):
    """Carries the word that stands for no number: NaN, Infinity, -Infinity."""


def read_json(text: str | bytes, *, decimals_as_text: bool) -> object:
    """The value that a JSON text stands for: dict, list, str, int, bool, None, and numbers with a point or an exponent.

    `decimals_as_text` keeps those as they are written (`JsonDecimal`), so that no decimal passes through a float.
    Without it they become floats, which is right only where they are refused anyway: in a request's body.
    Raises JsonRefused.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise JsonRefused(_not_utf_8(error)) from None
    text = text.rstrip(BLANKS)  # so that what is missing at the end is said to be missing there, not on the next line
    try:
        decoder = _WITH_TEXT if decimals_as_text else _WITH_FLOATS
        value: object = decoder.decode(text)
        if _is_too_deep(text, value):
            raise RecursionError
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise _not_json(error) from None
    except UnicodeEncodeError:
        raise JsonRefused("holds an escape that stands for half a character (a lone surrogate)") from None
    except _RepeatedKey as key:
        raise JsonRefused(f"holds the key `{clipped(str(key))}` twice", "", _repeated_keys(text)) from None
    except _NoJsonNumber as word:
        raise JsonRefused(f"holds {word}, which is not JSON") from None
    except RecursionError:
        raise JsonRefused("is JSON nested too deeply") from None
    except ValueError:  # of int()
        raise JsonRefused(f"holds a number of more than {DIGITS_MAX} digits") from None
    return value


def read_json_object(text: str | bytes, *, decimals_as_text: bool, example: str = "") -> dict[str, object]:
    """As `read_json`, where only an object will do; `example` is one, for the hint."""
    value = read_json(text, decimals_as_text=decimals_as_text)
    if not isinstance(value, dict):
        raise JsonRefused("is not a JSON object", f"write an object such as {example}" if example else "")
    return value


def _not_utf_8(error: UnicodeDecodeError) -> str:
    return f"is not UTF-8 (byte 0x{error.object[error.start]:02X} at offset {error.start})"


def _not_json(error: json.JSONDecodeError) -> JsonRefused:
    text = error.doc
    if text.startswith("\ufeff"):
        return JsonRefused("starts with a byte order mark", "save or send it without one")
    if not text:
        return JsonRefused("is empty", "send a JSON object")
    line = f"line {error.lineno}, " if "\n" in text else ""
    cause = f"{error.msg[:1].lower()}{error.msg[1:]}".removesuffix(" at")
    hint = "nothing may follow the value" if error.msg == "Extra data" else ""
    return JsonRefused(f"is not JSON: {cause} at {line}column {error.colno}", hint)


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        first: dict[str, int] = {}
        raise _RepeatedKey(next(key for at, (key, _) in enumerate(pairs) if first.setdefault(key, at) != at))
    return members


def _refuse_constant(word: str) -> NoReturn:
    raise _NoJsonNumber(word)


_WITH_FLOATS = json.JSONDecoder(object_pairs_hook=_members_once, parse_constant=_refuse_constant)
_WITH_TEXT = json.JSONDecoder(object_pairs_hook=_members_once, parse_constant=_refuse_constant, parse_float=JsonDecimal)
_PAIRS = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=str, parse_float=str, parse_int=str)


# --- repeated keys, nesting ------------------------------------------------------------------------------------------


def _repeated_keys(text: str) -> tuple[JsonPath, ...]:
    """Reads the text once more, with objects as tuples of their pairs. Empty where something else is wrong further on:
    the message says enough then."""
    try:
        paths = list(_repeated(_PAIRS.decode(text), ()))
    except (ValueError, RecursionError):
        return ()
    return tuple(paths[:REPEATED_MAX])


def _repeated(value: object, path: JsonPath) -> Iterator[JsonPath]:
    if isinstance(value, tuple):
        seen: set[str] = set()
        for key, member in value:
            if key in seen:
                yield (*path, key)
            seen.add(key)
            yield from _repeated(member, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _repeated(item, (*path, place))


def _is_too_deep(text: str, value: object) -> bool:
    """Counts brackets first: nearly every text has too few of them to nest deeply."""
    return text.count("[") + text.count("{") > DEPTH_MAX and _has_levels_below(value, DEPTH_MAX)


def _has_levels_below(value: object, levels: int) -> bool:
    """Whether lists and objects are left after so many steps inwards; level by level, since it may not recurse."""
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

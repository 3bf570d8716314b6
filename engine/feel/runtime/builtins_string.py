"""Built-ins on text (DMN 1.5, tables 72 and 74). Characters are counted as Unicode code points.

The examples in the docstrings are evaluated by a test, as in all modules of built-ins.
"""

from __future__ import annotations

import re
from decimal import Decimal

from engine.feel.runtime.regex import SECONDS_MAX, compiled, replacement
from engine.feel.runtime.signatures import built_in
from engine.feel.runtime.values import NUMBERS, TEXT_MAX, written


@built_in("string length", "string: string")
def _string_length(string: str) -> object:
    """`string length("中文")` is `2`."""
    return Decimal(len(string))


@built_in("substring", "string: string", "start position: number", "length?: number")
def _substring(string: str, start_position: Decimal, length: Decimal | None) -> object:
    """Counts from 1, or from the end with -1; null where the text has no such place.

    `substring("foobar", 3)` is `"obar"`.
    `substring("foobar", -3, 2)` is `"ba"`.
    `substring("foobar", 7)` is `null`.
    """
    position = int(start_position)
    if position == 0 or abs(position) > len(string):
        return None
    start = position - 1 if position > 0 else len(string) + position
    if length is None:
        return string[start:]
    return string[start : start + int(length)] if length >= 1 else None


@built_in("upper case", "string: string")
def _upper_case(string: str) -> object:
    """`upper case("aBc4")` is `"ABC4"`."""
    return string.upper()


@built_in("lower case", "string: string")
def _lower_case(string: str) -> object:
    """`lower case("aBc4")` is `"abc4"`."""
    return string.lower()


@built_in("substring before", "string: string", "match: string")
def _substring_before(string: str, match: str) -> object:
    """Nothing where the text doesn't hold the other.

    `substring before("foobar", "bar")` is `"foo"`.
    `substring before("foobar", "x")` is `""`.
    """
    head, found, _ = string.partition(match) if match else ("", "", "")
    return head if found else ""


@built_in("substring after", "string: string", "match: string")
def _substring_after(string: str, match: str) -> object:
    """Nothing where the text doesn't hold the other, all of it for an empty one.

    `substring after("foobar", "ob")` is `"ar"`.
    `substring after("foobar", "")` is `"foobar"`.
    """
    return string.partition(match)[2] if match else string


@built_in("contains", "string: string", "match: string")
def _contains(string: str, match: str) -> object:
    """`contains("foobar", "ob")` is `true`."""
    return match in string


@built_in("starts with", "string: string", "match: string")
def _starts_with(string: str, match: str) -> object:
    """`starts with("foobar", "fo")` is `true`."""
    return string.startswith(match)


@built_in("ends with", "string: string", "match: string")
def _ends_with(string: str, match: str) -> object:
    """`ends with("foobar", "r")` is `true`."""
    return string.endswith(match)


@built_in("matches", "input: string", "pattern: string", "flags?: string|null")
def _matches(text: str, pattern: str, flags: str | None) -> object:
    """Whether the pattern is anywhere in the text; with `^` and `$` whether it is all of it.

    `matches("A-12", "[A-Z]-[0-9]{2}")` is `true`.
    `matches("A-123", "^[A-Z]-[0-9]{2}$")` is `false`.
    `matches("A", "a", "i")` is `true`.
    """
    return compiled(pattern, flags or "").search(text, timeout=SECONDS_MAX) is not None


@built_in("replace", "input: string", "pattern: string", "replacement: string", "flags?: string|null")
def _replace(text: str, pattern: str, new: str, flags: str | None) -> object:
    """Replaces every match; null for a pattern that matches nothing at all, as XPath has it.

    `replace("abracadabra", "a(.)", "<$1>")` is `"<b>r<c><d><b>ra"`.
    """
    expression = compiled(pattern, flags or "")
    if expression.fullmatch(""):
        return None  # XPath err:FORX0003
    substitute = replacement(new, expression.groups, literal="q" in (flags or ""))
    pieces: list[str] = []
    end = size = 0
    for match in expression.finditer(text, timeout=SECONDS_MAX):
        pieces += (text[end : match.start()], substitute(match))
        size += len(pieces[-1])
        end = match.end()
        if size > TEXT_MAX:
            return None
    return "".join(pieces) + text[end:]


@built_in("split", "string: string", "delimiter: string")
def _split(string: str, delimiter: str) -> object:
    r"""`split("a; b;c", ";\s*")` is `["a", "b", "c"]`."""
    expression = compiled(delimiter, "")
    pieces, end = [], 0
    for match in expression.finditer(string, timeout=SECONDS_MAX):
        pieces.append(string[end : match.start()])
        end = match.end()
    return [*pieces, string[end:]]


@built_in("string join", "list: list", "delimiter?: string|null")
def _string_join(items: list[object], delimiter: str | None) -> object:
    """Leaves out nulls; null for anything else that is no text.

    `string join(["a", null, "b"], "-")` is `"a-b"`.
    """
    texts = [item for item in items if item is not None]
    if not all(isinstance(text, str) for text in texts):
        return None
    return (delimiter or "").join(str(text) for text in texts)


@built_in("string", "from: any")
def _string(value: object) -> object:
    r"""`string(1.50)` is `"1.5"`.
    `string([1, "a"])` is `"[1, \"a\"]"`.
    """
    return written(value)


_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,5})?", re.ASCII)


@built_in("number", "from: string")
def _number(text: str) -> object:
    """Plain decimals with or without an exponent; null for any other text.

    `number("-12.5")` is `-12.5`.
    `number("1,000")` is `null`.
    """
    return NUMBERS.create_decimal(text) if len(text) <= 10_000 and _NUMBER.fullmatch(text) else None


@built_in("number", "from: string", "grouping separator: any", "decimal separator: any")
def _number_separated(text: str, grouping: object, point: object) -> object:
    """A number with a grouping separator (space, comma or point) and a decimal separator (comma or point).

    `number("1.000,50", ".", ",")` is `1000.5`.
    """
    if grouping not in (None, " ", ".", ",") or point not in (None, ".", ",") or (point and point == grouping):
        return None
    if isinstance(grouping, str):
        text = text.replace(grouping, "")
    if isinstance(point, str):
        if point != "." and "." in text:
            return None
        text = text.replace(point, ".")
    return _number(text)


@built_in("number", "from: number")
def _number_itself(number: Decimal) -> object:
    """`number(1.5)` is `1.5`."""
    return number

"""NDJSON lines → cells of text, without a float on the way and without a Python object for each line.

A line of plain values is recognised by one regular expression for the keys in the order in which this file writes them,
each at most once, so such a line is sound JSON without repeated or unknown keys. DuckDB takes it apart. All others go
one by one through the reader of the single decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.binding import Binder, FactsRefused, Fault
from files.batch.input import FILE, LINE, UNREAD, identifier, quoted_list
from files.records import LINE_MAX, ndjson_record

SCHEMA = pa.schema([(FILE, pa.string()), (LINE, pa.int64()), ("text", pa.string()), (UNREAD, pa.string())])
"""`text`: a JSON object, null where the line is none."""

_FIRST_BLOCK, _BLOCK = 1 << 16, 1 << 23
"""Bytes read at a time: few at first, since their lines only show the order of the keys."""

_BLANK = "[ \\t\\r]*"
_ESCAPE = "\\\\(?:[\\\\/bfnrt]|u(?:[0-9abcefABCEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))"
_TEXT = f'"(?:(?:[^":\\\\\\x00-\\x1f]|{_ESCAPE})(?:[^"\\\\\\x00-\\x1f]|{_ESCAPE})*)?"'
_VALUE = f"(?:{_TEXT}|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?|true|false|null)"
"""No text that begins with a colon or has a quote within: `":` only ever ends a key. No halves of characters."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_written = json.JSONEncoder(ensure_ascii=False).encode

_DECIMAL = f'":{_BLANK}(-?[0-9]+\\.[0-9]+)'
_QUOTED = '":"\\1"'


class UnknownKeys:
    """Keys that are no fact of the case kind, in the words of the single decision."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._binder = Binder(ruleset.case, ruleset.facts)
        self._names = {fact.name for fact in ruleset.facts}
        self._groups = {fact.group for fact in ruleset.facts}

    def faults(self, body: Mapping[str, object]) -> list[Fault]:
        unknown: dict[str, object] = {}
        for key, value in body.items():
            if key in self._groups and isinstance(value, dict):
                unknown[key] = dict.fromkeys(inner for inner in value if f"{key}.{inner}" not in self._names)
            elif key not in self._names and not (key in self._groups and value is None):
                unknown[key] = value
        try:
            self._binder.bind(unknown)
        except FactsRefused as refused:
            return [fault for fault in refused.faults if fault.message != "is required"]
        return []


class NdjsonCells:
    """Lines as batches of `SCHEMA`. `names` are the columns that are read: keys, or `group.key` for a key within an
    object. `unknown` finds keys that should not be there; None: others are of no interest."""

    def __init__(self, names: Sequence[str], unknown: UnknownKeys | None) -> None:
        self.names = tuple(names)
        self.rows = self.bytes = 0
        self.unseen = dict.fromkeys(self.names)
        self._known = frozenset(names)
        self._unknown = unknown
        self._order = _KeyOrder()

    def batches(self, files: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for name in files:
            self._order = _KeyOrder()
            for number, lines, size in _blocks(name):
                yield self._batch(name, number, lines)
                self.bytes += size

    def _batch(self, name: str, number: int, lines: list[bytes]) -> pa.RecordBatch:
        texts = _utf8(lines)
        plain = pc.and_(self._order.matches(texts), pc.less_equal(pc.binary_length(texts), LINE_MAX))
        if _any(pc.match_substring_regex(texts, _DECIMAL)):
            texts = pc.replace_substring_regex(texts, _DECIMAL, _QUOTED)
        read = [self._one(number + at, lines[at]) for at, is_plain in enumerate(plain.to_pylist()) if not is_plain]
        odd = pc.invert(plain)
        texts = pc.replace_with_mask(texts, odd, pa.array([text for text, _ in read], pa.string()))
        faults = pc.replace_with_mask(
            pa.nulls(len(lines), pa.string()), odd, pa.array([fault for _, fault in read], pa.string())
        )
        columns = [
            pa.repeat(pa.scalar(name, pa.string()), len(lines)),
            pa.array(range(number, number + len(lines)), pa.int64()),
            texts,
            faults,
        ]
        batch = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
        batch = batch.filter(pc.or_(pc.is_valid(texts), pc.is_valid(faults)))
        self.rows += len(batch)
        self._look_for_unseen(texts)
        return batch

    def _look_for_unseen(self, texts: pa.Array) -> None:
        for name in list(self.unseen):
            keys = {name, name.partition(".")[2] or name}
            if any(_any(pc.match_substring(texts, _written(key))) for key in keys):
                del self.unseen[name]

    def _one(self, number: int, line: bytes) -> tuple[str | None, str | None]:
        """A line as an object of texts, and its faults; neither for a blank one."""
        if not line.strip():
            return None, None
        if len(line) > LINE_MAX:
            return None, f"row: is longer than {LINE_MAX} bytes"
        record = ndjson_record(number, line.decode("utf-8", "surrogateescape"))
        if record.body is None:
            return None, record.fault
        cells: dict[str, str | None] = {}
        faults = [str(fault) for fault in self._unknown.faults(record.body)] if self._unknown else []
        for name, value in _flat(record.body):
            if name not in self._known:
                continue
            fault = "is given twice" if name in cells else _cell_fault(value)
            if fault:
                faults.append(f"{name}: {fault}")
            cells[name] = None if fault else _cell(value)
        if not faults:
            self._order.learn(record.body)
        return _written(cells), "\n".join(faults) or None


class _KeyOrder:
    """The order of keys in one file, learned from its lines: each key with those of its object, None for a value.
    An empty object stands for null."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, Any] | None] = {}
        self._names: set[str] = set()
        self._pattern: str | None = None
        self._changed = False

    def matches(self, texts: pa.Array) -> pa.BooleanArray:
        """Which of these lines are plain."""
        if self._changed:
            self._pattern, self._changed = f"\\A{_BLANK}{_object(self._keys)}{_BLANK}\\z", False
        if self._pattern is not None:
            try:
                return pc.match_substring_regex(pc.replace_substring(texts, "}", ",}"), self._pattern)
            except pa.ArrowInvalid:  # more keys than a pattern can hold
                self._pattern = None
        return pa.repeat(pa.scalar(value=False), len(texts))

    def learn(self, body: Mapping[str, object]) -> None:
        flat = {key: value for key, value in body.items() if not isinstance(value, list)}
        self._keys = self._merged(self._keys, flat, "")
        for key, value in flat.items():
            inner = self._keys.get(key)
            if isinstance(value, dict) and inner is not None:
                values = {name: part for name, part in value.items() if not isinstance(part, dict | list)}
                self._keys[key] = dict.fromkeys(self._merged(inner, values, f"{key}."))
            elif value is not None and inner == {}:  # until now, it was always null
                self._keys[key], self._changed = None, True

    def _merged(self, known: dict[str, Any], body: Mapping[str, object], prefix: str) -> dict[str, Any]:
        """New keys stand behind the one that they follow here, as if they were null."""
        if all(key in known for key in body):
            return known
        order = list(known)
        at = 0
        for key in body:
            if key in known:
                at = order.index(key) + 1
            elif prefix + key not in self._names and key.isprintable() and '"' not in key and "\\" not in key:
                self._names.add(prefix + key)
                order.insert(at, key)
                at += 1
        self._changed = self._changed or len(order) > len(known)
        return {key: known.get(key, {}) for key in order}


def _object(keys: Mapping[str, dict[str, Any] | None]) -> str:
    """An object with some of these keys; a comma stands before its closing brace, too."""
    members = []
    for key, inner in keys.items():
        value = _VALUE if inner is None else f"(?:{_object(inner)}|null)"
        members.append(f'(?:"{re.escape(key)}":{_BLANK}{value}{_BLANK},{_BLANK})?')
    return f"\\{{{_BLANK}{''.join(members)}\\}}"


def _flat(body: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """`{"order": {"amount": 5}}` and `{"order.amount": 5}` alike."""
    for key, value in body.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", item) for inner, item in value.items())
        else:
            yield key, value


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _cell_fault(value: object) -> str:
    if isinstance(value, dict | list):
        return "is an object or a list, not a value"
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        return "holds control characters"
    return ""


def _any(found: pa.BooleanArray) -> bool:
    return pc.any(found).as_py() is True


# --- lines -----------------------------------------------------------------------------------------------------------


def _blocks(name: str) -> Iterator[tuple[int, list[bytes], int]]:
    """The number of the first line, whole lines without their ends, and how many bytes were read for them. Of a line
    that is too long only the beginning stays, which is too long itself."""
    number, rest = 1, b""
    with Path(name).open("rb") as stream:
        rest = stream.read(3).removeprefix(b"\xef\xbb\xbf")
        size = _FIRST_BLOCK
        while block := stream.read(size):
            size = _BLOCK
            whole, newline, rest_of_block = block.rpartition(b"\n")
            if not newline:
                rest = (rest + block)[: LINE_MAX + 1]
                continue
            lines = (rest + whole).split(b"\n")
            yield number, lines, len(block)
            number += len(lines)
            rest = rest_of_block[: LINE_MAX + 1]
    if rest:
        yield number, [rest], 0


def _utf8(lines: list[bytes]) -> pa.StringArray:
    """Lines that are no UTF-8 as empty ones."""
    try:
        return pa.array(lines, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([line if _is_utf8(line) else b"" for line in lines], pa.binary()).cast(pa.string())


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


# --- as SQL ----------------------------------------------------------------------------------------------------------


def cells_sql(names: Sequence[str], relation: str) -> str:
    """The lines of a relation of `SCHEMA`, with each name as a column of text."""
    pointers = {name: [f"/{_escaped(name)}"] for name in names}
    for name, found in pointers.items():
        group, dot, key = name.partition(".")
        found += [f"/{_escaped(group)}/{_escaped(key)}"] if dot else []
    every = [pointer for found in pointers.values() for pointer in found]
    places = {pointer: place for place, pointer in enumerate(every, 1)}
    columns = [
        f"coalesce({', '.join(f'cells[{places[pointer]}]' for pointer in found)}) AS {identifier(name)}"
        for name, found in pointers.items()
    ]
    kept = ", ".join(identifier(name) for name in (FILE, LINE, UNREAD))
    return (
        f"SELECT {', '.join([kept, *columns])} "
        f"FROM (SELECT *, json_extract_string(text, {quoted_list(every)}) AS cells FROM {relation})"
    )


def _escaped(key: str) -> str:
    """As JSON pointers want it."""
    return key.replace("~", "~0").replace("/", "~1")

"""NDJSON lines → cells of text, without a float on the way and without a Python object for each line.

Reading a line with `files.rows` takes some 15 µs, so that ten million lines would take two and a half minutes on one
processor before the first row is decided. DuckDB takes objects apart on all processors, but it reads JSON leniently: of
a key that stands twice it takes one, a number becomes a float, `NaN` passes. So DuckDB is given only lines that are
known to be sound, and one regular expression, run by Arrow over a whole block of lines at once, knows them.

**Which lines are plain.** A program that writes NDJSON writes the same keys in the same order on every line. That order
is learned from the first lines, and made into a pattern: an object with some of these keys, in this order, each at most
once, each with a plain value. A line that matches is JSON (it has an object's shape, and each value is a text without
raw control characters, a number, true, false or null), repeats no key (the pattern has each once) and has no unknown
one. Every other line, however sound, goes one by one through the strict reader, which is the one that decides about
JSON. The pattern may therefore refuse what is sound, at the cost of time, and must never take what the strict reader
would refuse. `tests/files/batch/test_ndjson_input.py` holds it to that, with lines made to come close.

**A worked example.** The first line of a file is

    {"order": {"id": "S1", "amount": 12.50}, "account": {"id": "C"}}

There is no pattern yet, so the strict reader reads it, and `_KeyOrder.learn` notes, with None for a value:

    {"order": {"id": None, "amount": None}, "account": {"id": None}}

From this `_object` makes, with V for `_VALUE` and blanks left out,

    \\A\\{("order":(\\{("id":V,)?("amount":V,)?\\}|null),)?("account":(\\{("id":V,)?\\}|null),)?\\}\\z

Every member ends with a comma, which the last one of an object lacks; so each `}` of the text is first replaced by
`,}`. (That a `}` within a text is replaced too does no harm: the replaced line is only matched, never read.) An empty
object `{}` becomes `{,}` and doesn't match: it goes to the strict reader. The next lines then fare like this:

    {"order": {"id": "S2", "amount": 7}, "account": {"id": "C"}}     plain
    {"order": {"amount": "7.00"}, "account": null}                   plain: keys may be missing, a group may be null
    {"account": {"id": "C"}, "order": {"id": "S3"}}                  strict: another order; sound, so it decides alike
    {"order": {"id": "S4", "id": "S5"}, "account": {"id": "C"}}      strict: `holds the key `id` twice`
    {"order": {"id": "S6", "vip": true}, "account": {"id": "C"}}     strict: an unknown key
    {"order": {"id": ": 1"}, "account": {"id": "C"}}                 strict: a text that begins with a colon, see below

**Decimals.** JSON numbers with a point must reach the facts as they are written. Before DuckDB sees a plain line,
`_DECIMAL` finds each key's end with a number behind it (`":12.50`) and puts the number in quotes (`":"12.50"`). This
must not happen within a text, so plain texts neither begin with a colon nor hold a quote (`_TEXT`): in a plain line
`":` ends a key and nothing else. A number with an exponent is no plain value and is read strictly.

**What comes out.** Batches of `SCHEMA`: of each line its file, its number, its object as text (of cells, after the
strict reader) and its faults. `cells_sql` is the query with which DuckDB makes columns of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.binding import Binder, FactsRefused, Fault
from engine.vocabulary.decimals import JsonDecimal
from engine.vocabulary.rates import RATES
from engine.vocabulary.record_words import NO_LIST
from engine.vocabulary.strict_json import BLANKS
from files.batch.input import FILE, LINE, UNREAD, cell_text, identifier, quoted_list
from files.maps.row_map import CURRENCY
from files.rows import LINE_MAX, json_cell, ndjson_row
from files.typed_cells import NO_TEXTS

SCHEMA = pa.schema([(FILE, pa.string()), (LINE, pa.int64()), ("text", pa.string()), (UNREAD, pa.string())])
"""FILE and LINE say where a line stands; `text` is its JSON object, null where the line is none; UNREAD holds its
faults, one a line, null where it has none."""

_FIRST_BLOCK, _BLOCK = 1 << 16, 1 << 23
"""Bytes read at a time: few at first, since their lines only show the order of the keys."""

_BLANK = "[ \\t\\r]*"
_ESCAPE = "\\\\(?:[\\\\/bfnrt]|u(?:[0-9abcefABCEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))"
_TEXT = f'"(?:(?:[^":\\\\\\x00-\\x1f]|{_ESCAPE})(?:[^"\\\\\\x00-\\x1f]|{_ESCAPE})*)?"'
_NUMBER = "-?(?:0|[1-9][0-9]*)\\.[0-9]+|0|-?[1-9][0-9]*"
_VALUE = f"(?:{_TEXT}|{_NUMBER}|true|false|null)"
"""A plain value. No text that begins with a colon or has a quote within: `":` only ever ends a key. No escapes of
halves of characters, even where two make a whole one: the strict reader joins those."""

_written = json.JSONEncoder(ensure_ascii=False).encode

_DECIMAL = f'":{_BLANK}(-?[0-9]+\\.[0-9]+)'
_QUOTED = '":"\\1"'


class UnknownKeys:
    """Finds keys that are no fact of the case kind, in the words that the engine's binder has for them."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._binder = Binder(ruleset.case, ruleset.facts)
        self._names = {CURRENCY, *(fact.name for fact in ruleset.facts)}
        self._groups = {fact.group for fact in ruleset.facts}

    def faults(self, body: Mapping[str, object]) -> list[Fault]:
        """A fault for each unknown key of an NDJSON row: `order.amuont: unknown fact (did you mean …)`."""
        unknown: dict[str, object] = {}
        unread: list[Fault] = []
        for key, value in body.items():
            if key in self._groups and isinstance(value, dict):
                unknown[key] = dict.fromkeys(inner for inner in value if f"{key}.{inner}" not in self._names)
            elif key == RATES:
                why, hint = "are not read from rows by a query", "give --rates, or let `credence decide-file` read them"
                unread += [] if value is None else [Fault(RATES, why, hint)]
            elif key not in self._names and not (key in self._groups and value is None):
                unknown[key] = value
        try:
            self._binder.bind(unknown)
        except FactsRefused as refused:
            return unread + [fault for fault in refused.faults if fault.message != "is required"]
        return unread


class NdjsonCells:
    """Reads NDJSON files as batches of `SCHEMA`, and counts what it reads.

    `rows` and `bytes` grow while batches are taken, for the progress. `unseen_keys` are those of `names` that no line
    has had so far.
    """

    def __init__(
        self,
        names: Sequence[str],
        unknown: UnknownKeys | None,
        decimal_signs: Mapping[str, str] | None = None,
        texts: Collection[str] = (),
        lists: Collection[str] = (),
    ) -> None:
        """`names`: the columns that are read: keys, or `group.key` for a key within an object. `unknown` finds keys
        that should not be there; None: others are of no interest, as under a map. `decimal_signs`: of the columns whose
        texts have signs of their own; a number of JSON is written as such a text, since a cell is all that leaves
        here. `texts`: those of the names that are read as text, for which no number stands; under a map a whole one
        may, since it is written in one way only. `lists`: those that hold lists of records, which become JSON again."""
        self.names = tuple(names)
        self.rows = self.bytes = 0
        self.unseen_keys = dict.fromkeys(self.names)
        self._known = frozenset(names)
        self._unknown = unknown
        self._decimal_signs = decimal_signs or {}
        self._texts, self._lists = frozenset(texts), frozenset(lists)
        keys = "|".join(
            sorted({re.escape(name.partition(".")[2] or name) for name in texts} | set(map(re.escape, texts)))
        )
        other = "(?:-?[0-9]|true|false)" if unknown else "-?[0-9]+\\."
        self._number_as_text = f'"(?:{keys})":{_BLANK}{other}' if texts else None
        self._order = _KeyOrder()

    def batches(self, files: Sequence[tuple[str, str]]) -> Iterator[pa.RecordBatch]:
        """The lines of these files, each by its name and by the path of its UTF-8, some megabytes at a time; each file
        has a key order of its own. Blank lines are no rows. Raises OSError."""
        for name, path in files:
            self._order = _KeyOrder()
            for number, lines, size in _blocks(path):
                yield self._batch(name, number, lines)
                self.bytes += size

    def _batch(self, name: str, number: int, lines: list[bytes]) -> pa.RecordBatch:
        texts = _utf8(lines)
        plain = pc.and_(self._order.matches(texts), pc.less_equal(pc.binary_length(texts), LINE_MAX))
        if self._number_as_text:
            plain = pc.and_not(plain, pc.match_substring_regex(texts, self._number_as_text))
        has_decimals = pc.match_substring_regex(texts, _DECIMAL)
        if self._decimal_signs:
            plain = pc.and_(plain, pc.invert(has_decimals))
        elif _any(has_decimals):
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
        for name in list(self.unseen_keys):
            keys = {name, name.partition(".")[2] or name}
            if any(_any(pc.match_substring(texts, _written(key))) for key in keys):
                del self.unseen_keys[name]

    def _one(self, number: int, line: bytes) -> tuple[str | None, str | None]:
        """A line as an object of texts, and its faults; neither for a blank one."""
        if not line.strip(BLANKS.encode()):
            return None, None
        if len(line) > LINE_MAX:
            return None, f"row: is longer than {LINE_MAX} bytes"
        row = ndjson_row(number, line.decode("utf-8", "surrogateescape"))
        if row.body is None:
            return None, str(row.fault)
        cells: dict[str, str | None] = {}
        faults = [str(fault) for fault in self._unknown.faults(row.body)] if self._unknown else []
        for name, value in _flat(row.body):
            if name not in self._known:
                continue
            fault = (
                "is given twice" if name in cells else self._cell_fault(name, value) or self._text_fault(name, value)
            )
            if fault:
                faults.append(f"{name}: {fault}")
            cells[name] = None if fault else self._cell(name, value)
        if not faults:
            self._order.learn(row.body)
        return _written(cells), "\n".join(faults) or None

    def _cell(self, name: str, value: object) -> str | None:
        if name in self._lists:
            return json_cell(value)
        sign = self._decimal_signs.get(name)
        return value.replace(".", sign) if sign and isinstance(value, JsonDecimal) else cell_text(value)

    def _cell_fault(self, name: str, value: object) -> str:
        if name in self._lists:
            return NO_LIST if self._unknown and value is not None and not isinstance(value, list) else ""
        return "is an object or a list, not a value" if isinstance(value, dict | list) else ""

    def _text_fault(self, name: str, value: object) -> str:
        if name not in self._texts:
            return ""
        if type(value) in (int, bool) and self._unknown:
            return "is not text (send it between quotes)"
        return "{} ({})".format(*NO_TEXTS[JsonDecimal]) if type(value) is JsonDecimal else ""


class _KeyOrder:
    """The order of keys in one file, learned from the lines that the strict reader took, and the pattern made of it.

    `_keys` holds each key with the keys of its object, None for a plain value, and an empty dict for a key that has
    only ever been null: it may turn out to be either. `_names` are all keys ever learned, with their object's; one that
    would come a second time, in another place, is left out, so that the pattern has each key once.
    """

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, Any] | None] = {}
        self._names: set[str] = set()
        self._pattern: str | None = None
        self._changed = False

    def matches(self, texts: pa.Array) -> pa.BooleanArray:
        """Which of these lines are plain. The pattern is made anew where something was learned since the last block; it
        is given up where the keys are more than one can hold."""
        if self._changed:
            self._pattern, self._changed = f"\\A{_BLANK}{_object(self._keys)}{_BLANK}\\z", False
        if self._pattern is not None:
            try:
                return pc.match_substring_regex(pc.replace_substring(texts, "}", ",}"), self._pattern)
            except pa.ArrowInvalid:  # more keys than a pattern can hold
                self._pattern = None
        return pa.repeat(pa.scalar(value=False), len(texts))

    def learn(self, body: Mapping[str, object]) -> None:
        """Adds the keys of a sound row. Keys whose value is a list, or an object within an object, are left out: their
        lines are never plain."""
        flat = {key: value for key, value in body.items() if not isinstance(value, list)}  # lists are read strictly
        self._keys = self._merged(self._keys, flat, "")
        for key, value in flat.items():
            inner = self._keys.get(key)
            if isinstance(value, dict) and inner is not None:
                values = {name: part for name, part in value.items() if not isinstance(part, dict | list)}
                self._keys[key] = dict.fromkeys(self._merged(inner, values, f"{key}."))
            elif value is not None and inner == {}:  # until now, it was always null
                self._keys[key], self._changed = None, True

    def _merged(self, known: dict[str, Any], body: Mapping[str, object], prefix: str) -> dict[str, Any]:
        """The known keys with the new ones of a row. A new key stands behind the one that it follows in this row, as if
        it were null: of `a, c` known and a row `a, b, c` comes `a, b, c`."""
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


def _any(truths: pa.BooleanArray) -> bool:
    return pc.any(truths).as_py() is True


# --- lines -----------------------------------------------------------------------------------------------------------


def _blocks(name: str) -> Iterator[tuple[int, list[bytes], int]]:
    """The number of the first line, complete lines without their ends, and how many bytes were read for them. Of a line
    that is too long only the beginning stays, which is too long itself."""
    number, rest = 1, b""
    with Path(name).open("rb") as stream:
        rest = stream.read(3).removeprefix(b"\xef\xbb\xbf")
        size = _FIRST_BLOCK
        while block := stream.read(size):
            size = _BLOCK
            ended, newline, rest_of_block = block.rpartition(b"\n")
            if not newline:
                rest = (rest + block)[: LINE_MAX + 1]
                continue
            lines = (rest + ended).split(b"\n")
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
    """The query over a relation of `SCHEMA` that makes a column of text of each name.

    `{"order": {"amount": 5}}` and `{"order.amount": 5}` both fill the column `order.amount`, whose JSON pointers are
    `/order.amount` and `/order/amount`. All pointers are read in one call, since each call parses the line anew:

        json_extract_string(text, ['/order.amount', '/order/amount', '/note']) AS cells
        coalesce(cells[1], cells[2]) AS "order.amount", coalesce(cells[3]) AS "note"
    """
    pointers: dict[str, list[str]] = {}
    for name in names:
        group, dot, key = name.partition(".")
        pointers[name] = [f"/{_escaped(name)}", *([f"/{_escaped(group)}/{_escaped(key)}"] if dot else [])]
    all_pointers = [pointer for alternatives in pointers.values() for pointer in alternatives]
    place = {pointer: number for number, pointer in enumerate(all_pointers, 1)}
    columns = [
        f"coalesce({', '.join(f'cells[{place[pointer]}]' for pointer in alternatives)}) AS {identifier(name)}"
        for name, alternatives in pointers.items()
    ]
    kept = ", ".join(identifier(name) for name in (FILE, LINE, UNREAD))
    return (
        f"SELECT {', '.join([kept, *columns])} "
        f"FROM (SELECT *, json_extract_string(text, {quoted_list(all_pointers)}) AS cells FROM {relation})"
    )


def _escaped(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")

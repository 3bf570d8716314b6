"""Lines that batch takes by a pattern are lines that the strict reader takes, and hold the same cells.

The pattern decides about JSON without reading it, so it is tried on lines that come close: right ones with one
character changed, keys in another order, missing or twice, escapes, colons and quotes in texts, numbers of every
spelling.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files.rows import json_cell, ndjson_row

duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")
ndjson_input = pytest.importorskip("files.batch.duckdb.ndjson_input")

NAMES = ("order.id", "order.amount", "account.id", "note")
TAUGHT = '{"order": {"id": "S1", "amount": 12.50}, "account": {"id": "C"}, "note": "x"}'

VALUES = st.sampled_from(
    (
        '"S"',
        '""',
        '": 1.5"',
        '"a:1.5"',
        '"a\\"b"',
        '"\\u00e9"',
        '"\\ud83d\\ude00"',
        '"\\ud800"',
        '"\\x"',
        '"é中😀"',
        '"}"',
    )
    + ('"}"', '",}"', "0", "-0", "7", "-7", "007", "+1", "1.", ".5", "1.50", "-1.50", "1e3", "1.5E-3", "9" * 40)
    + ("NaN", "true", "false", "null", "None", "{}", "[]", '{"id": 1}', '"a\tb"', '"a', "", "1 2", '"a" "b"')
)
BLANKS = st.sampled_from(("", "", " ", "  ", "\t", "\u00a0"))


@st.composite
def lines(draw: st.DrawFn) -> str:
    """An object of the keys that were taught, more or less."""
    blank = draw(BLANKS)

    def members(keys: list[str]) -> list[str]:
        chosen = draw(st.lists(st.sampled_from(keys), max_size=4))
        chosen = draw(st.sampled_from((chosen, sorted(set(chosen), key=keys.index))))
        return [f'"{key}"{draw(BLANKS)}:{blank}{draw(VALUES)}' for key in chosen]

    inner = [f'"{group}":{blank}{{{", ".join(members(["id", "amount"]))}}}' for group in ("order", "account")]
    text = f"{blank}{{{f',{blank}'.join([*inner, *members(['note', 'order'])])}}}{draw(BLANKS)}"
    place, mark = (
        draw(st.integers(0, len(text))),
        draw(st.sampled_from(("", "", "", ",", '"', "}", "{", ":", "\\", "x"))),
    )
    return text[:place] + mark + text[place:]


def strictly(text: str) -> tuple[str, ...] | dict[str, str | None] | None:
    """The cells of a line by `files.rows`, or the fault of the whole line; None for what batch says by itself: values
    that are no cells, keys that are given twice in two spellings."""
    row = ndjson_row(1, text)
    if row.body is None:
        return (str(row.fault),)
    cells: dict[str, str | None] = {}
    for key, value in row.body.items():
        for name, member in (
            ((f"{key}.{k}", v) for k, v in value.items()) if isinstance(value, dict) else [(key, value)]
        ):
            if name in NAMES:
                if isinstance(member, dict | list) or name in cells:
                    return None
                cells[name] = json_cell(member)
    return cells


def by_batch(path: Path) -> list[tuple[Any, ...]]:
    """Line, fault and cells of each row."""
    batches = ndjson_input.NdjsonCells(NAMES, None).batches([str(path)])
    with duckdb.connect() as connection:
        connection.register("lines", pa.RecordBatchReader.from_batches(ndjson_input.SCHEMA, batches))
        query = f'SELECT * EXCLUDE "credence file" FROM ({ndjson_input.cells_sql(NAMES, "lines")})'
        return list(connection.execute(query).fetchall())


@settings(max_examples=25, deadline=None)
@given(st.lists(lines(), min_size=40, max_size=40))
def test_a_line_taken_by_the_pattern_is_one_that_the_strict_reader_takes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """The first block of a file teaches the order of the keys; in the next, the pattern is at work."""
    path = tmp_path_factory.mktemp("ndjson") / "in.ndjson"
    taught = [TAUGHT] * 1_000
    path.write_text("\n".join([*taught, *texts]) + "\n", "utf-8", newline="")
    kept = [(number, text) for number, text in enumerate(texts, 1_001) if text.strip(" \t\r")]

    rows = by_batch(path)[1_000:]

    assert [row[0] for row in rows] == [number for number, _ in kept]
    for (_, fault, *cells), (_, text) in zip(rows, kept, strict=True):
        expected = strictly(text)
        if isinstance(expected, tuple):
            assert fault == expected[0], text
        elif expected is not None:
            assert (fault, dict(zip(NAMES, cells, strict=True))) == (None, dict.fromkeys(NAMES) | expected), text


def test_the_lines_of_an_ordinary_file_are_taken_by_the_pattern() -> None:
    """Otherwise the test above would show nothing, and batch would be slow."""
    seeded = random.Random(1)
    cells = ndjson_input.NdjsonCells(NAMES, None)
    texts = [
        json.dumps({"order": {"id": f"S{n}", "amount": seeded.random()}, "account": {"id": "C"}, "note": None})
        for n in range(100)
    ]
    cells._batch("in.ndjson", 1, [TAUGHT.encode()])

    plain = cells._order.matches(ndjson_input._utf8([text.encode() for text in texts]))

    assert sum(plain.to_pylist()) >= 90  # a number with an exponent is none

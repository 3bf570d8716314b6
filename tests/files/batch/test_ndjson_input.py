"""Lines that batch takes by a pattern are lines that the strict reader takes, and hold the same cells.

The pattern decides about JSON without reading it, so it is tried on lines that come close: right ones with one
character changed, keys in another order, missing or twice, escapes, colons and quotes in texts, numbers of every
spelling.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from files.rows import json_cell, ndjson_row

duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")
ndjson_input = pytest.importorskip("files.batch.duckdb.ndjson_input")

NAMES = ("order.id", "order.amount", "account.id", "note")
TAUGHT = '{"order": {"id": "S1", "amount": 12.50}, "account": {"id": "C"}, "note": "x"}'

PLAIN = ('"S"', '""', '"a:1.5"', '"é中😀"', '"\\u00e9"', '"}"', '",}"', "0", "7", "-7", "1.50", "-1.50", "true", "null")
ODD = (
    *('": 1.5"', '"a\\"b"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\x"', '"a\tb"', '"a', "", "1 2", '"a" "b"', "{}", "[]"),
    *(
        "-0",
        "007",
        "+1",
        "1.",
        ".5",
        "1e3",
        "1.5E-3",
        "9" * 40,
        "NaN",
        "False",
        "None",
        '{"id": 1}',
        '"a":1',
        '"a", "id": 1',
    ),
)
MARKS = ',"{}:\\x'


def near_line(chance: random.Random) -> str:
    """An object of the keys that were taught, more or less."""

    def blank() -> str:
        return chance.choice(("", "", "", "", "", " ", "\t", "  "))

    def members(keys: Sequence[str]) -> list[str]:
        chosen = [key for key in keys if chance.random() < 0.8]
        if chance.random() < 0.2:
            chosen = sorted([*chosen, chance.choice(keys)], key=keys.index)
        if chance.random() < 0.1:
            chance.shuffle(chosen)
        values = [chance.choice(PLAIN if chance.random() < 0.9 else ODD) for _ in chosen]
        colon = ":" if chance.random() < 0.95 else " :"
        return [f'"{key}"{colon}{blank()}{value}' for key, value in zip(chosen, values, strict=True)]

    groups = [f'"order":{{{", ".join(members(["id", "amount"]))}}}', f'"account":{{{", ".join(members(["id"]))}}}']
    text = f"{blank()}{{{f',{blank()}'.join([*groups, *members(['note'])])}}}{blank()}"
    if chance.random() < 0.2:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(MARKS) + text[place + chance.randrange(2) :]
    return text


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
    batches = ndjson_input.NdjsonCells(NAMES, None).batches([(str(path), str(path))])
    with duckdb.connect() as connection:
        connection.register("lines", pa.RecordBatchReader.from_batches(ndjson_input.SCHEMA, batches))
        query = f'SELECT * EXCLUDE "credence file" FROM ({ndjson_input.cells_sql(NAMES, "lines")})'
        return list(connection.execute(query).fetchall())


@pytest.mark.parametrize("seed", range(3))
def test_a_line_taken_by_the_pattern_is_one_that_the_strict_reader_takes(seed: int, tmp_path: Path) -> None:
    """The first block of a file teaches the order of the keys; in the next, the pattern is at work."""
    chance = random.Random(seed)
    texts = [near_line(chance) for _ in range(2_000)]
    path = tmp_path / "in.ndjson"
    path.write_text("\n".join([*[TAUGHT] * 1_000, *texts]) + "\n", "utf-8", newline="")
    cells = ndjson_input.NdjsonCells(NAMES, None)
    cells._batch("in.ndjson", 1, [TAUGHT.encode()])
    plain = cells._order.matches(ndjson_input._utf8([text.encode() for text in texts])).to_pylist()
    repeated = [text for text in texts if "twice" in str(ndjson_row(1, text).fault)]
    assert sum(plain) > 200
    assert len(repeated) > 100

    rows = by_batch(path)[1_000:]

    assert [row[0] for row in rows] == list(range(1_001, 3_001))
    for (_, fault, *found), text in zip(rows, texts, strict=True):
        expected = strictly(text)
        if isinstance(expected, tuple):
            assert fault == expected[0], text
        elif expected is not None:
            assert (fault, dict(zip(NAMES, found, strict=True))) == (None, dict.fromkeys(NAMES) | expected), text


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

"""No byte of a file is lost on the way to its records, whatever the file holds."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.vocabulary.strict_json import DIGITS_MAX, JsonRefused, read_json
from files.encoding import shown_raw
from files.input_refused import InputRefused
from files.rows import csv_rows, ndjson_rows

# what makes CSV hard, and little else
HOSTILE = st.lists(
    st.sampled_from(
        [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"a", b"1", b" ", b"\xff", b"\x00", b"\xe4\xb8\xad", b"'", b"=1+1"]
    ),
    max_size=60,
).map(b"".join)


def _stream(content: bytes, newline: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), "utf-8", errors="surrogateescape", newline=newline)


@given(HOSTILE | st.binary(max_size=200))
def test_every_line_of_a_csv_file_belongs_to_one_record_or_is_blank(content: bytes) -> None:
    lines = list(_stream(content))
    at = 0
    for record in csv_rows(_stream(content)):
        assert not "".join(lines[at : record.line - 1]).strip("\r\n")
        ends = range(record.line, len(lines) + 1)
        at = next(end for end in ends if shown_raw("".join(lines[record.line - 1 : end])) == record.text)
        assert (record.cells is None) == (record.fault is not None)
    assert not "".join(lines[at:]).strip("\r\n")


@given(HOSTILE)
def test_rows_that_are_taken_apart_have_as_many_cells_as_the_heading(content: bytes) -> None:
    widths = {len(record.cells) for record in csv_rows(_stream(content)) if record.cells is not None}

    assert len(widths) <= 1


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,1eN-. \n\\u', max_size=80).map(str.encode))
def test_every_line_of_an_ndjson_file_is_a_record_or_blank(content: bytes) -> None:
    lines = [line for line in content.split(b"\n") if line.strip(b" \t\r")]

    assert len(list(ndjson_rows(_stream(content, "\n")))) == len(lines)


def test_numbers_keep_what_they_say() -> None:
    text = '{"a": 12345678901234567.89, "b": 1e400, "c": 007.5, "d": 12}'

    with pytest.raises(JsonRefused, match="is not JSON: expecting ',' delimiter at column"):
        read_json(text, decimals_as_text=True)
    kept = {"a": "12345678901234567.89", "b": "1e400", "c": "0.10", "d": 12}
    assert read_json(text.replace("007.5", "0.10"), decimals_as_text=True) == kept


def test_a_quote_that_is_never_closed_says_where_it_starts() -> None:
    with pytest.raises(JsonRefused, match=r"^is not JSON: unterminated string starting at column 7$"):
        read_json('{"a": "b', decimals_as_text=True)


@pytest.mark.parametrize(
    "line",
    ["{" * 100_000, "[" * 100_000, '{"a":' * 50_000, "1" * 100_000, "-" + "9" * 10_000, "9" * (DIGITS_MAX + 1)],
)
def test_hostile_json_is_a_fault_of_its_row(line: str) -> None:
    (record,) = ndjson_rows(io.StringIO(line + "\n"))

    assert str(record.fault).startswith("row: ")


def test_bytes_that_are_no_text_refuse_the_file() -> None:
    """Where they are not to be kept: a stream that doesn't escape them."""
    stream = io.TextIOWrapper(io.BytesIO(b"a,b\n\xff,1\n"), "utf-8", newline="")
    with pytest.raises(InputRefused, match="utf-8"):
        list(csv_rows(stream))

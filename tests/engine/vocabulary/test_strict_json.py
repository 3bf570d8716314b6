"""The body of a request, a row of decide-file, a row of batch and a file of `decide`: one verdict, one set of words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.http.body import parse_object
from api.http.problems import MalformedBody
from engine.vocabulary.strict_json import DEPTH_MAX, DIGITS_MAX, JsonRefused, read_json_object
from files.case_file import read_case
from files.input_refused import InputRefused
from files.rows import ndjson_row
from tests.support.small_policies import engine_of

ENGINE = engine_of("values: {a: 1}\n")
PUNCTUATION = ("{", "}", "[", "]", ",", ":", " ", "\t", '"', "\\", "\ufeff", "\x00", "\u3000")
WORDS = ("1", "1.5", "-0", "1e999", "NaN", "-Infinity", "true", "tru", "null", "é")
KEYS = ('"a"', '"b"', '"\\u0061"', '"\\ud800"', '"\\ud83d\\ude00"')
TOKENS = (*PUNCTUATION, *WORDS, *KEYS)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3).map(json.dumps)
TEXTS = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=14).map("".join),
    OBJECTS,
    st.tuples(OBJECTS, st.integers(0, 40), st.sampled_from(TOKENS)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    ),
)


def verdict(text: str) -> str:
    """What is wrong, blank where nothing is."""
    try:
        read_json_object(text, decimals_as_text=True)
    except JsonRefused as refused:
        return refused.message
    return ""


def of_http(text: str) -> str:
    try:
        parse_object(text.encode())
    except MalformedBody as malformed:
        return str(malformed).removeprefix("the body ")
    return ""


def of_row(text: str) -> str:
    row = ndjson_row(1, text)
    return row.fault.message if row.fault else ""


def of_batch(folder: Path, text: str) -> str:
    ndjson_input = pytest.importorskip("files.batch.duckdb.ndjson_input")
    (folder / "in.ndjson").write_text(f'{{"a": "1"}}\n{text}\n', "utf-8", newline="")
    faults = [
        fault
        for batch in ndjson_input.NdjsonCells(("a",), None).batches([("in.ndjson", str(folder / "in.ndjson"))])
        for fault in batch.column(3).to_pylist()
    ]
    return (faults[1] or "" if len(faults) > 1 else "is empty").removeprefix("row: ")


def of_decide(text: str) -> str:
    try:
        read_case(text.encode(), "a.json", ENGINE.vocabulary, None)
    except InputRefused as refused:
        return refused.message if refused.place else ""
    return ""


@settings(max_examples=150, deadline=None)
@given(TEXTS)
@example("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1))
@example('{"a": ' + "[" * (DEPTH_MAX - 1) + "]" * (DEPTH_MAX - 1) + "}")
@example('{"a": ' + "9" * DIGITS_MAX + "}")
@example('{"a": ' + "9" * (DIGITS_MAX + 1) + "}")
@example('{"a": 1, "a": {"b": NaN}}')
@example("")
def test_one_text_has_one_verdict(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    expected = verdict(text)

    assert of_http(text) == expected
    assert of_row(text) == expected
    if not text.startswith("\ufeff"):  # there it is the file's, and no part of the text
        assert of_decide(text) == expected
    in_a_file = of_batch(tmp_path_factory.mktemp("json"), text)
    if "\x00" not in text:
        assert in_a_file == expected or (expected == "" and not in_a_file.startswith(("is ", "holds ")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "\\u0061": 2}', "holds the key `a` twice"),
        ('{"a": Infinity}', "holds Infinity, which is not JSON"),
        ('{"a": "\\ude00\\ud83d"}', "holds an escape that stands for half a character (a lone surrogate)"),
        ("\ufeff{}", "starts with a byte order mark"),
        (" \n", "is empty"),
        ("{}{}", "is not JSON: extra data at column 3"),
        ('{\n"a": b}', "is not JSON: expecting value at line 2, column 6"),
        ('"a"', "is not a JSON object"),
        ("[" * 101 + "]" * 101, "is JSON nested too deeply"),
        ('{"a": ' + "9" * 4_301 + "}", "holds a number of more than 4300 digits"),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, message: str) -> None:
    assert verdict(text) == message


def test_every_repeated_key_is_named_with_its_place() -> None:
    with pytest.raises(JsonRefused) as refused:
        read_json_object('{"a": [{"b": 1, "b": 2}], "c": {}, "a": 1}', decimals_as_text=True)

    assert refused.value.repeated == (("a", 0, "b"), ("a",))

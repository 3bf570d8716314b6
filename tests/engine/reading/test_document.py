"""The YAML reader: what it reads, where it says things stand, what it refuses, and that it never raises."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading.document import Document, Mapping, Node, Scalar, Sequence, read
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake

REAL = """\
# yaml-language-server: $schema=policy.json
policy: orders
title: {en: Order release, zh: 订单放行}
parameters:
  tolerance: {2026-01-01: 0.10, 2026-07-01: 0.05}
rules:
  over-limit:
    when: exposure_after > limits.credit_limit * (1 + tolerance)
    reason:
      en: Exposure after this order, {exposure_after}, is above the limit.
      zh: "本单后敞口 {exposure_after}\\n超过信用额度"
    note: |
      first line
        second line
  rows:
    - {when: {grading.grade: [D, unrated], account.months: "< 6"}, then: {hold: true}}
"""


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value if node else None


def whole(text: str | bytes) -> Document:
    document, diagnostics = read(text, "p.yaml")
    assert not diagnostics and document is not None, [str(found) for found in diagnostics]
    return document


def scalar(text: str, key: str = "a") -> Scalar:
    node = whole(text).root.get(key)
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(word, word) for word in ["NO", "on", "off", "yes", "True", "TRUE", "False", "Null", "NULL", "y", "n"]],
        *[
            (word, word)
            for word in [
                "1_000",
                "1e3",
                "010",
                "0x1F",
                "12:30",
                ".5",
                "+1",
                ".inf",
                ".nan",
                "1.",
                "0o7",
                "-.5",
                "2026-01-01",
                "١٢",
            ]
        ],
        *[(word, Decimal(word)) for word in ["0", "-1", "10", "0.10", "-0.5", "12345678901234567.89"]],
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("|-\n  1", "1"),
        ("2/10 net 60", "2/10 net 60"),
        ("= 3", "= 3"),
    ],
)
def test_only_three_kinds_of_plain_text_become_values(written: str, value: object) -> None:
    node = scalar(f"a: {written}")
    assert node.value == value and type(node.value) is type(value)
    assert node.quoted == (written[:1] in ("'", '"', "|"))


def test_a_number_keeps_its_text() -> None:
    assert scalar("a: 0.10").text == "0.10"


def test_the_real_file_reads_whole() -> None:
    assert plain(whole(REAL).root) == {
        "policy": "orders",
        "title": {"en": "Order release", "zh": "订单放行"},
        "parameters": {"tolerance": {"2026-01-01": Decimal("0.10"), "2026-07-01": Decimal("0.05")}},
        "rules": {
            "over-limit": {
                "when": "exposure_after > limits.credit_limit * (1 + tolerance)",
                "reason": {
                    "en": "Exposure after this order, {exposure_after}, is above the limit.",
                    "zh": "本单后敞口 {exposure_after}\n超过信用额度",
                },
                "note": "first line\n  second line\n",
            },
            "rows": [
                {"when": {"grading.grade": ["D", "unrated"], "account.months": "< 6"}, "then": {"hold": True}},
            ],
        },
    }


@pytest.mark.parametrize("prefix", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_columns_count_characters_behind_wide_ones_and_a_byte_order_mark(
    prefix: str, ending: str, as_bytes: bool
) -> None:
    text = prefix + ending.join(["题: {中文😀: '值', b: x}", "c: [1]"])
    root = whole(text.encode() if as_bytes else text).root
    first, last = root.get("题"), root.get("c")
    assert isinstance(first, Mapping) and isinstance(last, Sequence)
    places = [root.place, first.place, *(node.place for entry in first.entries for node in entry), last.items[0].place]
    assert [(place.line, place.column) for place in places] == [
        (1, 1), (1, 4), (1, 5), (1, 10), (1, 15), (1, 18), (2, 5),
    ]  # fmt: skip


PLACED = [
    "a: one TWO",
    "文: x\na: 中文 TWO",
    "a: 'one TWO'",
    'a: "one TWO"',
    "a: 'it''s TWO'",
    'a: "\\x41\\u4e2d\\U0001F600\\n\\t TWO"',
    "a: one\n  two\n\n\n  three TWO x",
    "a: one  \r\n   two TWO x",
    "a: 'one\n\n   it''s TWO'",
    'a: "one\n   TWO"',
    'a: "one \\\n   two\\\n\n  TWO"',
    "a: |\n  one\n\n    two TWO\n  three\n",
    "a: |2-\n    one\n  TWO\n",
    "a: >\n  one\n  two\n\n  three TWO\n",
    "a: > # comment\n\n  one\n    more\n  TWO\r\n  x\n",
    "a:\n  - b: |+\n\n      one\n      中 TWO\n\n",
    "a: [x, 'one TWO']",
    "a: one\n  \u3000two TWO",
]


@pytest.mark.parametrize("text", PLACED)
def test_a_character_of_the_text_is_found_where_it_stands_in_the_file(text: str) -> None:
    node = whole(text).root.get("a")
    while not isinstance(node, Scalar):
        assert node is not None
        node = node.items[-1] if isinstance(node, Sequence) else node.entries[-1][1]
    place = node.place_at(node.text.index("TWO"))
    lines = text.replace("\r\n", "\n").split("\n")
    assert lines[place.line - 1][place.column - 1 :].startswith("TWO")


def test_the_place_after_the_last_character() -> None:
    assert str(scalar("a: abc").place_at(3)) == "p.yaml:1:7"
    assert str(scalar("a: 'a''c'").place_at(3)) == "p.yaml:1:9"
    assert str(scalar("a: |\n  abc\n").place_at(3)) == "p.yaml:2:6"
    assert str(scalar("a: |\n").place_at(0)) == "p.yaml:1:5"


HANGS_AFTER = 30
"""Seconds of the processor; the slowest hostile text takes one, one that is not stopped takes minutes."""

# What no file of mistakes can hold (bytes, odd characters, great size), beside its diagnostics as "line:column code".
REFUSED: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["1:1 Y004"]),
    "comment only": ("# x", ["1:1 Y004"]),
    "text root": ("\n  x", ["2:3 Y005"]),
    "tag directive": ("# x\n%TAG ! foo\n---\na: 1", ["2:1 Y007"]),
    "control characters": ("a: x\x00\x07\u2028\u202e\nb: \ud800\ufeff", [
        "1:5 Y003", "1:6 Y003", "1:7 Y003", "1:8 Y003", "2:4 Y003", "2:5 Y003",
    ]),
    "not UTF-8": ("题: 1\nb: 额".encode("gbk"), ["1:1 Y001"]),
    "bad byte behind wide text": ("题: 中".encode() + b"\xff", ["1:5 Y001"]),
    "UTF-16": ("a: 1".encode("utf-16"), ["1:1 Y001"]),
    "too large": ("a: " + "x" * (1 << 20), ["1:1 Y002"]),
    "too large in bytes": ("a: " + "额" * 350_000, ["1:1 Y002"]),
    "tab": ("a:\n\tb: 1", ["2:1 Y031"]),
    "tab after spaces": ("a:\n  b: 1\n  \tc: 2", ["3:3 Y031"]),
    "tab in a block": ("a: |\n\tx", ["2:1 Y031"]),
    "51 levels": ("[" * 51 + "]" * 51, ["1:51 Y030"]),
    "100,000 lists": ("[" * 100_000, ["1:51 Y030"]),
    "100,000 mappings": ("{" * 100_000, ["1:51 Y030"]),
    "nested pairs": ("a: " + "[?" * 200_000, ["1:53 Y030"]),
    "100,000 block items": ("- " * 100_000, ["1:101 Y030"]),
    "1,400 levels of indentation": ("".join(" " * level + "a:\n" for level in range(1400)), ["51:51 Y030"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_every_mistake_is_refused_at_its_place_with_what_to_write_instead(name: str) -> None:
    text, expected = REFUSED[name]
    started = time.process_time()
    _, found = read(text, "p.yaml")
    assert time.process_time() - started < HANGS_AFTER
    assert [f"{each.place.line}:{each.place.column} {each.code}" for each in found] == expected
    for each in found:
        assert each.hint and not each.message.endswith(".") and not each.message[0].isupper()


@each_mistake(Path(__file__).parent / "mistakes" / "yaml.txt")
def test_all_that_is_wrong_with_yaml_is_said_where_it_stands(mistake: Mistake) -> None:
    assert_diagnostics(mistake, read(mistake.text, "p.yaml")[1], "p.yaml")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a: 1\na: 2\nb: 3", {"a": 1, "b": 3}),
        ("<<: {c: 1}\nb: 3", {"b": 3}),
        ("[x]: 1\nb: 3", {"b": 3}),
        ("'': 1\nb: 3", {"b": 3}),
    ],
)
def test_a_refused_key_leaves_the_rest_to_be_checked(text: str, left: dict[str, object]) -> None:
    document, diagnostics = read(text, "p.yaml")
    assert diagnostics and document and plain(document.root) == left


@pytest.mark.parametrize("text", ["a: *x", "a: &x 1", "a: !t 1", "a: \x07", "a: 1\n---\nb: 1", "a: @", "- a"])
def test_a_value_that_cannot_be_read_gives_no_document(text: str) -> None:
    assert read(text, "p.yaml")[0] is None


def test_fifty_levels_are_read() -> None:
    whole("a: " + "[" * 49 + "]" * 49)


def test_a_flood_of_mistakes_is_cut_and_says_so() -> None:
    found = read("\0" * 1_000_000, "p.yaml")[1]
    assert len(found) == 101 and found[-1].code == "Y099"


def all_scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    children = node.items if isinstance(node, Sequence) else [part for entry in node.entries for part in entry]
    return [leaf for child in children for leaf in all_scalars(child)]


def check_never_raises(text: str | bytes) -> None:
    document, diagnostics = read(text, "p.yaml")
    assert document or diagnostics
    for leaf in all_scalars(document.root) if document else []:
        for offset in range(0, len(leaf.text) + 1, 7):
            assert leaf.place_at(offset) >= leaf.place


YAML_PIECES = st.lists(
    st.sampled_from(
        [*"{}[]:,-?&*!|>'\"%@`#\\ \t\n\r=~<", "a", "中", "---\n", "...", ": ", "- ", "\n  ", "\ud800", "\0"]
    )
).map("".join)


@given(st.text() | YAML_PIECES | st.text(st.characters(exclude_categories=())))
@settings(max_examples=1500, deadline=None)
def test_no_text_raises(text: str) -> None:
    check_never_raises(text)


@given(st.binary())
@settings(max_examples=500, deadline=None)
def test_no_bytes_raise(data: bytes) -> None:
    check_never_raises(data)


@given(st.integers(0, len(REAL)), st.integers(0, 12), YAML_PIECES | st.text(max_size=5), st.booleans())
@settings(max_examples=1500, deadline=None)
def test_no_mutation_of_a_real_file_raises(at: int, cut: int, put: str, as_bytes: bool) -> None:
    text = REAL[:at] + put + REAL[at + cut :]
    check_never_raises(text.encode("utf-8", "surrogatepass") if as_bytes else text)

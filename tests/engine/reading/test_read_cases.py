"""Policy tests' files: how fixtures combine, what facts become, and the mistakes in them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading.cases import read_cases
from engine.reading.document import Document, read
from engine.reading.policy_test import Suite
from engine.reading.vocabulary_file import read_vocabulary
from engine.vocabulary.text import Text

TITLE = "title: {en: a, zh: b}"
FACTS = f"""facts:
  order.amount: {{type: money, required: true, minimum: 0, {TITLE}}}
  order.id: {{type: text, {TITLE}}}
  account.grade: {{type: enum, members: [A, B], {TITLE}}}
  account.months: {{type: months, {TITLE}}}
  account.share: {{type: rate, {TITLE}}}
  account.since: {{type: date, {TITLE}}}
  account.blocked: {{type: yes/no, {TITLE}}}
  invoice.days: {{type: days, {TITLE}}}
"""
HEAD = "cases: orders\ncase_kind: order\nas_of: 2026-07-15\n"
GOOD = """fixtures:
  good: {account: {grade: A, months: 24, share: 0.05, blocked: false}, order: {amount: 5000}}
  late: {account: {grade: B, since: 2020-01-31}}
tests:
  one:
    title: {en: One, zh: 一}
    use: [good, late]
    facts: {order: {id: 4711, amount: "12.50"}, account: {months: null}}
    as_of: 2026-07-20
    expect:
      outcome: hold
      reasons: [orders.over-limit]
      undetermined: []
      results: {grading.grade: B, grading.score: 55.5, x.list: [a, 1]}
      conditions: {deposit: "300.00"}
  two: {use: good, expect: {outcome: approve, reasons: []}}
"""


def document(text: str, file: str = "cases.yaml") -> Document:
    found, mistakes = read(text, file)
    assert found and not mistakes, mistakes
    return found


VOCABULARY, _MISTAKES = read_vocabulary(document(FACTS), None)


def suite(text: str) -> Suite:
    found, mistakes = read_cases(document(text), VOCABULARY)
    assert not mistakes
    assert found
    return found


def test_fixtures_combine_and_later_ones_override() -> None:
    one, two = suite(HEAD + GOOD).cases
    assert one.facts == {
        "account": {"grade": "B", "months": None, "share": "0.05", "blocked": False, "since": "2020-01-31"},
        "order": {"amount": "12.50", "id": "4711"},
    }
    assert two.facts["account"] == {"grade": "A", "months": 24, "share": "0.05", "blocked": False}
    assert two.facts["order"] == {"amount": "5000"}


def test_what_is_expected_and_when() -> None:
    found = suite(HEAD + GOOD)
    one, two = found.cases
    assert (found.name, found.case_kind) == ("orders", "order")
    assert (one.as_of, two.as_of) == (date(2026, 7, 20), date(2026, 7, 15))
    assert one.title == Text("One", "一")
    assert one.expected.reasons == ("orders.over-limit",)
    assert one.expected.undetermined == ()
    assert one.expected.results == {"grading.grade": "B", "grading.score": Decimal("55.5"), "x.list": ("a", Decimal(1))}
    assert one.expected.conditions == {"deposit": "300.00"}
    assert two.expected.outcome == "approve"
    assert two.expected.undetermined is None and two.expected.results is None and two.expected.conditions is None


EXPECT = "expect: {outcome: hold, reasons: []}"
ORDER = "order: {amount: 1}"
BAD = {
    "tests: {}\n": ["4:8 P016 `tests` must not be empty"],
    "tests: {a: 5}\n": ["4:12 P003 the test `a` must be a group"],
    f"tests: {{A b: {{facts: {{{ORDER}}}, {EXPECT}}}}}\n": ["4:9 P004 `A b` is not a test's name", "write `a-b`"],
    f"tests: {{a: {{facts: {{{ORDER}}}}}}}\n": ["4:9 P002 the test `a` has no `expect`"],
    f"tests: {{a: {{{EXPECT}}}}}\n": ["4:9 P002 the test `a` lacks `order.amount`, which is required"],
    f"tests: {{a: {{facts: {{order: {{amount: null}}}}, {EXPECT}}}}}\n": ["4:9 P002 the test `a` lacks `order.amount`"],
    f"tests: {{a: {{facts: {{{ORDER}}}, as_of: 2026-02-30, {EXPECT}}}}}\n": ["4:49 P012 `2026-02-30` is not a date"],
    f"fixtures: {{f: {{{ORDER}}}}}\ntests: {{a: {{use: g, facts: {{{ORDER}}}, {EXPECT}}}}}\n": [
        "5:18 P040 `g` is not a fixture of this file"
    ],
    f"fixtures: {{f: {{order: {{amuont: 1}}}}}}\ntests: {{a: {{use: f, {EXPECT}}}}}\n": [
        "4:24 P041 `order.amuont` is not a fact (did you mean `amount`?)"
    ],
    f"tests: {{a: {{facts: {{{ORDER}, invoice: {{days: 1}}}}, {EXPECT}}}}}\n": [
        "4:41 P041 `invoice` is not a group of facts that orders have"
    ],
    f"tests: {{a: {{facts: {{order.amount: 1}}, {EXPECT}}}}}\n": ["4:21 P041", "write `order: {amount: …}`"],
    f"tests: {{a: {{facts: {{order: {{amount: 1.234}}}}, {EXPECT}}}}}\n": [
        "4:37 P042 the fact `order.amount`: `1.234` has more than 2 decimals"
    ],
    f"tests: {{a: {{facts: {{{ORDER}, account: {{grade: C}}}}, {EXPECT}}}}}\n": ["4:58 P042", "expected one of A, B"],
    f"tests: {{a: {{facts: {{{ORDER}, account: {{months: 1.5}}}}, {EXPECT}}}}}\n": ["4:59 P042", "not a whole number"],
    f"tests: {{a: {{facts: {{{ORDER}, account: {{blocked: no}}}}, {EXPECT}}}}}\n": [
        "4:60 P042",
        "neither true nor false",
    ],
    f"tests: {{a: {{facts: {{{ORDER}, account: {{since: [1]}}}}, {EXPECT}}}}}\n": ["4:58 P003", "must be one value"],
    f"tests: {{a: {{facts: {{{ORDER}}}, expect: {{outcome: holds, reasons: []}}}}}}\n": [
        "4:60 P008 `holds` is not an outcome for orders (did you mean `hold`?)"
    ],
    f"tests: {{a: {{facts: {{{ORDER}}}, expect: {{outcome: hold}}}}}}\n": [
        "4:50 P002 `expect` of the test `a` has no `reasons`"
    ],
    f"tests: {{a: {{facts: {{{ORDER}}}, expect: {{outcome: hold, reasons: x}}}}}}\n": [
        "4:75 P003 `reasons` must be a list"
    ],
    f"tests: {{a: {{facts: {{{ORDER}}}, expect: {{outcome: hold, reasons: [1]}}}}}}\n": [
        "4:76 P003 a rule's id must be a word"
    ],
    f"tests: {{a: {{facts: {{{ORDER}}}, expect: {{outcome: hold, reasons: [], results: {{x: {{y: 1}}}}}}}}}}\n": [
        "4:92 P003 the value of `x` must be one value or a list"
    ],
}


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_is_said_where_it_stands(text: str) -> None:
    found, mistakes = read_cases(document(HEAD + text), VOCABULARY)
    said = [str(mistake).removeprefix("cases.yaml:").replace(": ", " ", 1) for mistake in mistakes]
    assert len(said) == 1, said
    start, *fragments = BAD[text]
    assert said[0].startswith(start)
    assert all(fragment in said[0] for fragment in fragments), said
    assert found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cases: x\ncase_kind: ordre\ntests: {}\n", "2:12 P007 `ordre` is not a case kind (did you mean `order`?)"),
        (
            "cases: x\ncase_kind: account\ntests: {a: {expect: {outcome: watch, reasons: []}}}\n",
            "3:9 P002 the test `a` has no",
        ),
        ("cases: X\ncase_kind: account\nas_of: soon\ntests: {}\n", "1:8 P004 `X` is not a suite's name (write `x`)"),
        ("case_kind: order\n", "1:1 P002 a cases file has no `cases`"),
    ],
)
def test_mistakes_above_the_tests(text: str, expected: str) -> None:
    _, mistakes = read_cases(document(text), VOCABULARY)
    said = [str(mistake).removeprefix("cases.yaml:").replace(": ", " ", 1) for mistake in mistakes]
    assert any(one.startswith(expected.split(" (")[0]) for one in said), said


WORDS = st.sampled_from(
    [
        "order",
        "account",
        "amount",
        "grade",
        "since",
        "use",
        "facts",
        "expect",
        "outcome",
        "reasons",
        "results",
        "as_of",
        "f",
    ]
    + ["hold", "1", "-2.5", "'3'", "2026-01-01", "true", "null", "''", "title", "en", "undetermined", "conditions"]
)
YAML = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(WORDS, inner, max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(YAML, YAML, YAML)
def test_any_cases_file_gives_a_suite_or_diagnostics(fixtures: str, facts: str, expected: str) -> None:
    tests = f"tests: {{a: {{use: f, facts: {facts}, expect: {expected}}}, b: {facts}}}\n"
    found, _ = read(f"{HEAD}fixtures: {{f: {fixtures}}}\n{tests}", "cases.yaml")
    if found is None:
        return
    _, mistakes = read_cases(found, VOCABULARY)
    assert {mistake.code[0] for mistake in mistakes} <= {"P", "F"}

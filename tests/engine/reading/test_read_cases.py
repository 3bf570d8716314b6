"""Policy tests' files: how fixtures combine, what facts become, and the mistakes in them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading.cases import read_cases
from engine.reading.document import Document, read
from engine.reading.policy_test import Suite
from engine.reading.vocabulary_file import read_vocabulary
from engine.vocabulary.text import Text
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake

MISTAKES = Path(__file__).parent / "mistakes"
SOUND = Path(__file__).parent / "sound"
FACTS = (SOUND / "facts.yaml").read_text("utf-8")
CASES = (SOUND / "cases.yaml").read_text("utf-8")
HEAD = "cases: orders\ncase_kind: order\nas_of: 2026-07-15\n"


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
    one, two = suite(CASES).cases
    assert one.facts == {
        "account": {"grade": "B", "months": None, "share": "0.05", "blocked": False, "since": "2020-01-31"},
        "order": {"amount": "12.50", "id": "4711"},
    }
    assert two.facts["account"] == {"grade": "A", "months": 24, "share": "0.05", "blocked": False}
    assert two.facts["order"] == {"amount": "5000"}


def test_what_is_expected_and_when() -> None:
    found = suite(CASES)
    one, two = found.cases
    assert (found.name, found.case_kind) == ("orders", "order")
    assert (one.as_of, two.as_of) == (date(2026, 7, 20), date(2026, 7, 15))
    assert one.title == Text("One", "一")
    assert one.expected.reasons == ("orders.over-limit",)
    assert one.expected.undetermined == ()
    assert one.expected.results == {"grading.grade": "B", "grading.score": Decimal("55.5"), "x.list": ("a", Decimal(1))}
    assert one.expected.conditions == {"deposit": "300.00"}
    assert one.expected.actions == {
        "orders.over-limit": {"action": "notify_insurer", "by": "2026-07-31", "amount": None},
        "orders.late": {},
    }
    assert two.expected.outcome == "approve"
    assert two.expected.undetermined is None and two.expected.results is None and two.expected.conditions is None


@each_mistake(MISTAKES / "cases.txt", MISTAKES / "cases_heads.txt")
def test_all_that_is_wrong_with_policy_tests_is_said_where_it_stands(mistake: Mistake) -> None:
    suite, found = read_cases(document(mistake.text), VOCABULARY)
    assert_diagnostics(mistake, found, "cases.yaml")
    assert suite or mistake.path.name == "cases_heads.txt"


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

"""What `credence check` says about exceptions: mistakes beside the diagnostics they must give, and warnings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.compiling.exceptions import ended_exceptions
from engine.diagnostics.codes import ErrorCode
from engine.pipeline import load
from engine.reading.exceptions_file import EXCEPTIONS_MAX
from tests.support.exception_files import exception, with_exceptions
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, REASON

RULES = f"""\
rules:
  points: {{when: account.points > 5, then: review, reason: {REASON}}}
  level: {{when: account.level > 5, then: review, reason: {REASON}}}
  closed: {{when: account.flag, then: restrict, waivable: false, reason: {REASON}}}
"""
ORDERS = (
    "policy: q\ntitle: {en: Q, zh: 乙}\ndecides: order\n"
    f"rules:\n  big: {{when: order.amount > 5, then: hold, reason: {REASON}}}\n"
)
FILES = whole_set({"p": HEAD + RULES, "q": ORDERS}, FACTS.format(currency="EUR"))


@each_mistake(Path(__file__).parent / "mistakes" / "exceptions.txt")
def test_all_that_is_wrong_with_an_exception_is_said(mistake: Mistake) -> None:
    diagnostics = load({**FILES, "exceptions.yaml": mistake.text.encode()}).diagnostics
    assert_diagnostics(mistake, diagnostics, "exceptions.yaml")


def test_a_rule_of_a_policy_with_mistakes_may_be_there() -> None:
    """A broken rule is one mistake, not one more in each exception that names it."""
    for broken in (FILES["p.yaml"].replace(b"points > 5", b"points > > 5"), b"policy: p\n  rules: [\n"):
        exceptions = with_exceptions("", kn=exception("p.points", 'account.id = "C"'))["exceptions.yaml"]
        loaded = load({**FILES, "p.yaml": broken, "exceptions.yaml": exceptions})
        assert loaded.engine is None
        assert {item.place.file for item in loaded.diagnostics} == {"p.yaml"}


def test_no_policy_is_called_exceptions() -> None:
    named = whole_set({"x": (HEAD + RULES).replace("policy: p", "policy: exceptions")}, FACTS.format(currency="EUR"))
    [said] = [str(item) for item in load(named).diagnostics if item.code is ErrorCode.P005]
    assert said == "x.yaml:1:9: P005 `exceptions` is what exceptions go by, not a free name (choose another name)"


def test_too_many_exceptions_are_refused() -> None:
    one = exception("p.points", 'account.id = "C"')
    fits, too_many = ({f"e{n}": one for n in range(count)} for count in (EXCEPTIONS_MAX, EXCEPTIONS_MAX + 1))
    assert load(with_exceptions(RULES, **fits)).engine is not None
    [said] = load(with_exceptions(RULES, **too_many)).diagnostics
    assert str(said).startswith(f"exceptions.yaml:{EXCEPTIONS_MAX + 1}:1: Y098 there are 501 exceptions; at most 500")


@pytest.mark.parametrize("day", ["2026-07-31", "2026-08-01"])
def test_one_that_has_ended_is_a_warning_and_no_mistake(day: str) -> None:
    loaded = load(with_exceptions(RULES, kn=exception("p.points", 'account.id = "C"')))
    assert loaded.engine is not None
    said = ended_exceptions(loaded.engine.exceptions, date.fromisoformat(day))
    assert all(item.code.is_warning and item.as_json()["severity"] == "warning" for item in said)
    message = "exceptions.yaml:1:1: W002 the exception `kn` ended on 2026-07-31"
    hint = "delete it, or have it approved anew with another `until:`"
    assert [str(item) for item in said] == ([f"{message} ({hint})"] if day == "2026-08-01" else [])

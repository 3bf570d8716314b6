"""A policy test as its author wrote it: a case's facts, and what must be decided about it.

Noun that `read_cases` gives. Facts stand as a request carries them, so that a test goes through the same gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.binding import JsonRecords, JsonScalar
from engine.vocabulary.text import Text

ExpectedValue = Decimal | str | bool | None | tuple["ExpectedValue", ...]
"""As written in YAML, a list as a tuple. Compare a number with a decision's decimal text by value, not by digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must come out of a case."""

    place: Place
    """Where `expect` begins, which a failing test points at."""
    outcome: str
    """A step of the case kind's ladder, such as `hold`."""
    reasons: tuple[str, ...]
    """The ids of exactly the rules that give a reason, `policy.rule`, in any order, waived ones among them."""
    waived: tuple[str, ...]
    """Of these exactly the ones that an exception waives."""
    undetermined: tuple[str, ...] | None
    """The ids of exactly what can't be worked out; None: not asked."""
    results: Mapping[str, ExpectedValue] | None
    """Some of the results by name, `policy.result`; None: not asked."""
    conditions: Mapping[str, ExpectedValue] | None
    """Exactly the conditions by name; None: not asked."""
    actions: Mapping[str, Mapping[str, ExpectedValue]] | None
    """By the ids of exactly the rules that ask for an action: those of `action`, `by` and `amount` that are compared.
    None: not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test: the facts of a case, its day, and what is expected."""

    name: str
    """Unique in its suite."""
    place: Place
    title: Text | None
    """For the output of `credence test`; None if the author gave none."""
    case_kind: str
    """A key of `CASE_KINDS`, the suite's."""
    as_of: date
    """The day of the decision."""
    facts: Mapping[str, Mapping[str, JsonScalar | JsonRecords]]
    """By group, as a request carries them: `{"order": {"amount": "12.50"}}`, fixtures already merged in."""
    expected: Expected


@dataclass(frozen=True, slots=True)
class Suite:
    """One file of `rules/cases/`.

    In YAML:

        cases: orders
        case_kind: order
        as_of: 2026-07-15
        fixtures:
          good: {account: {grade: A}}
        tests:
          small-order:
            use: good
            facts: {order: {amount: 12.50}}
            expect: {outcome: approve, reasons: []}
    """

    name: str
    """What `credence test` calls it."""
    place: Place
    case_kind: str
    """What each test decides: a key of `CASE_KINDS`."""
    cases: tuple[Case, ...]
    """The tests without mistakes, in the file's order."""

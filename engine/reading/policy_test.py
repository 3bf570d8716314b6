"""A policy test as its author wrote it: a case's facts, and what must be decided about it.

Noun that `read_cases` gives. Facts stand as a request carries them, so that a test goes through the same gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.text import Text

ExpectedValue = Decimal | str | bool | None | tuple["ExpectedValue", ...]
"""As written: compare a number with a decision's decimal text by value."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`reasons` are the ids of exactly the rules that give one, in any order. `undetermined` and `conditions` are exact
    too, `results` are some among others; None where the author says nothing about them."""

    place: Place
    outcome: str
    reasons: tuple[str, ...]
    undetermined: tuple[str, ...] | None
    results: Mapping[str, ExpectedValue] | None
    conditions: Mapping[str, ExpectedValue] | None


@dataclass(frozen=True, slots=True)
class Case:
    """`facts` holds a mapping per group: `{"order": {"amount": "12.50"}}`."""

    name: str
    place: Place
    title: Text | None
    case_kind: str
    as_of: date
    facts: Mapping[str, Mapping[str, str | int | bool | None]]
    expected: Expected


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    place: Place
    case_kind: str
    cases: tuple[Case, ...]

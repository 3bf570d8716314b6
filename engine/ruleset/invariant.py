"""Invariants: what must hold of every case that could exist, whatever the policies say about each.

Noun that `compile` gives and `engine.proving.smt` takes. An invariant speaks of one case, of two that differ in a few
facts (`before`, `after`), or of a whole and its two parts (`whole`, `first`, `second`). Its formulas read the values of
a side by the side's name before the value's: `after.grading.score`. What stands without one is meant of every side.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.ruleset.formula import Formula
from engine.vocabulary.invariant_words import CarryWord, ChangeWord, Claim, Level
from engine.vocabulary.text import Text

COMPLETE = "complete"
"""The name under which a `given` asks that no rule of any side is undetermined."""

ONE, BEFORE, AFTER = "", "before", "after"
WHOLE, FIRST, SECOND = "whole", "first", "second"


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that changes, by its full name."""

    fact: str
    word: ChangeWord


@dataclass(frozen=True, slots=True)
class Split:
    """An amount in two parts, each at least one minor unit."""

    fact: str
    carried: tuple[tuple[str, CarryWord], ...]
    """Facts of the second part that hold the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One invariant on one stretch of dates."""

    id: str
    place: Place
    title: Text
    why: Text | None
    level: Level
    case: str

    given: tuple[Formula, ...]
    """Of which cases it speaks: those for which all of these are true. Where one is unknown it says nothing."""

    holds: Formula | None
    """What is true then. Unknown is enough only where the outcome is the kind's caution or worse. None where it is
    about outcomes."""

    outcome: str | None
    """The least severe outcome that is allowed then; None where it says nothing of it."""

    claim: Claim | None
    """What it says of the outcomes of several sides; None where it says nothing of them."""

    changes: tuple[FactChange, ...]
    is_any_change: bool
    """Whether the two sides have nothing in common."""
    split: Split | None

    @property
    def sides(self) -> tuple[str, ...]:
        """The names of its cases; empty for a single one."""
        if self.split is not None:
            return (WHOLE, FIRST, SECOND)
        return (BEFORE, AFTER) if self.changes or self.is_any_change else (ONE,)

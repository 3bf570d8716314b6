"""The words of rules/invariants.yaml: how much an invariant counts, what it says, and what changes.

Each member is the word that an author writes.
"""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """What it means that an invariant is not proved."""

    MUST = "must"
    """The policies may not be put into force."""

    GOAL = "goal"
    """It is reported."""


class Claim(StrEnum):
    """What an invariant says of outcomes, as an author writes it behind `then:`."""

    NOT_WORSE = "not worse"
    """The outcome after is not more severe than before."""

    NOT_BETTER = "not better"
    """The outcome after is not milder than before."""

    SAME_OUTCOME = "same outcome"
    """The outcomes before and after are the same."""

    NOT_BOTH_PASS = "not both pass"
    """Where the whole doesn't pass, one of its parts doesn't: passing is what is milder than the kind's caution."""


class ChangeWord(StrEnum):
    """How a fact after differs from the same fact before."""

    LESS = "less"
    MORE = "more"
    EARLIER = "earlier"
    LATER = "later"
    NOT_LESS = "not less"
    NOT_MORE = "not more"
    LESS_BY_THE_SAME = "less by the same"
    """By as much as the first fact that is `less`; missing on both sides or on neither."""
    MORE_BY_THE_SAME = "more by the same"
    OTHER = "other"
    FROM_MISSING = "from missing"
    TO_MISSING = "to missing"
    TO_TRUE = "to true"
    TO_FALSE = "to false"
    ANY = "any"
    """Both sides may be anything."""


class CarryWord(StrEnum):
    """What becomes of a fact for the second part, once the first is in."""

    PLUS = "plus"
    """It grows by the first part; missing stays missing."""

    PLUS_FROM_NOTHING = "plus from nothing"
    """It grows by the first part; missing becomes the first part."""

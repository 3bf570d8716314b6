"""Parameters that are lists, as formulas see them: only whether something is in one can be asked.

Part of `expressions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.compiling.arithmetic import Unset, compare, described, is_null
from engine.compiling.mismatch import Mismatch
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import did_you_mean
from engine.reading.policy import LISTS
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import YES_NO, Kind


@dataclass(frozen=True, slots=True)
class NamedList(Formula):
    """A parameter that is a list. It is no value: `x in name` makes a `MemberOf` of it, and nothing else reads it."""

    name: str
    """`policy.parameter`."""

    entries: tuple[str, ...]
    """At most some hundreds; maybe none."""

    is_unset: bool = False
    """Whether this is before its first date, when it has no entries yet and nothing is known of them."""


def member_of(subject: Formula, listed: NamedList) -> Formula:
    """Whether a text or a word is in a list. Raises `Mismatch` for anything else, and where the list holds a word that
    the subject can never be."""
    name = shown_name(listed)
    of_days = listed.type.kind is Kind.DATE
    if subject.type.kind not in ((Kind.DATE,) if of_days else (Kind.TEXT, Kind.ENUM)) or is_null(subject):
        held = "days" if of_days else "words"
        hint = "write `of: date`, or its days under a heading `date`" if subject.type.kind is Kind.DATE else ""
        raise Mismatch(ErrorCode.T001, f"{described(subject)} can't be in a list of {held}, as `{name}` is", hint)
    if listed.is_unset:
        return compare("=", subject, Unset(listed.type, listed.name, nullable=True))
    if subject.type.kind is Kind.ENUM and not isinstance(subject, Constant):
        strange = [entry for entry in listed.entries if entry not in subject.type.members]
        if strange:
            message = f"`{strange[0]}` in the list `{name}` is not one of the words possible here"
            raise Mismatch(ErrorCode.T007, message, did_you_mean(strange[0], subject.type.members))
    entries = tuple(map(_day, listed.entries)) if of_days else listed.entries
    return f.MemberOf(YES_NO, subject, entries, nullable=subject.nullable)


def shown_name(listed: NamedList) -> str:
    """What messages call a list: its name alone, or `lists.name` where it stands in a file of its own."""
    folder, _, name = listed.name.rpartition(".")
    return listed.name if folder == LISTS else name


def _day(entry: str) -> int:
    """An entry of a list of days, which its reader has seen to be one."""
    return day_number(date.fromisoformat(entry))

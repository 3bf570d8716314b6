"""Parameters that are lists, as formulas see them: only whether something is in one can be asked.

Part of `expressions`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.compiling.arithmetic import Unset, compare, described, is_null
from engine.compiling.mismatch import Mismatch
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import did_you_mean
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
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
    name = listed.name.rpartition(".")[2]
    if subject.type.kind not in (Kind.TEXT, Kind.ENUM) or is_null(subject):
        raise Mismatch(ErrorCode.T001, f"{described(subject)} can't be in a list of words, as `{name}` is")
    if listed.is_unset:
        return compare("=", subject, Unset(listed.type, listed.name, nullable=True))
    if subject.type.kind is Kind.ENUM and not isinstance(subject, Constant):
        strange = [entry for entry in listed.entries if entry not in subject.type.members]
        if strange:
            message = f"`{strange[0]}` in the list `{name}` is not one of the words possible here"
            raise Mismatch(ErrorCode.T007, message, did_you_mean(strange[0], subject.type.members))
    return f.MemberOf(YES_NO, subject, listed.entries, nullable=subject.nullable)

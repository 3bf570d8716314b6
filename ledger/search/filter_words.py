"""A filter from what somebody wrote, be it a query's parameters or a command's options: every fault of it at once.

A word that no record can have is refused: a search for `order` among outcomes would answer "nothing", and be believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.diagnostics.wording import clipped, did_you_mean
from engine.ruleset.ruleset import ENGINE_DISAGREEMENT, FACTS_MISSING, NO_RULES
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.journal.clock import moment
from ledger.record.record_header import RecordKind
from ledger.search.record_filter import EVERYTHING, RecordFilter, Visible

NAMES = ("account", "subject", "case", "outcome", "kind", "rule", "actor", "policy", "from", "until", "request_id")
"""What a search may be narrowed by, as parameters are called; options have hyphens."""

TEXT_MAX = 500
"""Characters of one word."""

POLICY_MIN = 8
"""Digits that tell one policy version from another."""

ENGINES_RULES = (ENGINE_DISAGREEMENT, NO_RULES)
"""Reasons of no policy."""

ACTS = (
    *("add", "change", "end", "erase", "create", "revoke", "first", "watch", "approved", "rollback", "complete"),
    *("written", "confirm", "proposed", "withdrawn"),
)
"""Outcomes of records that are no decisions; those with a number behind them are found by their kind."""

OUTCOMES = tuple(dict.fromkeys((*(step for kind in CASE_KINDS.values() for step in kind.ladder), *ACTS)))

_VERSION = re.compile(rf"[0-9a-f]{{{POLICY_MIN},64}}", re.ASCII)
_TIME = "write a day, such as 2026-07-01, or a time with its zone, such as 2026-07-01T08:30:00Z"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class WordFault:
    """What is wrong with one of the words."""

    name: str
    """Which one, of `NAMES`."""

    message: str
    """The end of a sentence that begins with the word's name."""

    hint: str
    """What to write instead."""


class FilterRefused(Exception):
    """At least one word can't be used; all that can't are in `faults`."""

    def __init__(self, faults: Iterable[WordFault]) -> None:
        super().__init__("the filter can't be used")
        self.faults = tuple(faults)


def read_filter(words: Mapping[str, str | None], visible: Visible = EVERYTHING) -> RecordFilter:
    """`words` by `NAMES`; None: not given. Days are those of UTC, as records' times are. Raises `FilterRefused`.

    read_filter({"case": "order", "from": "2026-03-01"}) finds what was decided about orders since March.
    """
    given = {name: word for name, word in words.items() if word is not None}
    faults: list[WordFault] = []

    def read(name: str, check: Callable[[str], str]) -> str | None:
        if name not in given:
            return None
        try:
            return check(_text(given[name]))
        except _Unfit as unfit:
            faults.append(WordFault(name, unfit.message, unfit.hint))
            return None

    kind = read("kind", lambda word: _one_of(word, [*RecordKind], "a kind of record"))
    read_words = RecordFilter(
        account=read("account", str),
        subject=read("subject", str),
        case=read("case", lambda word: _one_of(word, [*CASE_KINDS], "a kind of case")),
        outcome=read("outcome", lambda word: _one_of(word, OUTCOMES, "an outcome")),
        kinds=() if kind is None else (RecordKind(kind),),
        rule=read("rule", _rule),
        actor=read("actor", str),
        policy=read("policy", _version),
        request_id=read("request_id", str),
        since=read("from", _since),
        until=read("until", _until),
        visible=visible,
    )
    if read_words.since and read_words.until and read_words.since > read_words.until:
        faults.append(WordFault("until", "is before `from`, so nothing lies between", "swap the two"))
    if faults:
        raise FilterRefused(faults)
    return read_words


class _Unfit(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def _text(word: str) -> str:
    if not word.strip():
        raise _Unfit("is blank", "leave it out, or write what to look for")
    if len(word) > TEXT_MAX or "\0" in word or any(map(_is_surrogate, word)):
        raise _Unfit("is nothing that a record has", f"write at most {TEXT_MAX} characters of UTF-8, none of them NUL")
    return word


def _is_surrogate(character: str) -> bool:
    """What stands for a byte that is no UTF-8."""
    return "\ud800" <= character <= "\udfff"


def _one_of(word: str, known: Iterable[str], what: str) -> str:
    words = [str(each) for each in known]
    if word not in words:
        raise _Unfit(f"is `{clipped(word)}`, which is not {what}", did_you_mean(word, words))
    return word


def _rule(word: str) -> str:
    if word == FACTS_MISSING:
        raise _Unfit(f"is `{word}`, which stands for several rules", "write one of those that wait for facts")
    if "." not in word and word not in ENGINES_RULES:
        raise _Unfit(f"is `{clipped(word)}`, which names no policy", "write policy and rule, such as orders.over-limit")
    return word


def _version(word: str) -> str:
    if not _VERSION.fullmatch(word.lower()):
        raise _Unfit(
            f"is `{clipped(word)}`, which is no version of a policy set",
            f"write its first {POLICY_MIN} to 64 digits, as records have them",
        )
    return word.lower()


def _since(word: str) -> str:
    return moment(_moment(word))


def _until(word: str) -> str:
    """A day counts to its end."""
    day = timedelta(days=1) - timedelta(microseconds=1) if _DAY.fullmatch(word) else timedelta()
    return moment(_moment(word) + day)


def _moment(word: str) -> datetime:
    try:
        read = datetime.fromisoformat(word)
        at = read.replace(tzinfo=UTC) if _DAY.fullmatch(word) else read
        if at.tzinfo is None or not 1970 <= at.year < 2200:
            raise ValueError(word)
    except ValueError:
        raise _Unfit(f"is `{clipped(word)}`, which is no day and no time with its zone", _TIME) from None
    return at

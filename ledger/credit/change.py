"""What a command makes of a snapshot: rows that are new or other than before, entries, what the journal keeps of it,
and what its caller is answered. Nothing of it is written yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.vocabulary.days import date_of
from ledger.credit.entry import Entry
from ledger.credit.snapshot import LedgerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for something."""

    login: str | None
    """Of the person, or of the one for whom a program asks; None where a program asks for nobody."""

    program: str | None = None
    """Name of the program that asks."""

    authority: str = "none"
    """Up to which amounts they may release: a member of the fact `order.released_by_role`, or `none`."""

    actor: str | None = None
    """Opaque id of the person or program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """By what commands are judged: the policies in force, and the day that it is at the site."""

    engine: Engine
    day: int
    """The business date, as days since 1970-01-01."""

    next_seq: int = 0
    """Place in the journal that the next record will have."""

    @property
    def business_date(self) -> date:
        """The same day as a date."""
        return date_of(self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A decision that a command led to, with the facts that it was made on: what the journal keeps of it is a decision
    like any other, which can be made again."""

    decision: Decision
    facts: Mapping[str, Any] = field(hash=False)
    """The body of a request: `as_of`, and the groups of facts."""


class CommandRefused(Exception):
    """The command can't be done; nothing is written. `code` is the problem's name, `members` what programs read of
    it."""

    def __init__(self, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.members = members


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerChange:
    """What is to be written in one transaction."""

    rows: tuple[LedgerRow, ...] = ()
    """New, or in the place of those of the same key. An account among them has its totals and version risen."""

    entries: tuple[Entry, ...] = ()
    id: str | None = None
    """Of the record, where there is no decision; None: any."""

    act: str
    """The command's word: `submit`, `grant`, `payment`. Recorded with what was asked."""

    about: str
    """Number of the order, item, limit or account that it is about."""

    account: str | None
    """Whose key seals the record."""

    judged: Judged | None = None
    shown: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What the caller is answered beside the decision, as JSON: `{"order": {…}}`."""

    told: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """On which state and day, as JSON: versions read and made, the business date, the cause."""

    rechecks: frozenset[str] = frozenset()
    """Accounts whose held orders may go out now."""

    recheck_groups: frozenset[str] = frozenset()
    """Groups whose accounts' held orders may go out now."""

    recheck_currencies: frozenset[str] = frozenset()
    """Currencies whose rate is new: held orders in them, and of accounts in them, may go out now."""

    status: int = 200
    """Of HTTP: 201 where something was made, 202 where it waits for a second person."""

    refused: CommandRefused | None = None
    """What the caller is answered instead: what was refused, or stopped, is on record all the same."""

    is_refusal: bool = False
    """Somebody was refused what separation of duties, or a policy, doesn't let them do: the record is of that kind."""


class Unchanged(Exception):
    """The service looked at something by itself and found it as it was: nothing is written."""


class Again(Exception):
    """The same was asked before and done: it is answered as then, by the record of this decision, as long as what it
    was about stands as then. `now`: how that stands, by its name among what was shown: `order={…}`."""

    def __init__(self, decision: str, **now: Mapping[str, Any]) -> None:
        super().__init__(decision)
        self.decision = decision
        self.now = now

    def require_unmoved(self, shown: Mapping[str, Any]) -> None:
        """`shown`: what was answered then. Raises `CommandRefused` (`moved-on`) where it is no longer true: who asks
        again must not take an order as approved that is cancelled by now."""
        for name, now in self.now.items():
            then = shown.get(name, {})
            if any(then[each] != value for each, value in now.items() if each in then and each != "legal_moves"):
                raise CommandRefused(
                    "moved-on",
                    f"{name.replace('_', ' ')} {now['id']} was sent so before and has moved on since: it is "
                    f"{now['state']} now, as `{name}` says; nothing was done",
                    state=now["state"],
                    **{name: now},
                )

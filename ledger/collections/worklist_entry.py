"""One entry of the worklist: all that is to be done for one customer by one channel on one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ledger.credit.account import Key


class WorkChannel(StrEnum):
    """To whom it goes."""

    CUSTOMER = "customer"
    """A step of dunning: written, called or visited."""

    INSURER = "insurer"
    COURT = "court"
    """A court, an arbitrator or an administrator of an insolvency."""

    BANK = "bank"
    """A guarantee or a letter of credit is to be drawn."""

    DESK = "desk"
    """Somebody of the house has to decide first."""


CHANNEL_OF_ACTION: Mapping[str, WorkChannel] = {
    "notify_insurer": WorkChannel.INSURER,
    "file_claim": WorkChannel.INSURER,
    "file_proof_of_debt": WorkChannel.COURT,
    "litigate": WorkChannel.COURT,
    "claim_title": WorkChannel.COURT,
    "draw_guarantee": WorkChannel.BANK,
    "draw_letter_of_credit": WorkChannel.BANK,
}
"""Of the policies' actions; all others are the desk's."""


CARRIED_DAYS = 14
"""Days that an entry is looked back for, to say since when the same is to be done; no entry is put off for longer."""


class EntryState(StrEnum):
    """What became of an entry."""

    DUE = "due"
    DONE = "done"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    """Not on this day; the next day lists it again where it is still to be done."""

    LAPSED = "lapsed"
    """The day is over, or nothing is to be done any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistEntry:
    """Of an account, a day and a channel there is one."""

    account: str
    day: int
    channel: WorkChannel
    step: str
    """The highest step, or the action that has to be done first: an outcome or an action of the policies."""

    lead: str
    """Number of the item that leads: of the highest step, the one that was due first."""

    items: tuple[str, ...]
    """Numbers of all items that it is about."""

    levels: tuple[int, ...]
    """The dunning level that each item reaches when it is done, in the order of `items`."""

    amount: int
    """To be chased, in minor units of the account's currency."""

    priority: int
    """The policies' `collections.priority` in millionths: the largest of the items. What is larger comes first."""

    by_date: int | None = None
    """The latest day of its actions, never a day that is no working day."""

    reasons: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    """Why, as JSON: `{item, rule, outcome, text, action, by}`."""

    collector: str | None = None
    since: int
    """The first day on which it was listed without anything being done."""

    state: EntryState = EntryState.DUE
    until: int | None = None
    """Deferred to this day."""

    note: str | None = None
    """Why it was deferred or skipped."""

    closed_by: str | None = None
    record: str | None = None
    """Id of the record that closed it: sent again, it is answered as that says."""

    digest: str | None = None
    """Of what closed it."""

    @property
    def key(self) -> Key:
        """Account, day and channel."""
        return (self.account, self.day, self.channel.value)

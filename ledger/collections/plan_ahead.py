"""What comes next for a customer's items as long as nobody pays: the worklist of each day to come, each entry done on
its day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ledger.collections.contact import Contact
from ledger.collections.listing import listed
from ledger.collections.record_contact import put_contact
from ledger.collections.worklist_entry import WorkChannel, WorklistEntry
from ledger.credit.account import Account
from ledger.credit.change import Desk
from ledger.credit.command_posting import Posting
from ledger.credit.snapshot import Snapshot
from ledger.items.item import OpenItem

AHEAD_DAYS_MAX = 400
"""Days that a plan looks ahead."""

LAST_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step to come."""

    on: int
    entry: WorklistEntry
    level: int
    """That the item reaches by it."""


def plan_ahead(snapshot: Snapshot, item: OpenItem, desk: Desk, days: int = AHEAD_DAYS_MAX) -> Iterator[PlannedStep]:
    """The steps of dunning for an item from today on, until its last level. `snapshot` has all of its account, and
    stays as it is."""
    now = snapshot.with_rows(())
    for day in range(desk.day, desk.day + days):
        today = replace(desk, day=day)
        account = now.existing(Account, item.account)
        for entry in listed(now, account, today).entries:
            if entry.channel is not WorkChannel.CUSTOMER:
                continue
            if item.id in entry.items:
                yield PlannedStep(on=day, entry=entry, level=entry.levels[entry.items.index(item.id)])
            _take(now, entry, today)
        if now.existing(OpenItem, item.id).dunning_level >= LAST_LEVEL:
            return


def _take(now: Snapshot, entry: WorklistEntry, desk: Desk) -> None:
    posting = Posting(now, desk, "plan")
    items = [now.existing(OpenItem, each) for each in entry.items]
    contact = Contact(
        account=entry.account, id=str(entry.day), on=entry.day, step=entry.step, items=entry.items, levels=entry.levels
    )
    put_contact(posting, contact, items)
    for row in posting.rows:
        now.put(row)

"""An item in its new state: what the account's totals have of it follows from the item before and after.

Every sum that facts are made of is kept here and nowhere else, so that a sum can't be forgotten by a command: open
amounts by bucket and by due date, how many stand at each dunning level, what is disputed, what was issued and paid on
each day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ledger.credit.command_posting import Posting
from ledger.credit.entry import EntryBucket
from ledger.items.item import OWED, ItemKind, ItemState, OpenItem
from ledger.items.totals import DayRecord, DueTotal, LevelTotal
from receivables.account_facts import SERIOUSLY_LATE_DAYS

_SALES = frozenset((ItemKind.INVOICE, ItemKind.CREDIT_NOTE))
"""Kinds whose amounts are what was sold: interest and fees (`debit`) are owed, and no sales."""


FX = "fx"
"""Cause of entries for what an item was worth more or less in the account's currency when it was paid."""


def put_item(
    posting: Posting, item: OpenItem, *, effective_on: int | None = None, fx: int = 0, cause: str | None = None
) -> None:
    """The item as it stands from now on, with an entry for what its open amount moved and all totals. `effective_on`:
    from which day that counts; None: the business date. `fx`: part of what moved that is a difference of rates.
    `cause`: of the entry, where that is another than the command."""
    before = posting.get(OpenItem, item.id)
    posting.put(item)
    _move(posting, before, item, effective_on, fx, cause)
    _follow_due_totals(posting, before, item)
    _follow_levels(posting, before, item)
    _follow_days(posting, before, item)
    account = posting.touch(item.account)
    disputed = item.disputed_amount - (before.disputed_amount if before else 0)
    first = _first_issued(account.first_issued_on, item)
    posting.put(replace(account, disputed=account.disputed + disputed, first_issued_on=first))


def bucket_of(item: OpenItem) -> EntryBucket:
    """The total that its open amount is in."""
    return EntryBucket.DEPOSITS if item.kind is ItemKind.DEPOSIT else EntryBucket.OPEN_ITEMS


def day_records_of(item: OpenItem) -> dict[int, DayRecord]:
    """What an item contributes to the payment record of its account, by day."""
    records: dict[int, DayRecord] = {}
    if item.kind in _SALES and item.state is not ItemState.REVERSED:
        records[item.issued_on] = DayRecord(account=item.account, day=item.issued_on, issued=item.amount)
    if item.kind is ItemKind.INVOICE and item.state is ItemState.SETTLED and item.settled_on is not None:
        day, late = max(item.settled_on, item.issued_on), max(item.settled_on - item.due_on, 0)
        record = records.get(day) or DayRecord(account=item.account, day=day)
        records[day] = replace(
            record, paid=1, on_time=int(not late), seriously_late=int(late > SERIOUSLY_LATE_DAYS), days_late=late
        )
    return records


def is_owed(item: OpenItem) -> bool:
    """Whether something of it is open that has a due date."""
    return item.kind in OWED and item.open_amount != 0


def _move(
    posting: Posting, before: OpenItem | None, item: OpenItem, effective_on: int | None, fx: int, cause: str | None
) -> None:
    moved = item.open_amount - (before.open_amount if before else 0)
    bucket = bucket_of(item)
    for amount, why in ((moved - fx, cause), (fx, FX)):
        posting.move(
            item.account,
            bucket,
            -amount if bucket is EntryBucket.DEPOSITS else amount,
            order=item.order,
            item=item.id,
            effective_on=effective_on,
            cause=why,
        )


def _follow_due_totals(posting: Posting, before: OpenItem | None, item: OpenItem) -> None:
    for each, sign in ((before, -1), (item, 1)):
        if each is not None and is_owed(each):
            key = (each.account, each.due_on)
            now = posting.get(DueTotal, *key) or DueTotal(account=each.account, due_on=each.due_on)
            posting.put(
                replace(
                    now,
                    open_amount=now.open_amount + sign * each.open_amount,
                    disputed=now.disputed + sign * each.disputed_amount,
                    items=now.items + sign,
                )
            )


def _follow_levels(posting: Posting, before: OpenItem | None, item: OpenItem) -> None:
    moved: Counter[int] = Counter()
    for each, sign in ((before, -1), (item, 1)):
        if each is not None and is_owed(each) and each.dunning_level:
            moved[each.dunning_level] += sign
    for level, count in moved.items():
        if count:
            now = posting.get(LevelTotal, item.account, level) or LevelTotal(account=item.account, level=level)
            posting.put(replace(now, items=now.items + count))


def _follow_days(posting: Posting, before: OpenItem | None, item: OpenItem) -> None:
    was, is_now = day_records_of(before) if before else {}, day_records_of(item)
    for day in was.keys() | is_now.keys():
        old, new = was.get(day), is_now.get(day)
        if old == new:
            continue
        now = posting.get(DayRecord, item.account, day) or DayRecord(account=item.account, day=day)
        for each, sign in ((old, -1), (new, 1)):
            if each is not None:
                now = replace(
                    now,
                    issued=now.issued + sign * each.issued,
                    paid=now.paid + sign * each.paid,
                    on_time=now.on_time + sign * each.on_time,
                    seriously_late=now.seriously_late + sign * each.seriously_late,
                    days_late=now.days_late + sign * each.days_late,
                )
        posting.put(now)


def _first_issued(known: int | None, item: OpenItem) -> int | None:
    if item.kind not in OWED | {ItemKind.CREDIT_NOTE}:
        return known
    return item.issued_on if known is None else min(known, item.issued_on)

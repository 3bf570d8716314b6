"""Disputes, promises and plans follow whatever is booked: no command that books has to think of them.

Every verb is followed (`ledger.books.verbs`). What it set off, or opened again, is seen in its rows:

    a credit note on a disputed item      the dispute shrinks by it, and grows again where it is taken back
    an item that was paid, or opened      no more of it is in dispute than is open, and no less than its disputes say
    anything set off against an item      its promises and plans have so much more paid, by the effective day
    a write-off                           they have no more than before: what is given up was not paid
    a reversal                            they have so much less

Only what changed is looked at, so an item's whole history is never read for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ledger.collections.dispute import RUNNING_DISPUTES, Dispute, DisputeState, disputed_of
from ledger.collections.payment_plan import RUNNING_PLANS, Instalment, PaymentPlan, PaymentPlanState
from ledger.collections.promise import ENDED_PROMISES, Promise
from ledger.collections.worklist_entry import EntryState, WorklistEntry
from ledger.credit.change import Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.snapshot import Snapshot
from ledger.items.item import Allocation, ItemState, OpenItem, SetOffCause
from ledger.items.keeping import is_owed, put_item

LedgerVerb = Callable[[Snapshot, Any, Desk], LedgerChange]


def followed_verb(verb: LedgerVerb) -> LedgerVerb:
    """The verb, and what follows of what it books."""

    def do(snapshot: Snapshot, command: Any, desk: Desk) -> LedgerChange:
        return followed(snapshot, verb(snapshot, command, desk), desk)

    do.__name__, do.__doc__ = verb.__name__, verb.__doc__
    return do


def followed(snapshot: Snapshot, change: LedgerChange, desk: Desk) -> LedgerChange:
    """The change with the rows that follow from it. Following it once more changes nothing."""
    items = [each for each in change.rows if isinstance(each, OpenItem)]
    if not items:
        return change
    posting = Posting.after(snapshot, desk, change)
    for allocation, amount in _set_off(snapshot, change):
        _shrink_disputes(posting, allocation, amount)
        if allocation.cause is not SetOffCause.WRITE_OFF:
            _follow_promises(posting, allocation, amount)
            _follow_plans(posting, allocation, amount)
    for item in items:
        _follow_disputed(posting, item.id)
    # the worklist of these accounts is looked at again, with their orders
    listed = frozenset(
        item.account
        for item in items
        if item.state is ItemState.REVERSED
        or _is_found_late(snapshot, item, desk.day)
        or any(each.state is EntryState.DUE for each in snapshot.of_account(WorklistEntry, item.account))
    )
    return replace(
        change,
        rows=posting.rows,
        entries=(*change.entries, *posting.entries),
        rechecks=change.rechecks | posting.rechecks | listed,
    )


def _is_found_late(snapshot: Snapshot, item: OpenItem, day: int) -> bool:
    """It is overdue as it comes: there may be something to do today that the day's turn couldn't know of."""
    return snapshot.get(OpenItem, item.id) is None and is_owed(item) and item.due_on < day


def _set_off(snapshot: Snapshot, change: LedgerChange) -> Iterator[tuple[Allocation, int]]:
    """What the change set off, as a positive amount; what it took back, as a negative one."""
    for row in change.rows:
        if isinstance(row, Allocation):
            before = snapshot.get(Allocation, *row.key)
            then = 0 if before is None or before.reversed_on is not None else before.amount
            now = row.amount if row.reversed_on is None else 0
            if now != then:
                yield row, now - then


def _rows_now(posting: Posting, kind: type[Any], account: str) -> list[Any]:
    return [posting.existing(kind, *each.key) for each in posting.snapshot.of_account(kind, account)]


def _shrink_disputes(posting: Posting, allocation: Allocation, amount: int) -> None:
    """What is credited is in dispute no more: what was accepted first, then the oldest dispute."""
    if allocation.cause is not SetOffCause.CREDIT_NOTE:
        return
    if amount < 0:
        _grow_disputes(posting, allocation, -amount)
        return
    disputes = [
        each
        for each in _rows_now(posting, Dispute, allocation.account)
        if each.item == allocation.to_item and each.state in RUNNING_DISPUTES
    ]
    left = amount
    for each in sorted(disputes, key=lambda one: (not one.to_credit, one.number)):
        part = min(left, each.open_amount)
        if part <= 0:
            break
        left -= part
        credited = replace(each, credited=each.credited + part, to_credit=max(each.to_credit - part, 0))
        posting.put(settled_as_far_as_it_is(credited, posting.desk.day, None))


def _grow_disputes(posting: Posting, allocation: Allocation, amount: int) -> None:
    """A credit note is taken back: what it settled is in dispute again, the newest dispute first."""
    disputes = [each for each in _rows_now(posting, Dispute, allocation.account) if each.item == allocation.to_item]
    for each in sorted(disputes, key=lambda one: -one.number):
        part = min(amount, each.credited)
        if part > 0:
            amount -= part
            again = replace(each, credited=each.credited - part, resolved_on=None, resolved_by=None)
            posting.put(settled_as_far_as_it_is(again, posting.desk.day, None))


def settled_as_far_as_it_is(dispute: Dispute, day: int, by: str | None) -> Dispute:
    """The dispute in the state that its amounts say."""
    if dispute.open_amount > 0:
        is_touched = dispute.open_amount < dispute.amount or dispute.to_credit
        return replace(dispute, state=DisputeState.PARTLY_SETTLED if is_touched else DisputeState.OPEN)
    is_withdrawn = dispute.withdrawn == dispute.amount
    state = DisputeState.WITHDRAWN if is_withdrawn else DisputeState.SETTLED
    return replace(dispute, state=state, resolved_on=day, resolved_by=by)


def _follow_disputed(posting: Posting, item: str) -> None:
    now = posting.existing(OpenItem, item)
    disputes = _rows_now(posting, Dispute, now.account)
    if not any(each.item == item for each in disputes):
        return
    disputed = disputed_of(now, disputes)
    if disputed != now.disputed_amount:
        put_item(posting, replace(now, disputed_amount=disputed))


def _follow_promises(posting: Posting, allocation: Allocation, amount: int) -> None:
    for promise in _rows_now(posting, Promise, allocation.account):
        counts = (
            promise.state not in ENDED_PROMISES
            and allocation.to_item in promise.items
            and allocation.from_item not in promise.before
            and allocation.effective_on <= promise.counts_until
        )
        if counts:
            paid = replace(promise, paid_by_then=max(promise.paid_by_then + amount, 0))
            posting.put(replace(paid, state=paid.state_on(posting.desk.day)))
            posting.touch(promise.account)


def _follow_plans(posting: Posting, allocation: Allocation, amount: int) -> None:
    for plan in _rows_now(posting, PaymentPlan, allocation.account):
        runs = plan.state in RUNNING_PLANS or plan.state is PaymentPlanState.COMPLETED
        if not runs or allocation.to_item not in plan.items or allocation.from_item in plan.before:
            continue
        paid = max(plan.paid + amount, 0)
        state = plan.state
        if state is PaymentPlanState.RUNNING and paid >= plan.amount:
            state = PaymentPlanState.COMPLETED
        elif state is PaymentPlanState.COMPLETED and paid < plan.amount:
            state = PaymentPlanState.RUNNING
        posting.put(replace(plan, paid=paid, state=state))
        for part in _rows_now(posting, Instalment, plan.account):
            if part.plan == plan.number and allocation.effective_on <= part.counts_until:
                posting.put(replace(part, paid_by_then=max(part.paid_by_then + amount, 0)))

"""A payment, deposit, credit note or write-off is taken back: what it was set off against is open again, and the
payment record is as it was before.

Nothing is deleted: allocations are marked, and entries bring the totals back. A payment that bounced is remembered by
its account, and the account is decided at once, so that whoever watches it is warned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.vocabulary.binding import FactsRefused
from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_body, as_of
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import state_told
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.booked import item_shown
from ledger.items.item import Allocation, ItemKind, ItemState, OpenItem, SetOffCause
from ledger.items.keeping import put_item
from ledger.items.take_back import in_force_of, open_again
from ledger.items.write_off import WriteOff, WriteOffState

_RECEIVED = frozenset((ItemKind.PAYMENT, ItemKind.DEPOSIT))
"""Kinds that may bounce."""

REVERSIBLE = _RECEIVED | {ItemKind.CREDIT_NOTE, ItemKind.WRITE_OFF}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """A payment, deposit, credit note or write-off that isn't one."""

    item: str
    is_bounced: bool = True
    """It came back from the bank; otherwise it was booked by mistake, and says nothing about the customer. Of money
    alone."""

    on: str | None = None
    """The day on which it came back, not after today; None: today."""

    reason: str | None = None
    asker: Asker
    id: str
    """Of the decision on the account."""

    @property
    def wants(self) -> Wants:
        """The item, and with it what it was set off against, the order of a deposit, and the write-off that it is."""
        item = frozenset((self.item,))
        return Wants(items=item, write_offs=item)


def reverse(snapshot: Snapshot, command: Reverse, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` where the day can't be read."""
    item = _required(snapshot, command)
    account = snapshot.existing(Account, item.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    day = reading.date(command.on, "on", or_else=desk.day, is_past=True)
    reading.done()
    posting = Posting(snapshot, desk, "reverse")
    allocations = in_force_of(posting, item)
    _refuse_recovered(posting, item, allocations)
    opened = open_again(posting, allocations, day)
    is_foreign = item.foreign_open is not None
    taken_back = replace(
        item,
        open_amount=0,
        foreign_open=0 if is_foreign else None,
        state=ItemState.REVERSED,
        settled_on=None,
    )
    put_item(posting, taken_back, effective_on=day)
    if item.kind is ItemKind.DEPOSIT:
        posting.end_approval(item.order)
    if item.kind is ItemKind.WRITE_OFF and (write_off := posting.get(WriteOff, item.id)) is not None:
        posting.put(replace(write_off, state=WriteOffState.REVERSED))
    if command.is_bounced and item.kind in _RECEIVED:
        after = posting.touch(account.id)
        posting.put(replace(after, bounced_on=max(day, after.bounced_on or day)))
    judged = _warning(posting, account.id, command.id)
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=None if judged is not None else command.id,
        act="reverse",
        about=item.id,
        account=account.id,
        judged=judged,
        told=state_told(posting, account.id),
        shown={
            "reversed": item_shown(taken_back, account.currency),
            "opened": [item_shown(each, account.currency) for each in opened],
        },
    )


def _required(snapshot: Snapshot, command: Reverse) -> OpenItem:
    item = snapshot.get(OpenItem, command.item)
    if item is None or item.kind not in REVERSIBLE:
        raise CommandRefused(
            "unknown-payment",
            f"there is no payment, deposit, credit note or write-off {command.item}",
            item=command.item,
        )
    if item.state is ItemState.REVERSED:
        raise CommandRefused(
            "illegal-move",
            f"{item.kind} {item.id} was reversed already; book what came in anew, under a number of its own",
            state=item.state.value,
            legal_moves=[],
        )
    return item


def _refuse_recovered(posting: Posting, item: OpenItem, allocations: Iterable[Allocation]) -> None:
    """What came in for what was given up pays nothing else, as long as it is a recovery of that."""
    for each in allocations:
        debt = posting.existing(OpenItem, each.to_item)
        if each.cause is SetOffCause.WRITE_OFF and debt.recovered > debt.written_off - each.amount:
            raise CommandRefused(
                "illegal-move",
                f"of what was written off of {debt.id} some was recovered; take that payment back, then {item.id}",
                state=item.state.value,
                legal_moves=[],
            )


def _warning(posting: Posting, account: str, id: str) -> Judged | None:
    """The account decided as it is now; None where its facts can't be read, which keeps no money from being booked."""
    after = posting.snapshot.with_rows(posting.rows)
    now = after.existing(Account, account)
    try:
        body = account_body(after, now, posting.desk)
        decision = posting.desk.engine.decide_request("account", body, as_of(body), id)
    except (FactsRefused, CommandRefused):
        return None
    return Judged(decision=decision, facts=body)

"""What was set off is taken back: the debt is open again, and the credit where it stays.

Nothing is deleted: allocations are marked with the day. A discount was given since all was paid in time; where any part
of that is open again, the discount is too.

    invoice 12,000.00, paid 11,760.00 with 240.00 discount; the payment bounces: 12,000.00 are open
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ledger.credit.command_posting import Posting
from ledger.items.item import Allocation, ItemState, OpenItem, SetOffCause
from ledger.items.keeping import put_item
from ledger.items.settling import allocations_of, allocations_to


def in_force_of(posting: Posting, credit: OpenItem, debt: str | None = None) -> list[Allocation]:
    """What of a credit is set off, and the discounts that it took; `debt`: against this one alone."""
    return [
        each
        for each in allocations_of(posting, credit.account)
        if each.from_item == credit.id and each.is_in_force and debt in (None, each.to_item)
    ]


def open_again(posting: Posting, allocations: Iterable[Allocation], day: int) -> list[OpenItem]:
    """The debts as they are without these, each once, in the order of the allocations; `day`: from which on."""
    opened: dict[str, OpenItem] = {}
    for each in allocations:
        opened[each.to_item] = _without(posting, each, day)
    for number in opened:
        debt = posting.existing(OpenItem, number)
        if not debt.open_amount:
            continue  # only a recovery was taken back
        for each in allocations_to(posting, debt):
            if each.is_in_force and each.cause is SetOffCause.DISCOUNT:
                opened[number] = _without(posting, each, day)
    return list(opened.values())


def credit_again(posting: Posting, credit: OpenItem, allocations: Iterable[Allocation], day: int) -> OpenItem:
    """The credit with what of it is not set off any more."""
    for each in allocations:
        if not each.of_credit:
            continue
        left = credit.open_amount - each.of_credit
        credit = replace(
            credit,
            open_amount=left,
            foreign_open=_foreign_again(posting, credit, each, left),
            state=ItemState.OPEN,
            settled_on=None,
        )
        cause = SetOffCause.RECOVERY.value if each.cause is SetOffCause.RECOVERY else None
        put_item(posting, credit, effective_on=day, cause=cause)
    return credit


def _foreign_again(posting: Posting, credit: OpenItem, allocation: Allocation, left: int) -> int | None:
    """What of a credit in another currency is not set off in that currency: more by what the debt lost where it has the
    same currency, and otherwise by its share of the whole."""
    if credit.foreign_open is None or left == credit.amount:
        return credit.foreign_amount
    debt = posting.existing(OpenItem, allocation.to_item)
    if debt.foreign_currency == credit.foreign_currency and allocation.foreign_amount is not None:
        return credit.foreign_open - allocation.foreign_amount
    return (credit.foreign_amount or 0) * left // credit.amount


def _without(posting: Posting, allocation: Allocation, day: int) -> OpenItem:
    posting.put(replace(allocation, reversed_on=day))
    debt = posting.existing(OpenItem, allocation.to_item)
    if allocation.cause is SetOffCause.RECOVERY:
        without = replace(debt, recovered=debt.recovered - allocation.amount)
    else:
        given_up = allocation.amount if allocation.cause is SetOffCause.WRITE_OFF else 0
        without = replace(
            debt,
            open_amount=debt.open_amount + allocation.amount,
            foreign_open=None if debt.foreign_open is None else debt.foreign_open + (allocation.foreign_amount or 0),
            written_off=debt.written_off - given_up,
            state=ItemState.OPEN,
            settled_on=None,
        )
    cause = SetOffCause.DISCOUNT.value if allocation.cause is SetOffCause.DISCOUNT else None
    put_item(posting, without, effective_on=day, fx=-allocation.fx_difference, cause=cause)
    return without

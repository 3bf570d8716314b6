"""The discount that may be taken off an invoice that is paid early, and what became of it.

It is a share of what was invoiced, less what was credited; rounded down, since it is given away. One that was taken in
part can be taken for the rest as long as all that was paid came within the days.

    2% within 10 days of 12,000.00, credit note 2,000.00   →   200.00 may be taken, until day 10
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.vocabulary.decimals import RATE_SCALE
from ledger.items.item import Allocation, ItemKind, OpenItem, SetOffCause

_ONE = 10**RATE_SCALE


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountTerms:
    """Of one invoice, in minor units of its own currency."""

    left: int
    """How much may still be taken off."""

    open: int
    """How much of it is open."""

    last_day: int
    """The last day on which a payment is early enough."""


def discount_terms(invoice: OpenItem, allocations: Iterable[Allocation]) -> DiscountTerms | None:
    """`allocations`: all that was ever set off against it. None: no discount was agreed."""
    if invoice.kind is not ItemKind.INVOICE or invoice.discount_rate is None or invoice.discount_days is None:
        return None
    is_foreign = invoice.foreign_amount is not None
    amount = invoice.amount if invoice.foreign_amount is None else invoice.foreign_amount
    credited = taken = 0
    for each in allocations:
        if not each.is_in_force:
            continue
        part = (each.foreign_amount or 0) if is_foreign else each.amount
        credited += part if each.cause is SetOffCause.CREDIT_NOTE else 0
        taken += part if each.cause is SetOffCause.DISCOUNT else 0
    still_open = (invoice.foreign_open or 0) if is_foreign else invoice.open_amount
    return DiscountTerms(
        left=max((amount - credited) * invoice.discount_rate // _ONE - taken, 0),
        open=still_open,
        last_day=invoice.issued_on + invoice.discount_days,
    )

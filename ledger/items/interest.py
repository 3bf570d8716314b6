"""Late interest of an invoice: what was open of it from when to when, and what the policies make of each span.

Interest runs on what was open between part payments, and what has run up stays when the principal is paid. How much it
is by contract or law, the policies say (`concessions.late_interest`), for each span as if the invoice had been due when
the span begins: so half-yearly rates, and an insolvency that ends interest, count as they do for a whole invoice. It is
never booked by itself: a person books a debit that names the invoice (`OpenItem.interest_of`).

    12,000.00 due on 20 July, 5,000.00 paid on 30 July, the rest on 9 August
    →  10 days of 12,000.00, then 10 days of 7,000.00
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from ledger.collections.judge_item import judge_item
from ledger.credit.account import Account
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.exchange import worth
from ledger.credit.shown import iso, money_shown
from ledger.credit.snapshot import Snapshot
from ledger.items.item import Allocation, ItemKind, OpenItem

LATE_INTEREST = ("concessions", "late_interest")
"""Policy and value that say how much a span comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestSpan:
    """A span in which what was open past the due date stayed the same."""

    after: int
    """The day before its first: the due date, or the day of the payment that began it."""

    until: int
    """Its last day: that of the next payment, or the day that is asked about."""

    amount: int
    """What was open, in minor units of the account's currency."""

    @property
    def days(self) -> int:
        """How many days of interest."""
        return self.until - self.after


def interest_spans(invoice: OpenItem, allocations: Iterable[Allocation], day: int) -> list[InterestSpan]:
    """Until a day, by the days from which payments count; what was paid before the ledger knew of the invoice bears
    nothing. `allocations`: all that was ever set off against it."""
    in_force = [each for each in allocations if each.to_item == invoice.id and each.is_in_force]
    amount = invoice.amount - invoice.paid_before
    amount -= sum(each.of_debt for each in in_force if each.effective_on <= invoice.due_on)
    later = sorted({each.effective_on for each in in_force if invoice.due_on < each.effective_on < day})
    spans, after = [], invoice.due_on
    for until in (*later, day):
        if amount > 0 and until > after:
            spans.append(InterestSpan(after=after, until=until, amount=amount))
        amount -= sum(each.of_debt for each in in_force if each.effective_on == until)
        after = until
    return spans


def interest_shown(
    snapshot: Snapshot, invoice: OpenItem, allocations: Iterable[Allocation], debits: Sequence[OpenItem], desk: Desk
) -> dict[str, Any]:
    """What has run up until today, span by span, what of it was charged, and what is left to charge. `debits`: those
    that were booked as interest of the invoice. A span that the policies can't decide comes to nothing known, and
    neither does the sum then."""
    account = snapshot.existing(Account, invoice.account)
    money = decimal_formatter(MINOR_UNITS[account.currency])
    shown, total = [], 0
    known = True
    for each in interest_spans(invoice, allocations, desk.day) if invoice.kind is ItemKind.INVOICE else ():
        interest = interest_of_span(snapshot, invoice, each, desk)
        known = known and interest is not None
        total += interest or 0
        shown.append(
            {
                "after": iso(each.after),
                "until": iso(each.until),
                "days": each.days,
                "amount": money(each.amount),
                "interest": None if interest is None else money(interest),
            }
        )
    charged = sum(each.amount for each in debits)
    return {
        "spans": shown,
        "total": money(total) if known else None,
        "charged": money(charged),
        "left": money(max(total - charged, 0)) if known else None,
    }


def interest_of_span(snapshot: Snapshot, invoice: OpenItem, span: InterestSpan, desk: Desk) -> int | None:
    """In minor units of the account's currency; None where the policies don't say. What is open to this day is decided
    with what is disputed of it and on account for it; of earlier spans nobody knows that."""
    account = snapshot.existing(Account, invoice.account)
    is_last = span.until == desk.day
    more: dict[str, Any] = {
        "open_amount": money_shown(span.amount, account.currency),
        "due_date": iso(span.after),
        "invoice_date": iso(min(invoice.issued_on, span.after)),
    }
    if not is_last:
        more |= {"disputed": False, "disputed_amount": money_shown(0, account.currency)}
        more["credits_pending"] = money_shown(0, account.currency)
    then = replace(desk, day=span.until)
    vocabulary = desk.engine.vocabulary
    try:
        judged = judge_item(snapshot, invoice, then, "interest", **more)
        policy, name = LATE_INTEREST
        value = judged.decision.results.get(policy, {}).get(name)
        if value is None:
            return None
        owed = _minor_units(value, vocabulary.currency_digits)
        return worth(
            snapshot, then, owed, vocabulary.currency, account.currency, day=span.until, rounded_up=True
        )  # fmt: skip
    except (FactsRefused, CommandRefused):
        return None


def _minor_units(value: Any, digits: int) -> int:
    whole, _, part = str(value).partition(".")
    return int(whole + (part + "0" * digits)[:digits])

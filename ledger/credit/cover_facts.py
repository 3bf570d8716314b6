"""What pays where the customer doesn't, as facts: several guarantees and insurances are told as one each.

Of guarantees those count that can be drawn on today and when the order will have to be paid. Where there are none,
those that can be drawn on today do, so that the policies can say that they end too soon; and where there are none of
these either the one that ended last, so that they can say when it ended.

    50,000.00 at 1 until 2026-12-31, 20,000.00 at 0.5 until 2026-09-30   →   60,000.00 at 1 until 2026-09-30
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import RATE_SCALE, decimal_formatter
from ledger.credit.account import Account
from ledger.credit.order import Order
from ledger.credit.security import Security, SecurityKind
from ledger.credit.snapshot import Snapshot
from ledger.items.item import OWED, OpenItem

NO_END = "2199-12-31"
"""The last day of what has no end."""

_ONE = 10**RATE_SCALE
GUARANTEES = frozenset((SecurityKind.BANK_GUARANTEE, SecurityKind.PARENT_GUARANTEE, SecurityKind.FLOATING_CHARGE))
"""Kinds that pay on demand."""

_WORDS = {
    SecurityKind.BANK_GUARANTEE: "bank_guarantee",
    SecurityKind.PARENT_GUARANTEE: "parent_guarantee",
    SecurityKind.FLOATING_CHARGE: "charge",
    SecurityKind.LETTER_OF_CREDIT: "letter_of_credit",
    SecurityKind.RETENTION_OF_TITLE: "retention_of_title",
    SecurityKind.INSURANCE: "credit_insurance",
}
"""What the fact `account.securities` calls each kind."""

Money = Callable[[int], str]


def cover_facts(
    snapshot: Snapshot, account: Account, day: int, money: Money, *, own: Order | None, due_on: int | None
) -> dict[str, Any]:
    """Of a day. `own`: the order that is being decided, whose letter of credit is a fact of the order; `due_on`: when
    it will have to be paid."""
    securities = snapshot.of_account(Security, account.id)
    general = [each for each in securities if each.order is None and (each.ended_on is None or each.ended_on > day)]
    facts = _guarantees([each for each in general if each.kind in GUARANTEES], day, due_on, money)
    facts |= _insurance([each for each in general if each.kind is SecurityKind.INSURANCE], day, money)
    letters = _letters(snapshot, account, securities, day, own)
    if letters is not None:
        facts["letters_of_credit"] = money(letters)
    facts["securities"] = [_record(each, money) for each in general if not _begins_later(each, day)]
    return facts


def _guarantees(guarantees: Sequence[Security], day: int, due_on: int | None, money: Money) -> dict[str, Any]:
    today = [each for each in guarantees if each.counts_on(day)]
    counting = [each for each in today if due_on is None or each.counts_on(due_on)] or today
    counting = counting or _ended_last(guarantees, day)
    if not counting:
        return {}
    amount, cover = counting[0].amount, counting[0].cover
    if len(counting) > 1:
        amount, cover = sum(each.pays for each in counting), _ONE
    return {
        "guarantee_amount": money(amount),
        "guarantee_cover": _rate(cover),
        "guarantee_until": _until(counting),
    }


def _insurance(insured: Sequence[Security], day: int, money: Money) -> dict[str, Any]:
    counting = [each for each in insured if each.counts_on(day)] or _ended_last(insured, day)
    if not counting:
        return {}
    total = sum(each.amount for each in counting)
    cover = sum(each.amount * each.cover for each in counting) // total if total else 0
    facts: dict[str, Any] = {
        "insured_limit": money(total),
        "insured_cover": _rate(cover),
        "insured_until": _until(counting),
    }
    stopped = [each.stopped_on for each in counting if each.stopped_on is not None]
    if stopped:
        facts["insured_stopped_on"] = date_of(min(stopped)).isoformat()
    most = [each.max_days for each in counting if each.max_days is not None]
    if most:
        facts["insured_max_days"] = min(most)
    return facts


def _letters(
    snapshot: Snapshot, account: Account, securities: Sequence[Security], day: int, own: Order | None
) -> int | None:
    """What running letters of credit pay of what other orders have reserved, delivered and invoiced; one that is for no
    order, of all that the account owes. None where there is none."""
    running = [each for each in securities if each.kind is SecurityKind.LETTER_OF_CREDIT and each.counts_on(day)]
    running = [each for each in running if own is None or each.order != own.id]
    if not running:
        return None
    pays = 0
    for order in {each.order for each in running}:
        most = sum(each.pays for each in running if each.order == order)
        owed = max(account.exposure, 0) if order is None else _owed_for(snapshot, account, order)
        pays += min(most, owed)
    return pays


def _owed_for(snapshot: Snapshot, account: Account, order: str) -> int:
    known = snapshot.get(Order, order)
    going = 0 if known is None else known.reserved + known.delivered
    items = snapshot.of_account(OpenItem, account.id)
    return going + sum(each.open_amount for each in items if each.order == order and each.kind in OWED)


def _ended_last(securities: Sequence[Security], day: int) -> list[Security]:
    ended = [each for each in securities if each.until_on is not None and each.until_on < day]
    return [max(ended, key=lambda each: each.until_on or 0)] if ended else []


def _begins_later(security: Security, day: int) -> bool:
    return security.from_on is not None and security.from_on > day


def _until(securities: Sequence[Security]) -> str:
    ends = [each.until_on for each in securities if each.until_on is not None]
    return date_of(min(ends)).isoformat() if ends else NO_END


def _record(security: Security, money: Money) -> dict[str, Any]:
    record = {
        "kind": _WORDS[security.kind],
        "amount": money(security.amount),
        "cover": _rate(security.cover),
        "valid_from": None if security.from_on is None else date_of(security.from_on).isoformat(),
        "valid_until": NO_END if security.until_on is None else date_of(security.until_on).isoformat(),
        "reference": security.reference,
    }
    return {name: value for name, value in record.items() if value is not None}


_rate = decimal_formatter(RATE_SCALE)

"""The facts of an open item, from a snapshot: what the ledger works out, and what somebody recorded of it.

A fact of an invoice stands in one of two places, which a test holds over the whole vocabulary:

    DERIVED_OF_INVOICE   worked out here; nobody can give one
    all others           recorded by somebody (`ledger.collections.record_item_fact`), the site's own facts too

What an account has once for all its items is spread over these: credits and guarantees over what is due first, an
insurance over what was issued first while it counted. So what is secured moves to the next item once one is paid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from ledger.collections.contact import DunningBlock, ItemFact
from ledger.collections.dispute import RUNNING_DISPUTES, Dispute
from ledger.collections.payment_plan import RUNNING_PLANS, Instalment, PaymentPlan, first_unmet
from ledger.collections.promise import ENDED_PROMISES, Promise, PromiseState
from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_body, iso_of
from ledger.credit.change import Desk
from ledger.credit.cover_facts import GUARANTEES
from ledger.credit.security import Security, SecurityKind
from ledger.credit.snapshot import Snapshot
from ledger.items.item import OWED, ItemKind, ItemState, OpenItem
from ledger.items.item_facts import agreed_terms

DERIVED_OF_INVOICE = frozenset(
    (
        "id", "open_amount", "invoice_date", "due_date", "credits_pending", "disputed", "disputed_amount",
        "disputed_on", "promise_date", "promised_amount", "promised_on", "dunning_block_until", "instalment_due",
        "instalments", "dunning_level", "last_contact_on", "insured_amount", "secured_amount", "discount_rate",
        "discount_days",
    )
)  # fmt: skip
"""Facts of an invoice that only the ledger says, by their names without `invoice.`."""

ALWAYS_KNOWN = {"insurer_notified": False, "claim_filed": False}
"""What wasn't recorded here wasn't done."""

_CREDITS = frozenset((ItemKind.PAYMENT, ItemKind.CREDIT_NOTE))


@dataclass(frozen=True, slots=True)
class Shares:
    """What each item of an account has of what the account has once, in minor units."""

    credits: dict[str, int]
    insured: dict[str, int]
    secured: dict[str, int]


def open_owed(snapshot: Snapshot, account: str) -> list[OpenItem]:
    """What an account owes, what was due first at the front; of a snapshot that has all its open items."""
    items = snapshot.of_account(OpenItem, account)
    owed = [each for each in items if each.kind in OWED and each.state is ItemState.OPEN and each.open_amount > 0]
    return sorted(owed, key=lambda each: (each.due_on, each.issued_on, each.id))


def shares_of(snapshot: Snapshot, account: str, day: int) -> Shares:
    """On a day."""
    owed = open_owed(snapshot, account)
    items = snapshot.of_account(OpenItem, account)
    credit = -sum(each.open_amount for each in items if each.kind in _CREDITS and each.state is ItemState.OPEN)
    securities = [each for each in snapshot.of_account(Security, account) if each.order is None]
    secured = sum(each.pays for each in securities if each.kind in GUARANTEES and each.counts_on(day))
    insured: dict[str, int] = {each.id: each.insured_amount for each in owed if each.insured_amount}
    for each in securities:
        if each.kind is SecurityKind.INSURANCE:
            _insure(insured, each, owed)
    return Shares(_spread(credit, owed), insured, _spread(secured, owed))


def _spread(amount: int, items: Sequence[OpenItem]) -> dict[str, int]:
    """As much of the amount for each as is open of it, as far as it goes."""
    shares, left = {}, amount
    for each in items:
        if left <= 0:
            break
        shares[each.id] = min(left, each.open_amount)
        left -= shares[each.id]
    return shares


def _insure(insured: dict[str, int], insurance: Security, owed: Iterable[OpenItem]) -> None:
    """What was issued while the insurer covered new deliveries, the first issued first, up to its limit."""
    left = insurance.amount
    for each in sorted(owed, key=lambda item: (item.issued_on, item.due_on, item.id)):
        is_stopped = insurance.stopped_on is not None and insurance.stopped_on <= each.issued_on
        if is_stopped or not insurance.counts_on(each.issued_on):
            continue
        share = min(left, each.open_amount - insured.get(each.id, 0))
        if share > 0:
            insured[each.id] = insured.get(each.id, 0) + share
            left -= share


def invoice_body(snapshot: Snapshot, item: OpenItem, desk: Desk) -> dict[str, Any]:
    """The body of a request with the facts of an item and its account."""
    account = snapshot.existing(Account, item.account)
    body = account_body(snapshot, account, desk)
    body["invoice"] = invoice_group(snapshot, item, desk, shares_of(snapshot, account.id, desk.day))
    return body


def invoice_group(snapshot: Snapshot, item: OpenItem, desk: Desk, shares: Shares) -> dict[str, Any]:
    """The facts of an item, by their names without `invoice.`."""
    account = snapshot.existing(Account, item.account)
    money = decimal_formatter(MINOR_UNITS[account.currency])
    group: dict[str, Any] = dict(ALWAYS_KNOWN)
    group |= agreed_terms(item)
    group |= recorded_facts(snapshot, item)  # another rate of interest, say
    group |= {
        "id": item.id,
        "open_amount": money(item.open_amount),
        "invoice_date": iso_of(item.issued_on),
        "due_date": iso_of(item.due_on),
        "credits_pending": money(shares.credits.get(item.id, 0)),
        "dunning_level": item.dunning_level,
    }
    if item.last_contact_on is not None:
        group["last_contact_on"] = iso_of(item.last_contact_on)
    for name, amounts in (("insured_amount", shares.insured), ("secured_amount", shares.secured)):
        if amounts.get(item.id):
            group[name] = money(min(amounts[item.id], max(item.open_amount, 0)))
    return group | _dispute(snapshot, item, money) | _promise(snapshot, item, desk.day, money) | _waits(
        snapshot, item, desk.day, money
    )  # fmt: skip


def recorded_facts(snapshot: Snapshot, item: OpenItem) -> dict[str, Any]:
    """What was recorded of an item, the last of each fact."""
    known = [each for each in snapshot.of_account(ItemFact, item.account) if each.item == item.id]
    return {each.fact: json.loads(each.value) for each in sorted(known, key=lambda each: each.number)}


def _dispute(snapshot: Snapshot, item: OpenItem, money: Any) -> dict[str, Any]:
    if not item.disputed_amount:
        return {"disputed": False}
    disputes = snapshot.of_account(Dispute, item.account)
    days = [each.opened_on for each in disputes if each.item == item.id and each.state in RUNNING_DISPUTES]
    facts = {"disputed": True, "disputed_amount": money(item.disputed_amount)}
    return facts if not days else {**facts, "disputed_on": iso_of(min(days))}


def _promise(snapshot: Snapshot, item: OpenItem, day: int, money: Any) -> dict[str, Any]:
    """Of the newest that names the item and isn't kept. One for several items promises of each what is left of it."""
    promises = [
        each
        for each in snapshot.of_account(Promise, item.account)
        if item.id in each.items
        and each.state not in ENDED_PROMISES
        and each.promised_on <= day
        and each.state_on(day) is not PromiseState.KEPT
    ]
    if not promises:
        return {}
    last = max(promises, key=lambda each: each.number)
    facts = {"promise_date": iso_of(last.due_on), "promised_on": iso_of(last.promised_on)}
    left = last.amount - last.paid_by_then
    for each in open_owed(snapshot, item.account):
        if each.id in last.items:
            if each.id == item.id:
                return {**facts, "promised_amount": money(max(min(left, each.open_amount), 0))}
            left -= each.open_amount
    return facts


def _waits(snapshot: Snapshot, item: OpenItem, day: int, money: Any) -> dict[str, Any]:
    """Blocks and the plan."""
    facts: dict[str, Any] = {}
    blocks = [
        each.until
        for each in snapshot.of_account(DunningBlock, item.account)
        if each.item in (None, item.id) and each.counts_on(day)
    ]
    if blocks:
        facts["dunning_block_until"] = iso_of(max(blocks))
    plans = [
        each
        for each in snapshot.of_account(PaymentPlan, item.account)
        if item.id in each.items and each.state in RUNNING_PLANS
    ]
    if plans:
        plan = max(plans, key=lambda each: each.number)
        parts = [each for each in snapshot.of_account(Instalment, item.account) if each.plan == plan.number]
        facts["instalments"] = _instalments(plan, parts, money)
        unmet = first_unmet(parts)
        if unmet is not None:
            facts["instalment_due"] = iso_of(unmet.due_on)
    return facts


def _instalments(plan: PaymentPlan, parts: Sequence[Instalment], money: Any) -> list[dict[str, Any]]:
    shown, left = [], plan.paid
    for each in sorted(parts, key=lambda part: part.number):
        paid = min(max(left, 0), each.amount)
        left -= paid
        shown.append({"due_date": iso_of(each.due_on), "amount": money(each.amount), "paid_amount": money(paid)})
    return shown

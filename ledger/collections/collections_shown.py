"""Rows of collections as callers and the journal are shown them: JSON with decimal text and ISO dates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ledger.collections.contact import CollectorAssignment, Contact, DunningBlock, ItemFact
from ledger.collections.dispute import Dispute
from ledger.collections.payment_plan import Instalment, PaymentPlan
from ledger.collections.promise import Promise
from ledger.collections.worklist_entry import WorklistEntry
from ledger.credit.shown import iso, money_shown

PRIORITY_SCALE = 6
"""Digits of a priority behind the point."""


def dispute_shown(dispute: Dispute, currency: str) -> dict[str, Any]:
    """A dispute as it stands."""
    amounts = ("amount", "credited", "to_credit", "rejected", "withdrawn", "open_amount")
    return {
        "invoice": dispute.item,
        "number": dispute.number,
        "account": dispute.account,
        "state": dispute.state.value,
        "code": dispute.code,
        **{name: money_shown(getattr(dispute, name), currency) for name in amounts},
        "opened_on": iso(dispute.opened_on),
        "resolved_on": iso(dispute.resolved_on),
        "text": dispute.text,
        "by": dispute.by,
    }


def promise_shown(promise: Promise, currency: str, day: int) -> dict[str, Any]:
    """A promise as it stands on a day."""
    return {
        "number": promise.number,
        "account": promise.account,
        "invoices": list(promise.items),
        "state": promise.state_on(day).value,
        "amount": money_shown(promise.amount, currency),
        "paid_by_then": money_shown(promise.paid_by_then, currency),
        "promised_on": iso(promise.promised_on),
        "due_on": iso(promise.due_on),
        "counts_until": iso(promise.counts_until),
        "person": promise.person,
        "text": promise.text,
        "by": promise.by,
    }


def plan_shown(plan: PaymentPlan, instalments: Sequence[Instalment], currency: str) -> dict[str, Any]:
    """A plan with its instalments."""
    return {
        "number": plan.number,
        "account": plan.account,
        "invoices": list(plan.items),
        "state": plan.state.value,
        "amount": money_shown(plan.amount, currency),
        "paid": money_shown(plan.paid, currency),
        "instalments": [
            {
                "due_on": iso(each.due_on),
                "counts_until": iso(each.counts_until),
                "amount": money_shown(each.amount, currency),
            }
            for each in sorted(instalments, key=lambda one: one.number)
        ],
        "reason": plan.reason,
        "asked_on": iso(plan.asked_on),
        "asked_by": plan.asked_by,
        "agreed_on": iso(plan.agreed_on),
        "agreed_by": plan.agreed_by,
        "agreed_by_role": plan.agreed_by_role,
    }


def block_shown(block: DunningBlock) -> dict[str, Any]:
    """A dunning block."""
    return {
        "number": block.number,
        "account": block.account,
        "invoice": block.item,
        "since": iso(block.since),
        "until": iso(block.until),
        "ended_on": iso(block.ended_on),
        "reason": block.reason,
        "by": block.by,
    }


def contact_shown(contact: Contact) -> dict[str, Any]:
    """A contact."""
    return {
        "id": contact.id,
        "account": contact.account,
        "on": iso(contact.on),
        "step": contact.step,
        "invoices": list(contact.items),
        "levels": list(contact.levels),
        "outcome": contact.outcome,
        "person": contact.person,
        "text": contact.text,
        "document": contact.document,
        "by": contact.by,
    }


def item_fact_shown(fact: ItemFact, value: Any) -> dict[str, Any]:
    """What was recorded of an item; `value` as JSON has it."""
    return {
        "invoice": fact.item,
        "number": fact.number,
        "account": fact.account,
        "fact": fact.fact,
        "value": value,
        "on": iso(fact.on),
        "by_date": iso(fact.by_date),
        "reference": fact.reference,
        "by": fact.by,
    }


def assignment_shown(assignment: CollectorAssignment) -> dict[str, Any]:
    """Who looks after an account."""
    return {
        "account": assignment.account,
        "number": assignment.number,
        "collector": assignment.collector,
        "since": iso(assignment.since),
        "until": iso(assignment.until),
        "by": assignment.by,
    }


def entry_id(entry: WorklistEntry) -> str:
    """`2026-07-16.customer.C-1`: the day, the channel, and the rest is the account's number."""
    return f"{iso(entry.day)}.{entry.channel}.{entry.account}"


def entry_shown(entry: WorklistEntry, currency: str) -> dict[str, Any]:
    """An entry of the worklist."""
    return {
        "id": entry_id(entry),
        "account": entry.account,
        "day": iso(entry.day),
        "channel": entry.channel.value,
        "state": entry.state.value,
        "step": entry.step,
        "lead": entry.lead,
        "invoices": list(entry.items),
        "levels": list(entry.levels),
        "currency": currency,
        "amount": money_shown(entry.amount, currency),
        "priority": str(Decimal(entry.priority).scaleb(-PRIORITY_SCALE).normalize().__format__("f")),
        "by_date": iso(entry.by_date),
        "since": iso(entry.since),
        "collector": entry.collector,
        "until": iso(entry.until),
        "note": entry.note,
        "closed_by": entry.closed_by,
        "reasons": [dict(each) for each in entry.reasons],
    }

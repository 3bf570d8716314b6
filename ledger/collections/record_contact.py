"""Contacts, blocks, facts of items and collectors are recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number
from ledger.collections.asked import OfAccount, named_items, next_number, recorded, wants_of
from ledger.collections.collections_shown import assignment_shown, block_shown, contact_shown, item_fact_shown
from ledger.collections.contact import CollectorAssignment, Contact, DunningBlock, ItemFact
from ledger.collections.invoice_facts import DERIVED_OF_INVOICE
from ledger.collections.judge_item import judge_item, judged_if_possible
from ledger.collections.worklist_entry import EntryState, WorklistEntry
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import required_account
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import OpenItem
from ledger.items.keeping import put_item

LEVEL_OF_STEP: Mapping[str, int] = {
    "remind": 0, "email": 1, "call": 2, "formal_letter": 3, "visit": 4, "lawyer_letter": 5, "agency": 6,
}  # fmt: skip
"""The level that each step stands for, as the fact `invoice.dunning_level` counts them."""

OTHER_STEP = "other"

ACTION_OF_FACT: Mapping[str, str] = {
    "insurer_notified": "notify_insurer",
    "claim_filed": "file_claim",
    "proof_of_debt_filed": "file_proof_of_debt",
    "guarantee_drawn": "draw_guarantee",
    "court_action": "litigate",
}
"""The action of the policies that each of these facts says was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContact:
    """The customer was contacted, on whosever account."""

    account: str
    invoices: tuple[str, ...] = ()
    """Empty: about the account as a whole, at whatever level its items are."""

    step: str = OTHER_STEP
    """An outcome that is a step raises each item by one level, and no further than to its own; `other` raises none."""

    on: str | None = None
    """Not after today; None: today."""

    outcome: str | None = None
    person: str | None = None
    text: str | None = None
    document: str | None = None
    """SHA-256 of what was sent, hexadecimal."""

    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The account, and the items."""
        return wants_of(self.account, *self.invoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBlock:
    """No steps until a day."""

    account: str
    invoice: str | None = None
    until: str
    reason: str
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account, and the item."""
        return wants_of(self.account, *(() if self.invoice is None else (self.invoice,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EndBlock(OfAccount):
    """Steps go on."""

    account: str
    number: int
    asker: Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordItemFact:
    """Something was done or found out about an item: a fact of an invoice that the ledger doesn't work out."""

    account: str
    invoice: str
    fact: str
    """By its name without `invoice.`."""

    value: Any
    """As requests for decisions carry it."""

    on: str | None = None
    reference: str | None = None
    asker: Asker
    id: str
    """Of the decision on the item."""

    @property
    def wants(self) -> Wants:
        """The account, and the item."""
        return wants_of(self.account, self.invoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCollector(OfAccount):
    """Who looks after an account."""

    account: str
    collector: str
    since: str | None = None
    """None: today."""

    until: str | None = None
    """The last day of a substitute; None: for good."""

    asker: Asker


def record_contact(snapshot: Snapshot, command: RecordContact, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account = required_account(snapshot, command.account)
    items = named_items(snapshot, command.account, command.invoices)[1] if command.invoices else []
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    on = reading.date(command.on, "on", or_else=desk.day, is_past=True)
    if command.step != OTHER_STEP and command.step not in LEVEL_OF_STEP:
        known = ", ".join((*LEVEL_OF_STEP, OTHER_STEP))
        reading.fault("step", f"is no step: `{command.step}`", f"write one of {known}")
    reading.done()
    contact = Contact(
        account=account.id,
        id=command.id,
        on=on,
        step=command.step,
        items=tuple(each.id for each in items),
        levels=tuple(level_after(each, LEVEL_OF_STEP.get(command.step, 0)) for each in items),
        outcome=command.outcome,
        person=command.person,
        text=command.text,
        document=command.document,
        by=command.asker.login or command.asker.program,
    )
    posting = Posting(snapshot, desk, "contact")
    put_contact(posting, contact, items)
    shown = {"contact": contact_shown(contact)}
    return recorded(posting, account.id, command.id, shown, id=command.id, status=201)


def level_after(item: OpenItem, wanted: int) -> int:
    """The level that an item reaches by a step: none is skipped, and none goes back."""
    return max(item.dunning_level, min(item.dunning_level + 1, wanted))


def put_contact(posting: Posting, contact: Contact, items: Iterable[OpenItem]) -> None:
    """The contact as evidence; its items at their new levels. What is not overdue yet keeps no step waiting."""
    known = list(items)
    counts = not contact.items or any(each.due_on < contact.on for each in known)
    posting.put(replace(contact, counts=counts))
    for item, level in zip(known, contact.levels, strict=True):
        on = max(contact.on, item.last_contact_on or contact.on)
        put_item(posting, replace(item, dunning_level=level, last_contact_on=on))
    account = posting.touch(contact.account)
    if counts:
        on = max(contact.on, account.last_contact_on or contact.on)
        posting.put(replace(account, last_contact_on=on))


def put_block(snapshot: Snapshot, command: PutBlock, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` where the day can't be read or is over."""
    invoices = () if command.invoice is None else (command.invoice,)
    account = required_account(snapshot, command.account)
    if invoices:
        named_items(snapshot, command.account, invoices)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    until = reading.date(command.until, "until")
    if not reading.faults and until < desk.day:
        reading.fault("until", "is over", "name today or a later day")
    reading.done()
    block = DunningBlock(
        account=account.id,
        number=next_number(each.number for each in snapshot.of_account(DunningBlock, account.id)),
        item=command.invoice,
        since=desk.day,
        until=until,
        reason=command.reason,
        by=command.asker.login or command.asker.program,
    )
    posting = Posting(snapshot, desk, "block-dunning")
    posting.put(block)
    posting.touch(account.id)
    posting.recheck(account.id)
    return recorded(posting, account.id, f"{account.id}/{block.number}", {"block": block_shown(block)}, status=201)


def end_block(snapshot: Snapshot, command: EndBlock, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    account = required_account(snapshot, command.account)
    block = snapshot.get(DunningBlock, account.id, command.number)
    if block is None:
        raise CommandRefused("unknown-block", f"account {account.id} has no dunning block {command.number}")
    if not block.counts_on(desk.day):
        raise CommandRefused(
            "illegal-move",
            f"dunning block {block.number} of account {account.id} is over",
            state="ended",
            legal_moves=[],
        )
    posting = Posting(snapshot, desk, "end-dunning-block")
    ended = replace(block, ended_on=desk.day)
    posting.put(ended)
    posting.touch(account.id)
    posting.recheck(account.id)
    return recorded(posting, account.id, f"{account.id}/{block.number}", {"block": block_shown(ended)})


def record_item_fact(snapshot: Snapshot, command: RecordItemFact, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused` (`fact-comes-from-the-ledger`), and `FactsRefused` with every fault."""
    account, [item] = named_items(snapshot, command.account, [command.invoice])
    vocabulary, name = desk.engine.vocabulary, f"invoice.{command.fact}"
    if command.fact in DERIVED_OF_INVOICE:
        raise CommandRefused(
            "fact-comes-from-the-ledger", f"{name} is worked out here; record what it is made of", facts=[name]
        )
    reading = Reading(vocabulary, account.currency, desk.day)
    on = reading.date(command.on, "on", or_else=desk.day, is_past=True)
    known = vocabulary.facts.get(name)
    if known is None:
        reading.fault("fact", f"is no fact of an invoice: `{command.fact}`", "GET /v1/facts lists them")
    elif reading.value(command.value, known.type, "value") is None and not reading.faults:
        reading.fault("value", "is missing", "say what it is")
    reading.done()
    facts = [each for each in snapshot.of_account(ItemFact, account.id) if each.item == item.id]
    fact = ItemFact(
        item=item.id,
        number=next_number(each.number for each in facts),
        account=account.id,
        fact=command.fact,
        value=json.dumps(command.value, ensure_ascii=False),
        on=on,
        by_date=_wanted_by(snapshot, item, command.fact, desk),
        reference=command.reference,
        by=command.asker.login or command.asker.program,
    )
    posting = Posting(snapshot, desk, "item-fact")
    posting.put(fact)
    posting.touch(account.id)
    posting.recheck(account.id)
    judged = judged_if_possible(snapshot, posting.rows, item, desk, command.id)
    shown = {"fact": item_fact_shown(fact, command.value)}
    return recorded(posting, account.id, item.id, shown, id=command.id, status=201, judged=judged)


def _wanted_by(snapshot: Snapshot, item: OpenItem, fact: str, desk: Desk) -> int | None:
    """Until when the policies want it done, as things stand before it is recorded."""
    if fact not in ACTION_OF_FACT:
        return None
    try:
        actions = judge_item(snapshot, item, desk, "").decision.actions
    except (FactsRefused, CommandRefused):
        return None
    days = [each.by for each in actions if each.action == ACTION_OF_FACT[fact] and each.by is not None]
    return min((day_number(date.fromisoformat(each)) for each in days), default=None)


def assign_collector(snapshot: Snapshot, command: AssignCollector, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault. What is listed for today goes along."""
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    since = reading.date(command.since, "since", or_else=desk.day)
    until = reading.optional_date(command.until, "until")
    if not reading.faults and until is not None and until < max(since, desk.day):
        reading.fault("until", "is over before it begins", "name a later day")
    reading.done()
    known = snapshot.of_account(CollectorAssignment, account.id)
    assignment = CollectorAssignment(
        account=account.id,
        number=next_number(each.number for each in known),
        collector=command.collector,
        since=since,
        until=until,
        by=command.asker.login or command.asker.program,
    )
    posting = Posting(snapshot, desk, "assign-collector")
    posting.put(assignment)
    posting.touch(account.id)
    now = collector_on([*known, assignment], desk.day)
    for entry in snapshot.of_account(WorklistEntry, account.id):
        if entry.state is EntryState.DUE and entry.collector != now:
            posting.put(replace(entry, collector=now))
    shown = {"assignment": assignment_shown(assignment)}
    return recorded(posting, account.id, account.id, shown, status=201)


def collector_on(assignments: Sequence[CollectorAssignment], day: int) -> str | None:
    """Who looks after the account on a day: a substitute before whoever it is for good, the last said before others."""
    counting = [each for each in assignments if each.counts_on(day)]
    last = max(counting, key=lambda each: (each.until is not None, each.number), default=None)
    return None if last is None else last.collector

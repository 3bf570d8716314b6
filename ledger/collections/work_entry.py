"""The worklist of a customer is made for a day, and its entries are worked off: done, deferred, skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.vocabulary.days import date_of
from ledger.collections.asked import OfAccount, named_items, recorded
from ledger.collections.collections_shown import contact_shown, entry_id, entry_shown
from ledger.collections.contact import Contact
from ledger.collections.dispute_item import RaiseDispute, raise_dispute
from ledger.collections.listing import Listed, listed
from ledger.collections.record_contact import put_contact
from ledger.collections.record_promise import RecordPromise, record_promise
from ledger.collections.worklist_entry import CARRIED_DAYS, EntryState, WorkChannel, WorklistEntry
from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Again, Asker, CommandRefused, Desk, Judged, LedgerChange, Unchanged
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import required_account
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.booked import digest_of
from ledger.items.item import OpenItem

DEFER_DAYS_MAX = CARRIED_DAYS
"""Days that an entry may be put off at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWork(OfAccount):
    """The service looks at what is to be done for an account today."""

    account: str
    id: str
    """Of the decision on the item that leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoEntry(OfAccount):
    """It was done: one contact for all its items, each of which reaches its own next level."""

    account: str
    day: int
    channel: str
    outcome: str | None = None
    person: str | None = None
    text: str | None = None
    document: str | None = None
    """SHA-256 of what was sent, hexadecimal."""

    asker: Asker
    id: str
    """Of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferEntry(OfAccount):
    """Not before a day, which is at most two weeks ahead and not after what has to be done by a date."""

    account: str
    day: int
    channel: str
    until: str
    reason: str
    asker: Asker
    id: str
    """Of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipEntry(OfAccount):
    """Not today; what is still to be done is listed again on the next day."""

    account: str
    day: int
    channel: str
    reason: str
    asker: Asker
    id: str
    """Of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFromEntry:
    """The customer was contacted and promised to pay what the entry is about: contact and promise in one."""

    entry: DoEntry
    due_on: str
    amount: str | None = None

    @property
    def wants(self) -> Wants:
        """The account."""
        return self.entry.wants


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFromEntry:
    """The customer was contacted and disputes one of the entry's items: contact and dispute in one."""

    entry: DoEntry
    invoice: str
    code: str
    amount: str | None = None

    @property
    def wants(self) -> Wants:
        """The account, and the item."""
        return self.entry.wants | Wants(items=frozenset((self.invoice,)))


def list_work(snapshot: Snapshot, command: ListWork, desk: Desk) -> LedgerChange:
    """Entries of today as they are due now; what is no longer to be done, or was of an earlier day, lapses. Raises
    `Unchanged` where all is as it was."""
    account = required_account(snapshot, command.account)
    found = listed(snapshot, account, desk)
    posting = Posting(snapshot, desk, "worklist")
    known = snapshot.of_account(WorklistEntry, account.id)
    due = {each.key: each for each in found.entries if not _is_put_off(each, known, desk.day)}
    new = []
    for entry in due.values():
        before = snapshot.get(WorklistEntry, *entry.key)
        if before is not None and before.state not in (EntryState.DUE, EntryState.LAPSED):
            continue
        if before != entry or dict_reasons(before) != dict_reasons(entry):
            posting.put(entry)
            new += [entry] if before is None and entry.since == desk.day else []
    for each in known:
        if each.state is EntryState.DUE and each.key not in due:
            posting.put(replace(each, state=EntryState.LAPSED))
    if not posting.rows:
        raise Unchanged
    shown = {"entries": [entry_shown(each, account.currency) for each in due.values()]}
    judged = _of_lead(found, new, command.id)
    return recorded(posting, account.id, account.id, shown, id=command.id, judged=judged)


def dict_reasons(entry: WorklistEntry | None) -> list[dict[str, Any]]:
    """Reasons as they compare: a row's are read from JSON."""
    return [] if entry is None else [dict(each) for each in entry.reasons]


def _is_put_off(entry: WorklistEntry, known: list[WorklistEntry], day: int) -> bool:
    """Deferred to a later day, which is no date on which something has to be done."""
    return any(
        each.channel is entry.channel
        and each.state is EntryState.DEFERRED
        and each.until is not None
        and day < each.until
        and not (entry.by_date is not None and entry.by_date <= day)
        for each in known
    )


def _of_lead(found: Listed, new: list[WorklistEntry], id: str) -> Judged | None:
    """The decision that the record keeps: on the lead of the most urgent new entry; so whoever is told of events is
    told once of what has come up."""
    leads = [each for each in sorted(new, key=lambda each: -each.priority) if each.lead in found.judged]
    if not leads:
        return None
    judged = found.judged[leads[0].lead]
    return Judged(decision=replace(judged.decision, id=id), facts=judged.facts)


def required_entry(snapshot: Snapshot, command: DoEntry | DeferEntry | SkipEntry, digest: str) -> WorklistEntry:
    """Raises `Again` where the same was done with it before, and `CommandRefused`: `unknown-entry`, or `illegal-move`
    where it is closed otherwise."""
    entry = snapshot.get(WorklistEntry, command.account, command.day, command.channel)
    name = f"{date_of(command.day)}.{command.channel}.{command.account}"
    if entry is None:
        raise CommandRefused("unknown-entry", f"the worklist has no entry {name}")
    if entry.digest == digest and entry.record is not None:
        raise Again(entry.record)
    if entry.state is not EntryState.DUE:
        raise CommandRefused(
            "illegal-move",
            f"entry {name} is {entry.state}: nothing more can be done with it",
            state=entry.state.value,
            legal_moves=[],
        )
    return entry


def _closed(entry: WorklistEntry, state: EntryState, command: DoEntry | DeferEntry | SkipEntry) -> WorklistEntry:
    by = command.asker.login or command.asker.program
    return replace(entry, state=state, closed_by=by, record=command.id)


def do_entry(snapshot: Snapshot, command: DoEntry, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `Again` where it was done so before."""
    digest = digest_of("done", command.outcome, command.person, command.text, command.document)
    entry = required_entry(snapshot, command, digest)
    account = required_account(snapshot, command.account)
    posting, shown = _contacted(snapshot, command, entry, account, desk, digest)
    return recorded(posting, account.id, entry_id(entry), shown, id=command.id)


def _contacted(
    snapshot: Snapshot, command: DoEntry, entry: WorklistEntry, account: Account, desk: Desk, digest: str
) -> tuple[Posting, dict[str, Any]]:
    posting = Posting(snapshot, desk, "work-done")
    done = replace(_closed(entry, EntryState.DONE, command), digest=digest)
    posting.put(done)
    shown: dict[str, Any] = {"entry": entry_shown(done, account.currency)}
    if entry.channel is not WorkChannel.CUSTOMER:
        posting.touch(account.id)
        return posting, shown
    now = {each.id: each for each in snapshot.of_account(OpenItem, account.id) if each.open_amount > 0}
    open_now = [(now[item], level) for item, level in zip(entry.items, entry.levels, strict=True) if item in now]
    contact = Contact(
        account=account.id,
        id=command.id,
        on=desk.day,
        step=entry.step,
        items=tuple(item.id for item, _ in open_now),
        levels=tuple(max(level, item.dunning_level) for item, level in open_now),
        outcome=command.outcome,
        person=command.person,
        text=command.text,
        document=command.document,
        by=command.asker.login or command.asker.program,
    )
    put_contact(posting, contact, [item for item, _ in open_now])
    return posting, {**shown, "contact": contact_shown(contact)}


def promise_from_entry(snapshot: Snapshot, command: PromiseFromEntry, desk: Desk) -> LedgerChange:
    """Raises as `do_entry` and `record_promise`."""
    done = command.entry
    digest = digest_of("promise", command.due_on, command.amount, done.outcome, done.person, done.text, done.document)
    entry = required_entry(snapshot, done, digest)
    _, items = named_items(snapshot, done.account, _still_open(snapshot, entry))
    promise = RecordPromise(
        account=done.account,
        invoices=tuple(each.id for each in items),
        due_on=command.due_on,
        amount=command.amount,
        person=done.person,
        text=done.text,
        asker=done.asker,
        id=done.id,
    )
    return _with_contact(snapshot, done, entry, record_promise(snapshot, promise, desk), desk, digest)


def dispute_from_entry(snapshot: Snapshot, command: DisputeFromEntry, desk: Desk) -> LedgerChange:
    """Raises as `do_entry` and `raise_dispute`; `unknown-invoice` for an item that the entry isn't about."""
    done = command.entry
    digest = digest_of(
        "dispute", command.invoice, command.code, command.amount, done.outcome, done.person, done.text, done.document
    )
    entry = required_entry(snapshot, done, digest)
    if command.invoice not in entry.items:
        raise CommandRefused(
            "unknown-invoice", f"entry {entry_id(entry)} isn't about {command.invoice}", invoices=[command.invoice]
        )
    dispute = RaiseDispute(
        account=done.account, invoice=command.invoice, code=command.code, amount=command.amount, text=done.text,
        asker=done.asker, id=done.id,
    )  # fmt: skip
    return _with_contact(snapshot, done, entry, raise_dispute(snapshot, dispute, desk), desk, digest)


def _still_open(snapshot: Snapshot, entry: WorklistEntry) -> list[str]:
    now = {each.id for each in snapshot.of_account(OpenItem, entry.account) if each.open_amount > 0}
    return [each for each in entry.items if each in now]


def _with_contact(
    snapshot: Snapshot, command: DoEntry, entry: WorklistEntry, change: LedgerChange, desk: Desk, digest: str
) -> LedgerChange:
    """The change, and the contact on top of it: the items are those that it has made."""
    after = snapshot.with_rows(change.rows)
    account = required_account(after, command.account)
    posting, shown = _contacted(after, command, entry, account, desk, digest)
    rows = {(type(row), row.key): row for row in (*change.rows, *posting.rows)}
    version = required_account(snapshot, command.account).version + 1
    for key, row in rows.items():
        if isinstance(row, Account):
            rows[key] = replace(row, version=version)
    both: Mapping[str, Any] = {**change.shown, **shown}
    told = {**change.told, "account_version_after": version}
    return replace(
        change, rows=tuple(rows.values()), entries=(*change.entries, *posting.entries), shown=both, status=200,
        told=told, act=f"{change.act}-from-worklist", rechecks=change.rechecks | posting.rechecks,
    )  # fmt: skip


def defer_entry(snapshot: Snapshot, command: DeferEntry, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, `FactsRefused`, and `Again` where it was deferred so before."""
    digest = digest_of("deferred", command.until, command.reason)
    entry = required_entry(snapshot, command, digest)
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    until, most = reading.date(command.until, "until"), desk.day + DEFER_DAYS_MAX
    if entry.by_date is not None:
        most = min(most, entry.by_date)
    if not reading.faults and not desk.day < until <= most:
        hint = f"name a day after today and until {date_of(most)}" if most > desk.day else "do it today"
        reading.fault("until", "is no day to which this can be put off", hint)
    reading.done()
    deferred = _closed(entry, EntryState.DEFERRED, command)
    return _put_closed(
        snapshot, desk, replace(deferred, until=until, note=command.reason, digest=digest), account, command
    )


def skip_entry(snapshot: Snapshot, command: SkipEntry, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `Again` where it was skipped so before. What has to be done by today can't be."""
    digest = digest_of("skipped", command.reason)
    entry = required_entry(snapshot, command, digest)
    account = required_account(snapshot, command.account)
    if entry.by_date is not None and entry.by_date <= desk.day:
        raise CommandRefused(
            "deadline-passes",
            f"entry {entry_id(entry)} is due by {date_of(entry.by_date)}: do it, and record it",
            by_date=date_of(entry.by_date).isoformat(),
        )
    skipped = _closed(entry, EntryState.SKIPPED, command)
    return _put_closed(snapshot, desk, replace(skipped, note=command.reason, digest=digest), account, command)


def _put_closed(
    snapshot: Snapshot, desk: Desk, entry: WorklistEntry, account: Account, command: DeferEntry | SkipEntry
) -> LedgerChange:
    posting = Posting(snapshot, desk, f"work-{entry.state}")
    posting.put(entry)
    shown = {"entry": entry_shown(entry, account.currency)}
    return recorded(posting, account.id, entry_id(entry), shown, id=command.id)

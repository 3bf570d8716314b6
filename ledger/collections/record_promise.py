"""A customer promises to pay by a day; and a promise that was none is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.vocabulary.binding import FactsRefused
from ledger.collections.asked import OfAccount, credits_before, day_result, named_items, next_number, recorded, wants_of
from ledger.collections.collections_shown import promise_shown
from ledger.collections.judge_item import judge_item, judged_if_possible
from ledger.collections.promise import ENDED_PROMISES, Promise, PromiseState
from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import required_account
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import OpenItem


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPromise:
    """A promise, with amount and days as its caller wrote them."""

    account: str
    invoices: tuple[str, ...] = ()
    """Empty: all that the account owes."""

    due_on: str
    amount: str | None = None
    """None: all that is open of them and not in dispute."""

    promised_on: str | None = None
    """The day on which it was given, not after today; None: today."""

    person: str | None = None
    text: str | None = None
    asker: Asker
    id: str
    """Of the decision on the item that was due first."""

    @property
    def wants(self) -> Wants:
        """The account, and the items."""
        return wants_of(self.account, *self.invoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPromise(OfAccount):
    """It was recorded by mistake. One that is over is history, and stays."""

    account: str
    number: int
    asker: Asker


def record_promise(snapshot: Snapshot, command: RecordPromise, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault. A promise that the policies don't accept is on
    record all the same, and the decision says so."""
    account, items = named_items(snapshot, command.account, command.invoices)
    promise = asked_promise(snapshot, command, account, items, desk)
    posting = Posting(snapshot, desk, "promise")
    put_promise(posting, promise)
    lead = min(items, key=lambda each: (each.due_on, each.id))
    judged = judged_if_possible(snapshot, posting.rows, lead, desk, command.id)
    shown = {"promise": promise_shown(promise, account.currency, desk.day)}
    return recorded(posting, account.id, lead.id, shown, id=command.id, status=201, judged=judged)


def asked_promise(
    snapshot: Snapshot, command: RecordPromise, account: Account, items: list[OpenItem], desk: Desk
) -> Promise:
    """The promise that is to be recorded, with the day until which the policies wait for it."""
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    most = sum(each.open_amount - each.disputed_amount for each in items)
    amount = most if command.amount is None else reading.amount(command.amount, "amount")
    due = reading.date(command.due_on, "due_on")
    given = reading.date(command.promised_on, "promised_on", or_else=desk.day, is_past=True)
    if not reading.faults and due < given:
        reading.fault("due_on", "lies before the day of the promise", "name the day on which it will be paid")
    if not reading.faults and amount > sum(each.open_amount for each in items):
        reading.fault("amount", "is more than is open", "promise no more than what is open")
    if not reading.faults and not amount:
        reading.fault("amount", "is nothing: all of it is in dispute", "settle the dispute first")
    reading.done()
    names = tuple(each.id for each in items)
    promise = Promise(
        account=account.id,
        number=next_number(each.number for each in snapshot.of_account(Promise, account.id)),
        items=names,
        amount=amount,
        promised_on=given,
        due_on=due,
        counts_until=due,
        before=credits_before(snapshot, account.id, names),
        person=command.person,
        text=command.text,
        by=command.asker.login or command.asker.program,
        record=command.id,
    )
    return replace(promise, counts_until=max(due, waited_until(snapshot, promise, items[0], desk)))


def put_promise(posting: Posting, promise: Promise) -> None:
    """A promise that still runs for one of its items is replaced by it."""
    for each in posting.snapshot.of_account(Promise, promise.account):
        runs = each.state_on(posting.desk.day) is PromiseState.RUNNING
        if runs and not set(each.items).isdisjoint(promise.items):
            posting.put(replace(each, state=PromiseState.REPLACED))
    posting.put(promise)
    posting.touch(promise.account)
    posting.recheck(promise.account)  # what is on the worklist waits


def waited_until(snapshot: Snapshot, promise: Promise, item: OpenItem, desk: Desk) -> int:
    """The last day on which a payment keeps the promise, as the policies' `collections.promise_until` says; the
    promised day itself where they don't."""
    try:
        judged = judge_item(snapshot.with_rows([_alone(promise)]), item, desk, "")
    except (FactsRefused, CommandRefused):
        return promise.due_on
    until = day_result(judged.decision, "collections", "promise_until")
    return promise.due_on if until is None else until


def _alone(promise: Promise) -> Promise:
    """So that it is the one that the item's facts tell of, however little of it is promised."""
    return replace(promise, paid_by_then=0)


def withdraw_promise(snapshot: Snapshot, command: WithdrawPromise, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    account = required_account(snapshot, command.account)
    promise = snapshot.get(Promise, account.id, command.number)
    if promise is None:
        raise CommandRefused("unknown-promise", f"account {account.id} has no promise {command.number}")
    state = promise.state_on(desk.day)
    if state is not PromiseState.RUNNING:
        raise CommandRefused(
            "illegal-move",
            f"promise {promise.number} of account {account.id} is {state}; only one that runs can be withdrawn",
            state=state.value,
            legal_moves=[],
        )
    posting = Posting(snapshot, desk, "withdraw-promise")
    withdrawn = replace(promise, state=PromiseState.WITHDRAWN)
    posting.put(withdrawn)
    posting.touch(account.id)
    posting.recheck(account.id)
    shown = {"promise": promise_shown(withdrawn, account.currency, desk.day)}
    return recorded(posting, account.id, f"{account.id}/{promise.number}", shown)


def states_now(promises: Iterable[Promise], day: int) -> list[Promise]:
    """Those whose row says another state than the day does, as they are on it."""
    running = (each for each in promises if each.state not in ENDED_PROMISES)
    return [replace(each, state=each.state_on(day)) for each in running if each.state is not each.state_on(day)]

"""The snapshot of the accounts that some commands concern: a few statements for all of them, never one for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from engine.vocabulary.vocabulary import RECORDS_MAX, Vocabulary
from ledger.books.snapshot_questions import Questions
from ledger.collections.contact import CollectorAssignment, DunningBlock, ItemFact
from ledger.collections.dispute import RUNNING_DISPUTES, Dispute
from ledger.collections.payment_plan import Instalment, PaymentPlan
from ledger.collections.promise import Promise
from ledger.collections.worklist_entry import CARRIED_DAYS, EntryState, WorklistEntry
from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.exchange import ExchangeRate
from ledger.credit.limit import Limit
from ledger.credit.order import LIVE, NOT_OVER, RESERVING, Hold, Order, OrderDelivery, OrderState, Release, Revision
from ledger.credit.security import Security
from ledger.credit.sisters import SISTER_DAYS, SisterTotal
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import Allocation, ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from ledger.items.write_off import WriteOff
from ledger.store.ledger_tables import STORED
from receivables.account_facts import YEAR_DAYS

RATES_READ_DAYS = 400
"""Days that rates are read for: what is booked later than that needs its amount in the account's currency."""


_NOT_OVER = ", ".join(f"'{each}'" for each in sorted(NOT_OVER))
_RUNNING_DISPUTES = ", ".join(f"'{each}'" for each in sorted(RUNNING_DISPUTES))
_OPEN = f"state = '{ItemState.OPEN}'"


def _among(states: Iterable[OrderState]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(states))


_TO_GO = "amount - delivered - billed - lapsed"
_SUMS = f"""
  CAST(SUM(CASE WHEN is_prepaid THEN 0 WHEN state IN ({_among(LIVE)}) THEN {_TO_GO} + delivered ELSE delivered END)
    AS BIGINT),
  CAST(SUM(CASE WHEN is_prepaid THEN 0 WHEN state IN ({_among(RESERVING)}) THEN {_TO_GO} + delivered ELSE delivered END)
    AS BIGINT),
  CAST(SUM(CASE WHEN NOT is_prepaid AND state = '{OrderState.HELD}' THEN {_TO_GO} ELSE 0 END) AS BIGINT)
"""
"""What orders come to as sisters: the same sums as `ledger.credit.sisters.part_of`."""

_SISTERS = f"""
SELECT account, entered_on, {_SUMS} FROM orders
WHERE account {{among}} AND NOT (id {{among}}) AND NOT (root {{among}}) AND entered_on >= {{value}}
GROUP BY account, entered_on
"""
"""Of the accounts' other orders by day."""

_SISTERS_OF_GROUPS = f"""
SELECT group_id, entered_on, {_SUMS} FROM orders
JOIN (SELECT id AS member, group_id FROM accounts WHERE group_id {{among}} AND NOT (id {{among}})) AS members
  ON account = member
WHERE NOT (id {{among}}) AND NOT (root {{among}}) AND entered_on >= {{value}}
GROUP BY group_id, entered_on
"""
"""Of the orders of the groups' other accounts by day."""


def read_snapshot(
    connection: Connection, wants: Wants, day: int, vocabulary: Vocabulary, *, itemized: bool = False
) -> Snapshot:
    """All that is wanted, as it is in this transaction. `day`: the business date, from which on history is cut off;
    `vocabulary`: of the policies, whose currency needs no rate; `itemized`: whether policies go through the items."""
    snapshot = Snapshot()
    questions = Questions(connection, snapshot)
    questions.put(Order, "id {among}", wants.orders)
    _ask_items(questions, wants)
    questions.take()
    _ask_linked_items(questions, snapshot, wants)
    questions.take()
    histories = wants.histories | {each.account for each in snapshot.all(OpenItem)}
    accounts = (
        wants.accounts
        | wants.open_items
        | wants.live_orders
        | wants.collections
        | histories
        | {each.account for each in snapshot.all(Order)}
    )
    _ask_accounts(questions, accounts, histories, day)
    given_up = {each.account for each in snapshot.all(WriteOff) if each.id in wants.write_offs}
    _ask_collections(questions, accounts, histories | wants.open_items, wants.collections | given_up, day)
    questions.put(Group, "id {among}", wants.groups)
    questions.put(BookTotal, "1 = 1")
    questions.put(Order, f"account {{among}} AND state IN ({_among(LIVE)})", wants.live_orders)
    questions.put(Release, f"account {{among}} AND state IN ({_NOT_OVER})", wants.releases)
    questions.take()
    _ask_orders(questions, snapshot, wants, accounts, day)
    snapshot.open_items_of = wants.open_items | (_ask_items_of(questions, snapshot, accounts) if itemized else set())
    _ask_rates(questions, snapshot, wants, day, vocabulary)
    questions.take()
    return snapshot


def _ask_accounts(questions: Questions, accounts: frozenset[str], histories: frozenset[str], day: int) -> None:
    """Accounts with their groups, and all of one kind that is no item and no order."""
    questions.put(Account, "id {among}", accounts)
    questions.put(Group, "id IN (SELECT group_id FROM accounts WHERE id {among})", accounts)
    for kind in (Figures, Grade, Limit, Security, LevelTotal):
        questions.put(kind, "account {among}", accounts)
    questions.put(DueTotal, "account {among} AND items > 0", accounts)
    questions.put(DayRecord, "account {among} AND day > {value}", accounts - histories, day - YEAR_DAYS - 1)
    questions.put(DayRecord, "account {among}", histories)
    questions.put(OpenItem, f"account {{among}} AND {_OPEN} AND kind = '{ItemKind.DEPOSIT}'", accounts)


def _ask_collections(
    questions: Questions, accounts: frozenset[str], booked: frozenset[str], wanted: frozenset[str], day: int
) -> None:
    """Promises of all accounts, which a fact is made of; of those to which items are booked what follows a booking; of
    those that are wanted all."""
    questions.put(Promise, "account {among}", accounts)
    questions.put(Dispute, f"account {{among}} AND state IN ({_RUNNING_DISPUTES})", booked - wanted)
    questions.put(WorklistEntry, f"account {{among}} AND state = '{EntryState.DUE}'", booked - wanted)
    for of_plan in (PaymentPlan, Instalment):
        questions.put(of_plan, "account {among}", booked | wanted)
    for kind in (Dispute, DunningBlock, ItemFact, CollectorAssignment):
        questions.put(kind, "account {among}", wanted)
    listed = f"account {{among}} AND (day >= {{value}} OR state IN ('{EntryState.DUE}', '{EntryState.DEFERRED}'))"
    questions.put(WorklistEntry, listed, wanted, day - CARRIED_DAYS)


def _ask_items(questions: Questions, wants: Wants) -> None:
    """The open items of some accounts and what was set off against them; and all that was set off for the items that
    are wanted by their numbers."""
    questions.put(OpenItem, f"account {{among}} AND {_OPEN}", wants.open_items)
    is_open = f"to_item IN (SELECT id FROM items WHERE account {{among}} AND {_OPEN})"
    questions.put(Allocation, is_open, wants.open_items)
    questions.put(Allocation, "from_item {among}", wants.items)
    questions.put(Allocation, "to_item {among}", wants.items)
    credited = "credited > 0 AND item IN (SELECT to_item FROM allocations WHERE from_item {among})"
    questions.put(Dispute, credited, wants.items)
    questions.put(WriteOff, "account IN (SELECT account FROM write_offs WHERE id {among})", wants.write_offs)
    questions.put(WriteOff, "account {among}", wants.written_off)
    invoices = "(SELECT invoice FROM write_offs WHERE id {among})"
    account = "(SELECT account FROM write_offs WHERE id {among})"
    questions.put(OpenItem, f"account IN {account} AND {_OPEN}", wants.write_offs)
    questions.put(OpenItem, f"id IN {invoices}", wants.write_offs)
    questions.put(Allocation, f"to_item IN {invoices}", wants.write_offs)


def _ask_linked_items(questions: Questions, snapshot: Snapshot, wants: Wants) -> None:
    """Items by their numbers with those that they were set off against, and the allocations of all these."""
    if wants.items:
        linked = wants.items | {each.to_item for each in snapshot.all(Allocation) if each.from_item in wants.items}
        questions.put(OpenItem, "id {among}", linked)
        questions.put(Allocation, "to_item {among}", linked - wants.items)


def _ask_items_of(questions: Questions, snapshot: Snapshot, accounts: Iterable[str]) -> frozenset[str]:
    """The open items of accounts that don't have too many; which ones these are."""
    few = frozenset(
        each for each in accounts if sum(due.items for due in snapshot.of_account(DueTotal, each)) <= RECORDS_MAX
    )
    questions.put(OpenItem, f"account {{among}} AND {_OPEN}", few)
    return few


def _ask_rates(questions: Questions, snapshot: Snapshot, wants: Wants, day: int, vocabulary: Vocabulary) -> None:
    """Of the currencies of commands, accounts, orders and books; so far back that what is booked late finds its own,
    and an order that finds none too old ones."""
    currencies = wants.currencies | {each.currency for each in snapshot.all(Account)}
    orders = snapshot.all(Order)
    currencies |= {each.currency for each in orders}
    currencies |= {each.foreign_currency for each in orders if each.foreign_currency is not None}
    currencies |= {each.currency for each in snapshot.all(BookTotal) if each.open_items}
    currencies -= {vocabulary.currency}
    questions.put(ExchangeRate, "currency {among} AND day >= {value}", currencies, day - RATES_READ_DAYS)


def _ask_orders(questions: Questions, snapshot: Snapshot, wants: Wants, accounts: frozenset[str], day: int) -> None:
    """Holds, releases and revisions of the orders that are wanted; orders that have securities of their own, or a
    deposit that is wanted, with what of them is open; orders of the same roots, which are sisters however old they are;
    and what the accounts' other orders, and those of their groups' other accounts, come to that may be somebody's
    sisters, by day. No order is in two of these."""
    for of_order in (Hold, Release, Revision):
        questions.put(of_order, "order_id {among}", wants.orders)
    questions.put(OrderDelivery, "order_id {among}", wants.deliveries)
    known = snapshot.all(Order)
    secured = frozenset(each.order for each in snapshot.all(Security) if each.order is not None)
    deposits = (item for item in snapshot.all(OpenItem) if item.id in wants.items and item.kind is ItemKind.DEPOSIT)
    secured |= {each.order for each in deposits if each.order is not None}
    questions.put(Order, "id {among}", secured - {each.id for each in known})
    questions.put(Release, "order_id {among}", secured - wants.orders)  # which end with these
    is_open = f"account {{among}} AND {_OPEN} AND order_id {{among}}"
    questions.put(OpenItem, is_open, accounts, secured)
    if not accounts:
        return
    names = secured | {each.id for each in known}
    roots = wants.orders | {each.root for each in known}
    questions.put(Order, "root {among} AND NOT (id {among})", roots, names)
    since = min([day, *(each.entered_on for each in known)]) - SISTER_DAYS

    def take(rows: Iterable[tuple[Any, ...]]) -> None:
        for account, on, *sums in rows:
            snapshot.orders.add(account, on, SisterTotal(*sums))

    def take_of_groups(rows: Iterable[tuple[Any, ...]]) -> None:
        for group, on, *sums in rows:
            snapshot.orders.add_of_group(group, on, SisterTotal(*sums))

    questions.put_other(_SISTERS, take, accounts, names, roots, since)
    groups = frozenset(each.id for each in snapshot.all(Group))
    if groups:
        kin = "id IN (SELECT account FROM orders WHERE root {among}) AND NOT (id {among})"
        questions.put(Account, kin, roots, accounts)  # so that they are known as members
        questions.put_other(_SISTERS_OF_GROUPS, take_of_groups, groups, accounts, names, roots, since)


def rows_of(connection: Connection, kind: type[Any], condition: ColumnElement[bool]) -> Sequence[Any]:
    """All rows of a kind that fulfil a condition, as nouns."""
    stored = STORED[kind]
    return [stored.decode(row) for row in connection.execute(select(stored.table).where(condition))]

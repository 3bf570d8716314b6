"""Figures of the ledger that two tables must agree on, as SQL of either database.

Each is one query (`ledger.books.sides`): ten million items are compared in the database, and what is right never leaves
it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.books.item_sides import ITEM_COMPARISONS
from ledger.books.sides import RowRule, SidesCompared, TotalsSide
from ledger.credit.order import RESERVING, OrderState
from ledger.items.item import OWED, ItemKind, ItemState
from receivables.account_facts import SERIOUSLY_LATE_DAYS


def _words(members: frozenset[OrderState] | frozenset[ItemKind]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(members))


_DEPOSIT = f"kind = '{ItemKind.DEPOSIT}'"
_OWED = f"kind IN ({_words(OWED)})"
_SALES = f"kind IN ('{ItemKind.INVOICE}', '{ItemKind.CREDIT_NOTE}') AND state <> '{ItemState.REVERSED}'"
_PAID = f"kind = '{ItemKind.INVOICE}' AND state = '{ItemState.SETTLED}' AND settled_on IS NOT NULL"
_PAID_DAY = "CASE WHEN settled_on > issued_on THEN settled_on ELSE issued_on END"
_LATE = "CASE WHEN settled_on > due_on THEN settled_on - due_on ELSE 0 END"
_ISSUED = f"kind IN ({_words(OWED | {ItemKind.CREDIT_NOTE})})"
_BUCKETS = ("open_items", "delivered", "open_orders", "deposits")
_UNDELIVERED = "(amount - delivered - billed - lapsed)"
_EXPOSURE = "open_items + delivered + open_orders - deposits"


def _of(kind: str) -> str:
    return f"CASE WHEN bucket = '{kind}' THEN amount ELSE 0 END"


COMPARISONS: Sequence[SidesCompared | RowRule] = (
    SidesCompared(
        kind=1,
        title="accounts and their items",
        keys=("account",),
        figures=("open_items", "deposits", "disputed"),
        expected=(
            TotalsSide(
                ("account",),
                (
                    f"CASE WHEN {_DEPOSIT} THEN 0 ELSE open_amount END",
                    f"CASE WHEN {_DEPOSIT} THEN -open_amount ELSE 0 END",
                    "disputed_amount",
                ),
                "items WHERE open_amount <> 0 OR disputed_amount <> 0",
            ),
        ),
        found=TotalsSide(("id",), ("open_items", "deposits", "disputed"), "accounts"),
    ),
    SidesCompared(
        kind=1,
        title="accounts and their orders",
        keys=("account",),
        figures=("open_orders", "delivered"),
        expected=(TotalsSide(("account",), ("reserved", "delivered"), "orders WHERE reserved <> 0 OR delivered <> 0"),),
        found=TotalsSide(("id",), ("open_orders", "delivered"), "accounts"),
    ),
    SidesCompared(
        kind=1,
        title="accounts and their first items",
        keys=("account",),
        figures=("first_issued_on",),
        expected=(TotalsSide(("account",), ("issued_on",), f"items WHERE {_ISSUED}"),),
        found=TotalsSide(("id",), ("first_issued_on",), "accounts"),
        combined="MIN",
    ),
    SidesCompared(
        kind=2,
        title="accounts and their entries",
        keys=("account",),
        figures=_BUCKETS,
        expected=(TotalsSide(("account",), tuple(map(_of, _BUCKETS)), "ledger_entries"),),
        found=TotalsSide(("id",), _BUCKETS, "accounts"),
    ),
    SidesCompared(
        kind=3,
        title="totals by due date",
        keys=("account", "due_on"),
        figures=("due_totals.open_amount", "due_totals.disputed", "due_totals.items"),
        expected=(
            TotalsSide(
                ("account", "due_on"),
                ("open_amount", "disputed_amount", "1"),
                f"items WHERE {_OWED} AND open_amount <> 0",
            ),
        ),
        found=TotalsSide(("account", "due_on"), ("open_amount", "disputed", "items"), "due_totals"),
    ),
    SidesCompared(
        kind=3,
        title="items by dunning level",
        keys=("account", "level"),
        figures=("level_totals.items",),
        expected=(
            TotalsSide(
                ("account", "dunning_level"),
                ("1",),
                f"items WHERE {_OWED} AND open_amount <> 0 AND dunning_level <> 0",
            ),
        ),
        found=TotalsSide(("account", "level"), ("items",), "level_totals"),
    ),
    SidesCompared(
        kind=3,
        title="payment records by day",
        keys=("account", "day"),
        figures=tuple(f"day_records.{name}" for name in ("issued", "paid", "on_time", "seriously_late", "days_late")),
        expected=(
            TotalsSide(("account", "issued_on"), ("amount", "0", "0", "0", "0"), f"items WHERE {_SALES}"),
            TotalsSide(
                ("account", _PAID_DAY),
                (
                    "0",
                    "1",
                    "CASE WHEN settled_on > due_on THEN 0 ELSE 1 END",
                    f"CASE WHEN settled_on - due_on > {SERIOUSLY_LATE_DAYS} THEN 1 ELSE 0 END",
                    _LATE,
                ),
                f"items WHERE {_PAID}",
            ),
        ),
        found=TotalsSide(
            ("account", "day"), ("issued", "paid", "on_time", "seriously_late", "days_late"), "day_records"
        ),
    ),
    SidesCompared(
        kind=3,
        title="the whole book",
        keys=("currency",),
        figures=("book_totals.open_items", "book_totals.customers"),
        expected=(TotalsSide(("currency",), ("open_items", "CASE WHEN open_items > 0 THEN 1 ELSE 0 END"), "accounts"),),
        found=TotalsSide(("currency",), ("open_items", "customers"), "book_totals"),
    ),
    SidesCompared(
        kind=3,
        title="groups and their accounts",
        keys=("group",),
        figures=("account_groups.total",),
        expected=(TotalsSide(("group_id",), (_EXPOSURE,), "accounts WHERE group_id IS NOT NULL"),),
        found=TotalsSide(("id",), ("total",), "account_groups"),
    ),
    RowRule(
        kind=4,
        title="amounts of orders",
        keys=("account", "order"),
        table="orders",
        columns=("account", "id"),
        figures={
            "reserved": (
                f"CASE WHEN state IN ({_words(RESERVING)}) AND NOT is_prepaid THEN {_UNDELIVERED} ELSE 0 END",
                "reserved",
            ),
            "undelivered": (f"CASE WHEN {_UNDELIVERED} < 0 THEN 0 ELSE {_UNDELIVERED} END", _UNDELIVERED),
            "delivered": ("CASE WHEN delivered < 0 THEN 0 ELSE delivered END", "delivered"),
            "billed": ("CASE WHEN billed < 0 THEN 0 ELSE billed END", "billed"),
            "lapsed": ("CASE WHEN lapsed < 0 THEN 0 ELSE lapsed END", "lapsed"),
        },
    ),
    RowRule(
        kind=4,
        title="amounts of items",
        keys=("account", "item"),
        table="items",
        columns=("account", "id"),
        figures={
            "open_amount": (
                "CASE WHEN amount < 0 THEN CASE WHEN open_amount > 0 THEN 0 WHEN open_amount < amount THEN amount "
                "ELSE open_amount END WHEN open_amount < 0 THEN 0 WHEN open_amount > amount THEN amount "
                "ELSE open_amount END",
                "open_amount",
            ),
            "disputed_amount": (
                "CASE WHEN disputed_amount < 0 OR open_amount <= 0 THEN 0 WHEN disputed_amount > open_amount "
                "THEN open_amount ELSE disputed_amount END",
                "disputed_amount",
            ),
        },
    ),
    *ITEM_COMPARISONS,
    RowRule(
        kind=5,
        title="states of items",
        keys=("account", "item"),
        table="items",
        columns=("account", "id"),
        figures={
            "is_open": (
                "CASE WHEN open_amount <> 0 THEN 1 ELSE 0 END",
                f"CASE WHEN state = '{ItemState.OPEN}' THEN 1 ELSE 0 END",
            ),
            "has_day_of_settlement": (
                f"CASE WHEN state = '{ItemState.SETTLED}' OR settled_on IS NOT NULL AND state <> '{ItemState.OPEN}' "
                "THEN 1 ELSE 0 END",
                "CASE WHEN settled_on IS NULL THEN 0 ELSE 1 END",
            ),
        },
    ),
    RowRule(
        kind=5,
        title="states of orders",
        keys=("account", "order"),
        table="orders",
        columns=("account", "id"),
        figures={
            "has_approval": (
                f"CASE WHEN state IN ({_words(RESERVING)}) OR approved_on IS NOT NULL THEN 1 ELSE 0 END",
                "CASE WHEN approved_on IS NULL OR approved_amount IS NULL THEN 0 ELSE 1 END",
            ),
            "undelivered": (
                f"CASE WHEN state IN ('{OrderState.CANCELLED}', '{OrderState.CLOSED}') THEN 0 ELSE {_UNDELIVERED} END",
                _UNDELIVERED,
            ),
        },
    ),
    SidesCompared(
        kind=5,
        title="held orders and their holds",
        keys=("account", "order"),
        figures=("open_holds",),
        expected=(TotalsSide(("account", "id"), ("1",), f"orders WHERE state = '{OrderState.HELD}'"),),
        found=TotalsSide(("account", "order_id"), ("1",), "holds WHERE lifted_on IS NULL"),
    ),
    SidesCompared(
        kind=7,
        title="reserved orders and their decisions",
        keys=("account", "order"),
        figures=("decided_to_go",),
        expected=(TotalsSide(("account", "id"), ("1",), "orders WHERE reserved <> 0"),),
        found=TotalsSide(
            ("o.account", "o.id"),
            ("1",),
            "orders o JOIN entries e ON e.id = o.decision AND e.outcome IN ('approve', 'approve_with_conditions') "
            "WHERE o.reserved <> 0",
        ),
    ),
)
"""All that is compared within the tables, the quick ones among the slow."""

"""What each item must come to by what was set off against it, and by its entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.books.sides import RowRule, SidesCompared, TotalsSide
from ledger.credit.entry import EntryBucket
from ledger.items.item import OWED, ItemKind, ItemState, SetOffCause
from ledger.items.write_off import WriteOffState


def _kinds(kinds: Iterable[ItemKind]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(kinds))


_OWED = f"kind IN ({_kinds(OWED)})"
_CREDITS = f"kind IN ({_kinds(frozenset(ItemKind) - OWED)})"
_IN_FORCE = "allocations WHERE reversed_on IS NULL"
_ITEM = ("account", "item")


def _of_cause(cause: SetOffCause) -> TotalsSide:
    return TotalsSide(("account", "to_item"), ("amount",), f"{_IN_FORCE} AND cause = '{cause}'")


ITEM_COMPARISONS: Sequence[SidesCompared | RowRule] = (
    SidesCompared(
        kind=2,
        title="items and their entries",
        keys=_ITEM,
        figures=("open_amount",),
        expected=(
            TotalsSide(
                ("account", "item"),
                (f"CASE WHEN bucket = '{EntryBucket.DEPOSITS}' THEN -amount ELSE amount END",),
                f"ledger_entries WHERE item IS NOT NULL "
                f"AND bucket IN ('{EntryBucket.OPEN_ITEMS}', '{EntryBucket.DEPOSITS}')",
            ),
        ),
        found=TotalsSide(("account", "id"), ("open_amount",), "items WHERE open_amount <> 0"),
    ),
    SidesCompared(
        kind=4,
        title="items and what was set off against them",
        keys=_ITEM,
        figures=("set_off",),
        expected=(
            TotalsSide(
                ("account", "id"),
                ("amount - open_amount - paid_before",),
                f"items WHERE {_OWED} AND amount <> open_amount + paid_before",
            ),
        ),
        found=TotalsSide(("account", "to_item"), ("amount",), f"{_IN_FORCE} AND cause <> '{SetOffCause.RECOVERY}'"),
    ),
    SidesCompared(
        kind=4,
        title="credits and what they were set off against",
        keys=_ITEM,
        figures=("set_off_by",),
        expected=(
            TotalsSide(
                ("account", "id"),
                ("open_amount - amount",),
                f"items WHERE {_CREDITS} AND state <> '{ItemState.REVERSED}' AND amount <> open_amount",
            ),
        ),
        found=TotalsSide(
            ("account", "from_item"), ("amount + fx_difference",), f"{_IN_FORCE} AND cause <> '{SetOffCause.DISCOUNT}'"
        ),
    ),
    SidesCompared(
        kind=4,
        title="what was written off",
        keys=_ITEM,
        figures=("written_off",),
        expected=(_of_cause(SetOffCause.WRITE_OFF),),
        found=TotalsSide(("account", "id"), ("written_off",), "items WHERE written_off <> 0"),
    ),
    SidesCompared(
        kind=4,
        title="what was recovered",
        keys=_ITEM,
        figures=("recovered",),
        expected=(_of_cause(SetOffCause.RECOVERY),),
        found=TotalsSide(("account", "id"), ("recovered",), "items WHERE recovered <> 0"),
    ),
    SidesCompared(
        kind=4,
        title="write-offs and their items",
        keys=("account", "write_off"),
        figures=("amount_booked",),
        expected=(TotalsSide(("account", "id"), ("amount",), f"write_offs WHERE state = '{WriteOffState.BOOKED}'"),),
        found=TotalsSide(
            ("account", "id"),
            ("-amount",),
            f"items WHERE kind = '{ItemKind.WRITE_OFF}' AND state <> '{ItemState.REVERSED}'",
        ),
    ),
    SidesCompared(
        kind=5,
        title="cancelled items and their credit notes",
        keys=_ITEM,
        figures=("credited",),
        expected=(TotalsSide(("account", "id"), ("amount",), f"items WHERE state = '{ItemState.CANCELLED}'"),),
        found=TotalsSide(
            ("a.account", "a.to_item"),
            ("a.amount",),
            f"allocations a JOIN items i ON i.id = a.to_item AND i.state = '{ItemState.CANCELLED}' "
            f"WHERE a.reversed_on IS NULL AND a.cause = '{SetOffCause.CREDIT_NOTE}'",
        ),
    ),
    SidesCompared(
        kind=5,
        title="days on which items were settled",
        keys=_ITEM,
        figures=("settled_on",),
        expected=(
            TotalsSide(
                ("a.account", "a.to_item"),
                ("a.effective_on",),
                "allocations a JOIN items i ON i.id = a.to_item AND i.open_amount = 0 AND i.paid_before = 0 "
                f"WHERE a.reversed_on IS NULL AND a.cause <> '{SetOffCause.RECOVERY}'",
            ),
        ),
        found=TotalsSide(
            ("account", "id"),
            ("settled_on",),
            f"items WHERE {_OWED} AND open_amount = 0 AND paid_before = 0",
        ),
        combined="MAX",
    ),
    RowRule(
        kind=5,
        title="what was given up of items",
        keys=_ITEM,
        table="items",
        columns=("account", "id"),
        figures={
            "is_written_off": (
                "CASE WHEN open_amount = 0 AND written_off <> 0 THEN 1 ELSE 0 END",
                f"CASE WHEN state = '{ItemState.WRITTEN_OFF}' THEN 1 ELSE 0 END",
            ),
            "recovered": (
                "CASE WHEN recovered < 0 THEN 0 WHEN recovered > written_off THEN written_off ELSE recovered END",
                "recovered",
            ),
        },
    ),
)
"""All that is compared of items beside their accounts' totals."""

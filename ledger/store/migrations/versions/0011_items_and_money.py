"""Open items in full: what was agreed on them, discounts, write-offs and recoveries, and orders in other currencies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ADDED = {
    "items": (
        "discount_rate int?, discount_days int?, daily_interest_rate int?, interest_of text?, paid_before int, "
        "written_off int, recovered int"
    ),
    "allocations": "cause text, fx_difference int",
    "orders": "foreign_currency text?, foreign_amount int?",
}
"""Table → new columns (`?`: may be null). The others begin at 0, and at what the rows that are there say."""

_WRITE_OFFS = (
    "id text, account text, invoice text, amount int, state text, reason text, proposed_by text?, proposed_on int, "
    "authority text?, decided_by text?, decided_by_role text?, decided_on int?, decision text, record text, "
    "digest text"
)
_TYPES = {"text": sa.Text, "int": sa.BigInteger}
_BEGIN = {"text": "", "int": "0"}

_FILLED = (
    "UPDATE allocations SET cause = (SELECT kind FROM items WHERE items.id = from_item)",
    # what was paid before the ledger knew of it was settled without anything set off against it
    "UPDATE items SET paid_before = amount - open_amount WHERE kind IN ('invoice', 'debit') AND state = 'settled' "
    "AND NOT EXISTS (SELECT 1 FROM allocations WHERE to_item = items.id AND reversed_on IS NULL)",
    # differences of rates were entries alone: of each credit, they go to the last that it was set off against
    "UPDATE allocations SET fx_difference = (SELECT open_amount - amount FROM items WHERE items.id = from_item) - "
    "(SELECT SUM(a.amount) FROM allocations a WHERE a.from_item = allocations.from_item AND a.reversed_on IS NULL) "
    "WHERE reversed_on IS NULL AND NOT EXISTS (SELECT 1 FROM allocations b WHERE b.from_item = allocations.from_item "
    "AND b.reversed_on IS NULL AND (b.to_item > allocations.to_item "
    "OR b.to_item = allocations.to_item AND b.number > allocations.number))",
)


def upgrade() -> None:
    """The columns, filled from what is there, and the table of write-offs."""
    for table, told in _ADDED.items():
        for each in told.split(", "):
            op.add_column(table, _column(each, is_added=True))
    for statement in _FILLED:
        op.execute(statement)
    op.create_table("write_offs", *(_column(each) for each in _WRITE_OFFS.split(", ")))
    for index in ("account", "state"):
        op.create_index(f"write_offs_{index}", "write_offs", [index])


def _column(told: str, *, is_added: bool = False) -> sa.Column[object]:
    name, _, word = told.partition(" ")
    is_optional, word = word.endswith("?"), word.rstrip("?")
    return sa.Column(
        name,
        _TYPES[word](),
        primary_key=name == "id",
        nullable=is_optional,
        server_default=_BEGIN[word] if is_added and not is_optional else None,
        autoincrement=False,
    )

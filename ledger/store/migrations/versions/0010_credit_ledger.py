"""The credit ledger: accounts, limits, securities, orders, items, and the entries that their totals are sums of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only, deletion_with_account

revision = "0010"
down_revision = "0009"

_TABLES = {
    "accounts": (
        "id",
        "id text, version int, currency text, name text?, group_id text?, status text, blocked_since int?, "
        "customer_since int?, profile text, open_items int, delivered int, open_orders int, deposits int, "
        "disputed int, first_issued_on int?, "
        "last_order text?, last_order_on int?, order_before_on int?, bounced_on int?, put_by text?, "
        "currency_since int?, erasure int?",
        ("group_id",),
    ),
    "account_groups": (
        "id",
        "id text, version int, currency text, group_limit int?, limit_until int?, insolvent yes?, total int, "
        "grades text",
        (),
    ),
    "account_figures": ("account day", "account text, day int, figures text, source text?", ()),
    "account_grades": (
        "account since",
        "account text, since int, grade text, review_on int?, decision text?, assigned_by text?",
        (),
    ),
    "limits": (
        "account number",
        "account text, number int, kind text, amount int?, from_on int, until_on int?, state text, reason text?, "
        "basis text?, requested_by text?, granted_on int?, granted_by text?, granted_by_role text?, second_by text?, "
        "second_by_role text?, decision text?, taken_over_on int?, said_granted_by text?",
        (),
    ),
    "securities": (
        "account id",
        "account text, id text, kind text, order_id text?, amount int, cover int, from_on int?, until_on int?, "
        "stopped_on int?, max_days int?, reference text?, issuer text?, ended_on int?",
        (),
    ),
    "orders": (
        "id",
        "id text, account text, revision int, state text, asked text, currency text, amount int, is_prepaid yes, "
        "reserved int, delivered int, billed int, lapsed int, root text, entered_by text?, entered_via text?, "
        "entered_on int, sales_person text?, touched_by text, stopped_by text?, approved_on int?, "
        "approved_amount int?, approval_stands yes, decision text?, outcome text?, changed_seq int",
        ("account entered_on", "root", "state changed_seq", "changed_seq"),
    ),
    "order_revisions": (
        "order_id revision",
        "order_id text, account text, revision int, digest text, decision text",
        ("account",),
    ),
    "order_deliveries": (
        "order_id id",
        "order_id text, account text, id text, is_return yes, gone int, digest text, record text",
        ("account",),
    ),
    "holds": (
        "order_id number",
        "order_id text, account text, number int, kind text, since int, since_seq int, rules text, lifted_on int?, "
        "lifted_by text?, liftable_since int?, authority text?, two_people yes?",
        ("account", "lifted_on"),
    ),
    "releases": (
        "order_id number",
        "order_id text, account text, number int, state text, amount int, asked text, reason text, login text, "
        "role text, day int, second_by text?, second_by_role text?, second_on int?, expires_on int?, decision text?",
        ("account",),
    ),
    "items": (
        "id",
        "id text, account text, kind text, issued_on int, due_on int, amount int, open_amount int, "
        "disputed_amount int, order_id text?, state text, settled_on int?, dunning_level int, last_contact_on int?, "
        "insured_amount int, foreign_currency text?, foreign_amount int?, foreign_open int?, record text?, "
        "known_on int?, digest text",
        ("account state kind",),
    ),
    "allocations": (
        "from_item to_item number",
        "from_item text, to_item text, number int, account text, amount int, foreign_amount int?, effective_on int, "
        "reversed_on int?",
        ("to_item",),
    ),
    "due_totals": ("account due_on", "account text, due_on int, open_amount int, disputed int, items int", ()),
    "level_totals": ("account level", "account text, level int, items int", ()),
    "day_records": (
        "account day",
        "account text, day int, issued int, paid int, on_time int, seriously_late int, days_late int",
        (),
    ),
    "exchange_rates": (
        "currency quote day",
        "currency text, quote text, day int, value int, scale int, source text?",
        (),
    ),
    "book_totals": ("currency", "currency text, open_items int, customers int", ()),
    "imports": (
        "id",
        "id text, kind text, digest text, started_at text, state text, done_rows int, new int, same int, changed int, "
        "rejected int, settled int, detail text?",
        ("digest",),
    ),
    "import_rejects": ("run number", "run text, number int, place text, faults text", ()),
    "ledger_entries": (
        "seq number",
        "seq int, number int, account text, bucket text, amount int, effective_on int, order_id text?, item text?, "
        "cause text",
        ("account seq",),
    ),
    "rechecks": ("account", "account text, seq int, cause text", ()),
    "days": ("day step", "day int, step text", ()),
}
"""Table → primary key, columns (`?`: may be null), indexes."""

_TYPES = {"text": sa.Text, "int": sa.BigInteger, "yes": sa.Boolean}


def upgrade() -> None:
    """The tables, and triggers that refuse every change of entries, and every deletion but an erased customer's."""
    for name, (key, columns, indexes) in _TABLES.items():
        op.create_table(name, *(_column(each, key.split()) for each in columns.split(", ")))
        for index in indexes:
            op.create_index(f"{name}_{'_'.join(index.split())}", name, index.split())
    dialect = op.get_bind().dialect.name
    for statement in append_only(dialect, {"ledger_entries": ("seq,number",)}, is_first=False):
        op.execute(statement)
    for statement in deletion_with_account(dialect):
        op.execute(statement)


def _column(said: str, key: list[str]) -> sa.Column[object]:
    name, _, type_ = said.partition(" ")
    return sa.Column(
        name,
        _TYPES[type_.rstrip("?")](),
        primary_key=name in key,
        nullable=type_.endswith("?"),
        autoincrement=False,
    )

"""Collections: disputes, promises, plans, blocks, contacts as evidence, the worklist, and how far a day's turn is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only, deletion_with_account

revision = "0012"
down_revision = "0011"

_TABLES = {
    "disputes": (
        "item number",
        "item text, number int, account text, code text, amount int, credited int, to_credit int, rejected "
        "int, withdrawn int, opened_on int, resolved_on int?, state text, text text?, login text?, "
        "resolved_by text?",
        ("account",),
    ),
    "promises": (
        "account number",
        "account text, number int, items text, amount int, promised_on int, due_on int, counts_until int, "
        "state text, paid_by_then int, before text, person text?, text text?, login text?, record text?",
        (),
    ),
    "payment_plans": (
        "account number",
        "account text, number int, items text, amount int, state text, paid int, before text, asked_on int, "
        "agreed_on int?, reason text?, asked_by text?, agreed_by text?, agreed_by_role text?, decision text?",
        (),
    ),
    "instalments": (
        "account plan number",
        "account text, plan int, number int, due_on int, counts_until int, amount int, paid_by_then int",
        (),
    ),
    "dunning_blocks": (
        "account number",
        "account text, number int, item text?, since int, until int, reason text, login text?, ended_on int?",
        (),
    ),
    "contacts": (
        "account id",
        "account text, id text, day int, step text, items text, levels text, outcome text?, person text?, "
        "text text?, document text?, login text?, counts yes",
        (),
    ),
    "item_facts": (
        "item number",
        "item text, number int, account text, fact text, value text, day int, by_date int?, reference text?, "
        "login text?",
        ("account",),
    ),
    "collector_assignments": (
        "account number",
        "account text, number int, collector text, since int, until int?, login text?",
        (),
    ),
    "worklist": (
        "account day channel",
        "account text, day int, channel text, step text, lead text, items text, levels text, amount int, "
        "priority int, by_date int?, reasons text, collector text?, since int, state text, until int?, note "
        "text?, closed_by text?, record text?, digest text?",
        ("day priority", "state day"),
    ),
    "day_steps": (
        "day step",
        "day int, step text, after text, accounts int, changed int, is_done yes",
        (),
    ),
}
"""Table → primary key, columns (`?`: may be null), indexes."""

_OF_ACCOUNTS = "last_contact_on int?, standing text?"

_TYPES = {"text": sa.Text, "int": sa.BigInteger, "yes": sa.Boolean}


def upgrade() -> None:
    """The tables; two columns of accounts; triggers that refuse every change of a contact, and every deletion but an
    erased customer's."""
    for name, (key, columns, indexes) in _TABLES.items():
        op.create_table(name, *(_column(each, key.split()) for each in columns.split(", ")))
        for index in indexes:
            op.create_index(f"{name}_{'_'.join(index.split())}", name, index.split())
    for each in _OF_ACCOUNTS.split(", "):
        op.add_column("accounts", _column(each, []))
    dialect = op.get_bind().dialect.name
    for statement in append_only(dialect, {"contacts": ("account,id",)}, is_first=False):
        op.execute(statement)
    for statement in deletion_with_account(dialect, "contacts"):
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

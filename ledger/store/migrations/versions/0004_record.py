"""The log of records with bodies, tiles, checkpoints and search tables; policy sets, people, a place to try the disk.

The first of its line: journals of 0001 to 0003 kept decisions without proof, and are taken over into a new file.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only

revision = "0004"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_UNDECIDED = sa.text("kind NOT IN ('decision', 'imported')")


def upgrade() -> None:
    """Makes the tables, and triggers that refuse every change and deletion of what is only appended."""
    _make_log()
    _make_search()
    _make_policy_sets_and_people()
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":  # what several processes lock must be there before the first of them writes
        op.execute("INSERT INTO head (number, size, frontier, at, last_key, signed) VALUES (1, 0, '', '', 0, 0)")
    for statement in append_only(
        dialect,
        {
            "entries": ("seq", "id"),
            "bodies": ("seq",),
            "tiles": ("level,number",),
            "checkpoints": ("size",),
            "policy_sets": ("version",),
        },
    ):
        op.execute(statement)


def _make_log() -> None:
    op.create_table(
        "entries",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("case_kind", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("header", sa.Text, nullable=False),
    )
    op.create_index("entries_of_kind", "entries", ["kind", "seq"], sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED)
    op.create_table(
        "bodies",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("key_number", sa.BigInteger, nullable=False),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "head",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("last_key", sa.BigInteger, nullable=False),
        sa.Column("signed", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
    )


def _make_search() -> None:
    op.create_table(
        "entry_rules",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_blinds",
        sa.Column("blind", sa.LargeBinary, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


def _make_policy_sets_and_people() -> None:
    op.create_table(
        "policy_sets",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("loaded_at", sa.String(32), nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("standard_facts", sa.Text),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("login", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("oidc_issuer", sa.Text),
        sa.Column("oidc_subject", sa.Text),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject"),
    )
    op.create_table(
        "probe",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("filler", sa.LargeBinary, nullable=False),
    )

"""Events that other systems are told of: who is sent what, what has not arrived yet, and the secrets that sign it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Three tables, whose rows go once they have done their work: no trigger keeps them."""
    op.create_table(
        "webhook_subscriptions",
        sa.Column("type", sa.String(64), primary_key=True),
        sa.Column("endpoint", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_outbox",
        sa.Column("endpoint", sa.String(32), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.String(32)),
        sa.Column("failed_at", sa.String(32)),
        sa.Column("failure", sa.Text),
        sqlite_with_rowid=False,
    )
    waits, dead = sa.text("next_at IS NOT NULL"), sa.text("next_at IS NULL")
    columns = ["failed_at", "seq", "next_at"]
    op.create_index("webhook_outbox_dead", "webhook_outbox", columns, sqlite_where=dead, postgresql_where=dead)
    columns = ["endpoint", "next_at"]
    op.create_index("webhook_outbox_due", "webhook_outbox", columns, sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "webhook_secrets",
        sa.Column("endpoint", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )

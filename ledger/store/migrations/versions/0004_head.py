"""The row that writers on PostgreSQL lock; SQLite's file has a lock of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the head, on PostgreSQL alone."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "head",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.execute("INSERT INTO head (number, size, at) VALUES (1, 0, '')")

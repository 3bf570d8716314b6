"""Answers that are kept for requests that are sent again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """One table, whose rows are deleted when their days are over: no trigger keeps them."""
    op.create_table(
        "kept_answers",
        sa.Column("name", sa.LargeBinary, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("nonce", sa.LargeBinary),
        sa.Column("sealed", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("kept_answers_at", "kept_answers", ["at"])

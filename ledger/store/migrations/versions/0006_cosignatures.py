"""Cosignatures of checkpoints by witnesses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """One table, and triggers that refuse every change and deletion of its rows."""
    op.create_table(
        "cosignatures",
        sa.Column("size", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("witness", sa.String(300), primary_key=True),
        sa.Column("line", sa.Text, nullable=False),
    )
    triggers = append_only(op.get_bind().dialect.name, {"cosignatures": ("size,witness",)}, is_first=False)
    for statement in triggers:
        op.execute(statement)

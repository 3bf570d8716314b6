"""The decision journal and the policy sets it refers to, append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables, and triggers that refuse every change and deletion."""
    op.create_table(
        "policy_sets",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("loaded_at", sa.String(32), nullable=False),
        sa.Column("files", sa.Text, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("case_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("policy_version", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )
    append_only("policy_sets", "version = NEW.version")
    append_only("decisions", "id = NEW.id OR sequence = NEW.sequence")

"""Policy sets with the standard facts, the order in which sets took effect, and a place to try the disk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the standard facts of each set, the activations, and the table that probes the disk."""
    op.add_column("policy_sets", sa.Column("standard_facts", sa.Text))
    op.create_table(
        "activations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("from_at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
    )
    append_only("activations", "number = NEW.number")
    op.create_table(
        "probe",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("filler", sa.LargeBinary, nullable=False),
    )

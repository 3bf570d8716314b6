"""Policy sets with the standard facts, the order in which sets took effect, and a place to try the disk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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
    _append_only("activations", "number = NEW.number")
    op.create_table(
        "probe",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("filler", sa.LargeBinary, nullable=False),
    )


def _append_only(table: str, same: str) -> None:
    """As in 0001, which never changes again."""
    triggers = (
        ("update", f"BEFORE UPDATE ON {table}"),
        ("delete", f"BEFORE DELETE ON {table}"),
        ("replace", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
    )
    for name, occasion in triggers:
        op.execute(
            f"CREATE TRIGGER {table}_no_{name} {occasion} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )

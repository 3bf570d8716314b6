"""People, every act on people and keys, and who asked for each decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the actor of decisions, and the tables of people and acts. Decisions of before have no actor."""
    op.add_column("decisions", sa.Column("actor", sa.Text))
    op.create_table(
        "access_acts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    _append_only("access_acts", "number = NEW.number")
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("login", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("oidc_issuer", sa.Text),
        sa.Column("oidc_subject", sa.Text),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject"),
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

"""People, every act on people and keys, and who asked for each decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only

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
    append_only("access_acts", "number = NEW.number")
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("login", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("oidc_issuer", sa.Text),
        sa.Column("oidc_subject", sa.Text),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject"),
    )

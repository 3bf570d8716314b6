"""What triggers call looks for tables in the journal's own schema, and never among temporary ones first."""

from __future__ import annotations

from alembic import op

from ledger.store.append_only import own_tables_only

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Says where the functions of PostgreSQL's triggers look for names."""
    for statement in own_tables_only(op.get_bind().dialect.name):
        op.execute(statement)

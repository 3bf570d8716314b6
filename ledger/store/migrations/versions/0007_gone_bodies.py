"""Bodies may go that an erasure or a retention covers, and none else; erasures are found by their key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import guarded_deletion

revision = "0007"
down_revision = "0006"

_IS_ERASURE = sa.text("kind = 'erasure'")


def upgrade() -> None:
    """Another trigger in place of the one that let no body go."""
    op.create_index("entries_erased", "entries", ["outcome"], sqlite_where=_IS_ERASURE, postgresql_where=_IS_ERASURE)
    for statement in guarded_deletion(op.get_bind().dialect.name):
        op.execute(statement)

"""An account remembers who sold to it until when, so that no new name makes its sales person another's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Of accounts that are there nobody before is known."""
    op.add_column("accounts", sa.Column("sold_by", sa.Text, nullable=False, server_default="{}"))

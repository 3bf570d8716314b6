"""The life of policies: activations, proposals, edits, approvals. What has been in force gets its rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.append_only import append_only

revision = "0013"
down_revision = "0011"

_SEQ = sa.BigInteger()

_TAKE_OVER = (
    "INSERT INTO policy_activations (number, version, from_at, kind, proposal, seq) "
    "SELECT row_number() OVER (ORDER BY seq), policy, at, outcome, NULL, seq FROM entries "
    "WHERE kind NOT IN ('decision', 'imported') AND kind = 'policy'"
)


def upgrade() -> None:
    """Four tables; triggers refuse every change of all but proposals."""
    _make_activations()
    _make_proposals()
    op.create_table(
        "policy_edits",
        sa.Column("proposal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("behind", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seq", _SEQ, nullable=False),
    )
    op.create_table(
        "policy_approvals",
        sa.Column("proposal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(80), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("behind", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("seq", _SEQ, nullable=False, unique=True),
    )
    op.execute(_TAKE_OVER)
    triggers = append_only(
        op.get_bind().dialect.name,
        {
            "policy_activations": ("number", "seq"),
            "policy_edits": ("proposal,revision",),
            "policy_approvals": ("proposal,digest,person", "seq"),
        },
        is_first=False,
    )
    for statement in triggers:
        op.execute(statement)


def _make_activations() -> None:
    op.create_table(
        "policy_activations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("from_at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("proposal", sa.Integer, unique=True),
        sa.Column("seq", _SEQ, nullable=False, unique=True),
    )


def _make_proposals() -> None:
    op.create_table(
        "policy_proposals",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("base", sa.String(64)),
        sa.Column("version", sa.String(64)),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("tests", sa.Text, nullable=False),
        sa.Column("effective_at", sa.String(32)),
        sa.Column("zone", sa.String(64)),
        sa.Column("acknowledged", sa.Text, nullable=False),
        sa.Column("findings", sa.Text),
        sa.Column("digest", sa.String(64)),
        sa.Column("changed_at", sa.String(32), nullable=False),
        sa.Column("seq", _SEQ, nullable=False),
        sa.Column("activation", sa.Integer),
    )
    op.create_index("policy_proposals_state", "policy_proposals", ["state"])

"""Tables of the life of policies: what was in force when, what is proposed, who edited and who approved it.

What happened stands in records as well (`policy`, `policy.proposal`); these tables are what the service acts on, and
`credence journal verify` holds the two together.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from ledger.store.table_metadata import metadata

policy_activations = Table(
    "policy_activations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("version", String(64), nullable=False),
    Column("from_at", String(32), nullable=False),  # from when on it decides: ISO 8601, UTC
    Column("kind", String(16), nullable=False),  # first, watch, approved, rollback, engine
    Column("proposal", Integer, unique=True),
    Column("seq", BigInteger, nullable=False, unique=True),  # of the record that says so
)
"""Append-only: a row for each record of kind `policy`, written with it. In force is the last one."""

policy_proposals = Table(
    "policy_proposals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # first, change, rollback
    Column("revision", Integer, nullable=False),
    Column("author", String(80), nullable=False),  # opaque id
    Column("title", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("base", String(64)),  # version that it changes; null: there was none
    Column("version", String(64)),  # of its own files; null: not known before it is proposed
    Column("files", Text, nullable=False),  # JSON object: file name → text
    Column("tests", Text, nullable=False),  # JSON object: file name → text of its policy tests
    Column("effective_at", String(32)),  # ISO 8601, UTC; null: as soon as it is activated
    Column("zone", String(64)),
    Column("acknowledged", Text, nullable=False),  # JSON object: item → why
    Column("findings", Text),  # JSON
    Column("digest", String(64)),
    Column("changed_at", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),  # of the record that began it
    Column("activation", Integer),
    Index("policy_proposals_state", "state"),
)
"""One row for each change of policies, from its first draft on."""

policy_edits = Table(
    "policy_edits",
    metadata,
    Column("proposal", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("person", String(80), nullable=False),  # opaque id
    Column("behind", Text, nullable=False),  # JSON list: who else is behind the key that was used, by opaque ids
    Column("changed", Text, nullable=False),  # JSON list of file names
    Column("at", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Append-only: who changed a draft, revision by revision."""

policy_approvals = Table(
    "policy_approvals",
    metadata,
    Column("proposal", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("person", String(80), primary_key=True),  # opaque id
    Column("at", String(32), nullable=False),
    Column("behind", Text, nullable=False),  # JSON list: who else is behind the key that was used
    Column("comment", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, unique=True),
)
"""Append-only: a person's yes to exactly this digest. What is edited has another one."""

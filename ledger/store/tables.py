"""The journal's tables. `ledger/store/migrations` creates them; a test holds the two together.

Text that was sent or answered is kept as text, byte for byte: a JSON column would be free to re-order or re-write it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the column is declared INTEGER."""

policy_sets = Table(
    "policy_sets",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("loaded_at", String(32), nullable=False),  # when it was first loaded
    Column("files", Text, nullable=False),  # JSON object: file name → text
    Column("standard_facts", Text),  # the engine's own facts, which the version covers; null in sets of before 0002
)

activations = Table(
    "activations",
    metadata,
    Column("number", SEQUENCE, primary_key=True),
    Column("version", String(64), nullable=False),
    Column("from_at", String(32), nullable=False),
    Column("kind", String(16), nullable=False),  # `first` or `watch`: taken from the watched folder
)

decisions = Table(
    "decisions",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("recorded_at", String(32), nullable=False),
    Column("case_kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("request", Text, nullable=False),  # the body as it was received
    Column("answer", Text, nullable=False),  # the decision as it was answered
    Column("actor", Text),  # who asked (`ledger.access.actors`); null in records of before 0003
)

access_acts = Table(
    "access_acts",
    metadata,
    Column("number", SEQUENCE, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(16), nullable=False),  # `person` or `key`
    Column("act", String(16), nullable=False),  # `add`, `change`, `end`; `create`, `revoke`
    Column("subject", String(32), nullable=False),  # id of the person or key
    Column("actor", Text, nullable=False),  # who did it
    Column("body", Text, nullable=False),  # JSON: what is set, without a name of anybody
)
"""Every change of people and keys, append-only: what they all say together is who may do what."""

people = Table(
    "people",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("oidc_issuer", Text),
    Column("oidc_subject", Text),
    UniqueConstraint("oidc_issuer", "oidc_subject"),
)
"""What names a person. May be changed and erased: rights are in `access_acts`, records have the id alone."""

probe = Table(
    "probe",
    metadata,
    Column("number", Integer, primary_key=True),  # one row, 1
    Column("filler", LargeBinary, nullable=False),
)
"""Written over and over to see whether the disk takes a decision. Holds nothing."""

server_metadata = MetaData()
"""Tables that only PostgreSQL needs."""

head = Table(
    "head",
    server_metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("size", BigInteger, nullable=False),  # of the decisions
    Column("at", String(32), nullable=False),  # when the last one was recorded; empty before the first
)
"""One row, which every writer locks: whoever has it writes alone, and knows the number and the time before its own."""

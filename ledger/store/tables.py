"""The journal's tables. `ledger/store/migrations` creates them; a test holds the two together.

Text that must stay byte for byte is kept as text or bytes: a JSON column would be free to re-order or re-write it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ledger.store.table_metadata import metadata

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps rows in the order of a column only where it is declared INTEGER."""

NOT_DECIDED = text("kind NOT IN ('decision', 'imported')")
"""Of the index of entries that are no decisions. A query may use it only by saying so in these words: SQLite doesn't
look into values that are bound."""

IS_ERASURE = text("kind = 'erasure'")
"""Of the index of erasures, in the same way."""

entries = Table(
    "entries",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=False),  # from 0, without gaps
    Column("id", String(36), nullable=False, unique=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("case_kind", String(16), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("header", Text, nullable=False),  # canonical JSON: the leaf of the log
    Index("entries_of_kind", "kind", "seq", sqlite_where=NOT_DECIDED, postgresql_where=NOT_DECIDED),
    Index("entries_erased", "outcome", sqlite_where=IS_ERASURE, postgresql_where=IS_ERASURE),
)
"""One row for each record, append-only. The columns repeat members of the header, to search by."""

bodies = Table(
    "bodies",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=False),
    Column("key_number", BigInteger, nullable=False),  # of the subject key that seals it
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # AES-256-GCM of `Body.packed`, with seq as additional data
)
"""What each record says, sealed; append-only, but that a body may go which an erasure or retention covers
(`ledger.store.append_only.covered`)."""

tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),  # 256 of 32 bytes
)
"""Full tiles of the tree over all headers (C2SP tlog-tiles); append-only."""

head = Table(
    "head",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("size", BigInteger, nullable=False),  # records
    Column("frontier", LargeBinary, nullable=False),  # of the tree over them
    Column("at", String(32), nullable=False),  # of the last record
    Column("last_key", BigInteger, nullable=False),  # the greatest number of a subject key that a body uses
    Column("signed", BigInteger, nullable=False),  # size of the newest checkpoint
)
"""Where the log ends: what writers lock, and a cache that is worked out again at each start."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", SEQUENCE, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),  # C2SP tlog-checkpoint, signed
)
"""Append-only."""

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", SEQUENCE, primary_key=True, autoincrement=False),  # of the checkpoint
    Column("witness", String(300), primary_key=True),  # name and hash of its key: `auditor.example/w1+8d66cf3f`
    Column("line", Text, nullable=False),  # C2SP tlog-cosignature, as it stands behind the checkpoint's note
)
"""What witnesses said of checkpoints; append-only. A witness says it once of each."""

entry_rules = Table(
    "entry_rules",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which rules are among the reasons of which decisions."""

entry_blinds = Table(
    "entry_blinds",
    metadata,
    Column(
        "blind", LargeBinary, primary_key=True
    ),  # of an account or a case's number, `ledger.record.sealing.Blinding`
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which records are about which account and which case, without naming either."""

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("name", LargeBinary, primary_key=True),  # blind of who asked and what they call the request
    Column("content", LargeBinary, nullable=False),  # blind of what was asked
    Column("at", String(32), nullable=False),  # when it was answered
    Column("seq", BigInteger),  # of the decision that holds the answer; null: it is sealed here
    Column("nonce", LargeBinary),
    Column("sealed", LargeBinary),  # AES-256-GCM of status and body, with the name as additional data
    Index("kept_answers_at", "at"),
    sqlite_with_rowid=False,
)
"""Answers for requests that are sent again. A row is deleted when its days are over."""

webhook_subscriptions = Table(
    "webhook_subscriptions",
    metadata,
    Column("type", String(64), primary_key=True),  # of events, `ledger.record.event_types`
    Column("endpoint", String(32), primary_key=True),
    sqlite_with_rowid=False,
)
"""Who is sent what now. Written anew with each record about an endpoint: what those say together, to join with."""

_WAITS, _IS_DEAD = text("next_at IS NOT NULL"), text("next_at IS NULL")

webhook_outbox = Table(
    "webhook_outbox",
    metadata,
    Column("endpoint", String(32), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # of the record that is the event
    Column("type", String(64), nullable=False),
    Column("at", String(32), nullable=False),  # when it was recorded
    Column("since", String(32), nullable=False),  # from when its days of tries count: `at`, or when it was sent again
    Column("tries", Integer, nullable=False),  # that have failed
    Column("next_at", String(32)),  # when it is tried next; null: a dead letter, which nobody tries any more
    Column("failed_at", String(32)),  # the last try
    Column("failure", Text),  # what became of it, in our words
    Index("webhook_outbox_due", "endpoint", "next_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("webhook_outbox_dead", "failed_at", "seq", "next_at", sqlite_where=_IS_DEAD, postgresql_where=_IS_DEAD),
    sqlite_with_rowid=False,
)
"""Events that an endpoint has not taken yet. A row is deleted when it has, or when a dead letter's days are over. Each
index has only one sort of them: dead letters, of which there may be many, are in nobody's way. `next_at` stands in that
of dead letters for SQLite to count them without looking at the rows."""

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("endpoint", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # AES-256-GCM by the journal's own key, bound to endpoint and id
    sqlite_with_rowid=False,
)
"""What events are signed with. Until when each counts, the endpoint's last record says."""

policy_sets = Table(
    "policy_sets",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("loaded_at", String(32), nullable=False),  # when it was first loaded
    Column("files", Text, nullable=False),  # JSON object: file name → text
    Column("standard_facts", Text),  # the engine's own facts, which the version covers; null in the oldest sets
)
"""Append-only. When which set took effect, records of kind `policy` say."""

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
"""What names a person. May be changed and erased: rights are in records, which have the id alone."""

probe = Table(
    "probe",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("filler", LargeBinary, nullable=False),
)
"""Written over and over to see whether the disk takes a decision. Holds nothing."""

keys_metadata = MetaData()

subject_keys = Table(
    "subject_keys",
    keys_metadata,
    Column("number", SEQUENCE, primary_key=True, autoincrement=False),
    Column("subject_blind", LargeBinary, nullable=False, unique=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)
"""In a database of its own, with backups of its own: deleting a key there erases all bodies that it seals. The number
stays, so that it is never given again."""

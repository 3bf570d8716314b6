"""What stands in each column of each table, so that an erasure reaches all that is about somebody.

A table or a column that isn't listed fails a test. Of somebody who is erased nothing may be left in a column that is
`PERSONAL`; what is `SEALED` by a customer's key goes with the key; a `BLIND` of a customer or a case goes with the rows
that records are found by. The others say nothing about anybody, and stay.
"""

from __future__ import annotations

from enum import StrEnum


class Content(StrEnum):
    """What a column holds."""

    ID = "id"
    """A number or opaque id, given by credence; of people an id that only the table `people` explains."""

    COUNT = "count"
    """How many, or which place."""

    DATE = "date"
    """When something was recorded."""

    WORD = "word"
    """One of few words: a kind, an outcome, a rule's id."""

    FAILURE = "what failed"
    """In our words, with the status, name or address of a receiver of events."""

    HASH = "hash"
    """SHA-256 of what may not be changed. Of a body over salted commitments, so nothing can be tried out on it."""

    BLIND = "blind"
    """A keyed hash of a name: whoever has the keys can try names out on it."""

    SEALED = "sealed"
    """Encrypted, by a customer's key or by the journal's own."""

    WRAPPED = "wrapped key"
    """A subject's key, encrypted by the wrapping key."""

    PERSONAL = "personal"
    """Names somebody. Erased by `credence people erase`."""

    POLICY = "policy text"
    """What a site writes into its policies. It is kept for good, so it must name no customer who is a person."""

    HEADER = "header"
    """The leaf of the log: ids, words, dates and hashes, and the caller's `X-Request-Id`, unless it holds
    the customer's or the case's number."""

    NOTE = "signed note"
    """A checkpoint: size, root, signature."""

    NOTHING = "nothing"
    """Random bytes, or the number of the tables' version."""


JOURNAL: dict[str, dict[str, Content]] = {
    "entries": {
        "seq": Content.COUNT,
        "id": Content.ID,
        "at": Content.DATE,
        "kind": Content.WORD,
        "case_kind": Content.WORD,
        "outcome": Content.WORD,
        "actor": Content.ID,
        "policy": Content.HASH,
        "header": Content.HEADER,
    },
    "bodies": {"seq": Content.COUNT, "key_number": Content.ID, "nonce": Content.NOTHING, "sealed": Content.SEALED},
    "tiles": {"level": Content.COUNT, "number": Content.COUNT, "hashes": Content.HASH},
    "head": {
        "number": Content.COUNT,
        "size": Content.COUNT,
        "frontier": Content.HASH,
        "at": Content.DATE,
        "last_key": Content.ID,
        "signed": Content.COUNT,
    },
    "checkpoints": {"size": Content.COUNT, "note": Content.NOTE},
    "cosignatures": {"size": Content.COUNT, "witness": Content.WORD, "line": Content.NOTE},
    "entry_rules": {"rule": Content.WORD, "seq": Content.COUNT},
    "entry_blinds": {"blind": Content.BLIND, "seq": Content.COUNT},
    "kept_answers": {
        "name": Content.BLIND,
        "content": Content.BLIND,
        "at": Content.DATE,
        "seq": Content.COUNT,
        "nonce": Content.NOTHING,
        "sealed": Content.SEALED,
    },
    "webhook_subscriptions": {"type": Content.WORD, "endpoint": Content.ID},
    "webhook_outbox": {
        "endpoint": Content.ID,
        "seq": Content.COUNT,
        "type": Content.WORD,
        "at": Content.DATE,
        "since": Content.DATE,
        "tries": Content.COUNT,
        "next_at": Content.DATE,
        "failed_at": Content.DATE,
        "failure": Content.FAILURE,
    },
    "webhook_secrets": {
        "endpoint": Content.ID,
        "id": Content.ID,
        "nonce": Content.NOTHING,
        "sealed": Content.SEALED,
    },
    "policy_sets": {
        "version": Content.HASH,
        "loaded_at": Content.DATE,
        "files": Content.POLICY,
        "standard_facts": Content.POLICY,
    },
    "people": {
        "id": Content.ID,
        "login": Content.PERSONAL,
        "name": Content.PERSONAL,
        "oidc_issuer": Content.PERSONAL,
        "oidc_subject": Content.PERSONAL,
    },
    "probe": {"number": Content.COUNT, "filler": Content.NOTHING},
    "alembic_version": {"version_num": Content.NOTHING},
}
"""Of the journal: table → column → what it holds. Blinds of `kept_answers` are of who asked and of what; the answer
itself is the record's, and goes with it."""

KEYS: dict[str, dict[str, Content]] = {
    "subject_keys": {"number": Content.ID, "subject_blind": Content.BLIND, "wrapped_key": Content.WRAPPED},
}
"""Of the subject keys' own database."""

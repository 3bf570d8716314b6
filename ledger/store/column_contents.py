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

    CUSTOMER = "customer's number"
    """Of the credit ledger, as the seller gave it. Its rows go with the customer."""

    CASE = "case's number"
    """Of an order, an item or a security. It goes with the customer's rows."""

    GROUP = "group's number"
    """Of a group of companies; it must name no person."""

    FACTS = "facts"
    """What is known of a customer or an order, as JSON. It goes with the customer's rows."""

    FREE_TEXT = "free text"
    """What somebody wrote down about a customer. It goes with the customer's rows."""

    LOGIN = "login"
    """Of whoever worked on it: it goes with the customer's rows."""

    AMOUNT = "amount"
    """Minor units, or a share in millionths."""

    DIGEST = "digest"
    """SHA-256 of what was asked or booked. It goes with the customer's rows."""

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

LEDGER: dict[str, dict[str, Content]] = {
    "accounts": {
        "id": Content.CUSTOMER,
        "version": Content.COUNT,
        "currency": Content.WORD,
        "name": Content.FACTS,
        "group_id": Content.GROUP,
        "status": Content.WORD,
        "blocked_since": Content.DATE,
        "customer_since": Content.DATE,
        "profile": Content.FACTS,
        "open_items": Content.AMOUNT,
        "delivered": Content.AMOUNT,
        "open_orders": Content.AMOUNT,
        "deposits": Content.AMOUNT,
        "disputed": Content.AMOUNT,
        "first_issued_on": Content.DATE,
        "last_order": Content.CASE,
        "last_order_on": Content.DATE,
        "order_before_on": Content.DATE,
        "bounced_on": Content.DATE,
        "put_by": Content.ID,
        "currency_since": Content.DATE,
        "erasure": Content.COUNT,
    },
    "account_groups": {
        "id": Content.GROUP,
        "version": Content.COUNT,
        "currency": Content.WORD,
        "group_limit": Content.AMOUNT,
        "limit_until": Content.DATE,
        "insolvent": Content.WORD,
        "total": Content.AMOUNT,
        "grades": Content.CUSTOMER,
    },
    "account_figures": {
        "account": Content.CUSTOMER,
        "day": Content.DATE,
        "figures": Content.FACTS,
        "source": Content.FREE_TEXT,
    },
    "account_grades": {
        "account": Content.CUSTOMER,
        "since": Content.DATE,
        "grade": Content.WORD,
        "review_on": Content.DATE,
        "decision": Content.ID,
        "assigned_by": Content.LOGIN,
    },
    "limits": {
        "account": Content.CUSTOMER,
        "number": Content.COUNT,
        "kind": Content.WORD,
        "amount": Content.AMOUNT,
        "from_on": Content.DATE,
        "until_on": Content.DATE,
        "state": Content.WORD,
        "reason": Content.FREE_TEXT,
        "basis": Content.WORD,
        "requested_by": Content.LOGIN,
        "granted_on": Content.DATE,
        "granted_by": Content.LOGIN,
        "granted_by_role": Content.WORD,
        "second_by": Content.LOGIN,
        "second_by_role": Content.WORD,
        "decision": Content.ID,
        "taken_over_on": Content.DATE,
        "said_granted_by": Content.LOGIN,
    },
    "securities": {
        "account": Content.CUSTOMER,
        "id": Content.CASE,
        "kind": Content.WORD,
        "order_id": Content.CASE,
        "amount": Content.AMOUNT,
        "cover": Content.AMOUNT,
        "from_on": Content.DATE,
        "until_on": Content.DATE,
        "stopped_on": Content.DATE,
        "max_days": Content.COUNT,
        "reference": Content.FREE_TEXT,
        "issuer": Content.FREE_TEXT,
        "ended_on": Content.DATE,
    },
    "orders": {
        "id": Content.CASE,
        "account": Content.CUSTOMER,
        "revision": Content.COUNT,
        "state": Content.WORD,
        "asked": Content.FACTS,
        "currency": Content.WORD,
        "amount": Content.AMOUNT,
        "is_prepaid": Content.WORD,
        "reserved": Content.AMOUNT,
        "delivered": Content.AMOUNT,
        "billed": Content.AMOUNT,
        "lapsed": Content.AMOUNT,
        "foreign_currency": Content.WORD,
        "foreign_amount": Content.AMOUNT,
        "root": Content.CASE,
        "entered_by": Content.LOGIN,
        "entered_via": Content.WORD,
        "entered_on": Content.DATE,
        "sales_person": Content.LOGIN,
        "touched_by": Content.LOGIN,
        "stopped_by": Content.LOGIN,
        "approved_on": Content.DATE,
        "approved_amount": Content.AMOUNT,
        "approval_stands": Content.WORD,
        "decision": Content.ID,
        "outcome": Content.WORD,
        "changed_seq": Content.COUNT,
    },
    "order_revisions": {
        "order_id": Content.CASE,
        "account": Content.CUSTOMER,
        "revision": Content.COUNT,
        "digest": Content.DIGEST,
        "decision": Content.ID,
    },
    "order_deliveries": {
        "order_id": Content.CASE,
        "account": Content.CUSTOMER,
        "id": Content.CASE,
        "is_return": Content.WORD,
        "gone": Content.AMOUNT,
        "digest": Content.DIGEST,
        "record": Content.ID,
    },
    "holds": {
        "order_id": Content.CASE,
        "account": Content.CUSTOMER,
        "number": Content.COUNT,
        "kind": Content.WORD,
        "since": Content.DATE,
        "since_seq": Content.COUNT,
        "rules": Content.WORD,
        "lifted_on": Content.DATE,
        "lifted_by": Content.LOGIN,
        "liftable_since": Content.DATE,
        "authority": Content.WORD,
        "two_people": Content.WORD,
    },
    "releases": {
        "order_id": Content.CASE,
        "account": Content.CUSTOMER,
        "number": Content.COUNT,
        "state": Content.WORD,
        "amount": Content.AMOUNT,
        "asked": Content.FACTS,
        "reason": Content.FREE_TEXT,
        "login": Content.LOGIN,
        "role": Content.WORD,
        "day": Content.DATE,
        "second_by": Content.LOGIN,
        "second_by_role": Content.WORD,
        "second_on": Content.DATE,
        "expires_on": Content.DATE,
        "decision": Content.ID,
    },
    "items": {
        "id": Content.CASE,
        "account": Content.CUSTOMER,
        "kind": Content.WORD,
        "issued_on": Content.DATE,
        "due_on": Content.DATE,
        "amount": Content.AMOUNT,
        "open_amount": Content.AMOUNT,
        "disputed_amount": Content.AMOUNT,
        "order_id": Content.CASE,
        "state": Content.WORD,
        "settled_on": Content.DATE,
        "dunning_level": Content.COUNT,
        "last_contact_on": Content.DATE,
        "insured_amount": Content.AMOUNT,
        "discount_rate": Content.AMOUNT,
        "discount_days": Content.COUNT,
        "daily_interest_rate": Content.AMOUNT,
        "interest_of": Content.CASE,
        "paid_before": Content.AMOUNT,
        "written_off": Content.AMOUNT,
        "recovered": Content.AMOUNT,
        "foreign_currency": Content.WORD,
        "foreign_amount": Content.AMOUNT,
        "foreign_open": Content.AMOUNT,
        "record": Content.ID,
        "known_on": Content.DATE,
        "digest": Content.DIGEST,
    },
    "allocations": {
        "from_item": Content.CASE,
        "to_item": Content.CASE,
        "number": Content.COUNT,
        "account": Content.CUSTOMER,
        "amount": Content.AMOUNT,
        "foreign_amount": Content.AMOUNT,
        "effective_on": Content.DATE,
        "reversed_on": Content.DATE,
        "cause": Content.WORD,
        "fx_difference": Content.AMOUNT,
    },
    "write_offs": {
        "id": Content.CASE,
        "account": Content.CUSTOMER,
        "invoice": Content.CASE,
        "amount": Content.AMOUNT,
        "state": Content.WORD,
        "reason": Content.FREE_TEXT,
        "proposed_by": Content.LOGIN,
        "proposed_on": Content.DATE,
        "authority": Content.WORD,
        "decided_by": Content.LOGIN,
        "decided_by_role": Content.WORD,
        "decided_on": Content.DATE,
        "decision": Content.ID,
        "record": Content.ID,
        "digest": Content.DIGEST,
    },
    "due_totals": {
        "account": Content.CUSTOMER,
        "due_on": Content.DATE,
        "open_amount": Content.AMOUNT,
        "disputed": Content.AMOUNT,
        "items": Content.COUNT,
    },
    "level_totals": {
        "account": Content.CUSTOMER,
        "level": Content.COUNT,
        "items": Content.COUNT,
    },
    "day_records": {
        "account": Content.CUSTOMER,
        "day": Content.DATE,
        "issued": Content.AMOUNT,
        "paid": Content.COUNT,
        "on_time": Content.COUNT,
        "seriously_late": Content.COUNT,
        "days_late": Content.COUNT,
    },
    "book_totals": {
        "currency": Content.WORD,
        "open_items": Content.AMOUNT,
        "customers": Content.COUNT,
    },
    "exchange_rates": {
        "currency": Content.WORD,
        "quote": Content.WORD,
        "day": Content.DATE,
        "value": Content.COUNT,
        "scale": Content.COUNT,
        "source": Content.POLICY,
    },
    "ledger_entries": {
        "seq": Content.COUNT,
        "number": Content.COUNT,
        "account": Content.CUSTOMER,
        "bucket": Content.WORD,
        "amount": Content.AMOUNT,
        "effective_on": Content.DATE,
        "order_id": Content.CASE,
        "item": Content.CASE,
        "cause": Content.WORD,
    },
    "rechecks": {
        "account": Content.CUSTOMER,
        "seq": Content.COUNT,
        "cause": Content.WORD,
    },
    "days": {"day": Content.DATE, "step": Content.WORD},
    "imports": {
        "id": Content.ID,
        "kind": Content.WORD,
        "digest": Content.HASH,
        "started_at": Content.DATE,
        "state": Content.WORD,
        "done_rows": Content.COUNT,
        "new": Content.COUNT,
        "same": Content.COUNT,
        "changed": Content.COUNT,
        "rejected": Content.COUNT,
        "settled": Content.COUNT,
        "detail": Content.FREE_TEXT,
    },
    "import_rejects": {
        "run": Content.ID,
        "number": Content.COUNT,
        "place": Content.FREE_TEXT,
        "faults": Content.FREE_TEXT,
    },
}
"""Of the credit ledger, in the journal's database. The rows of a customer who is erased go as they are, with all their
columns; only where nothing of theirs is open. What their group has of them goes too, and what they were part of the
whole book stays as an amount."""

KEYS: dict[str, dict[str, Content]] = {
    "subject_keys": {"number": Content.ID, "subject_blind": Content.BLIND, "wrapped_key": Content.WRAPPED},
}
"""Of the subject keys' own database."""

"""The few words that say what a column holds."""

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

"""What stands in each column of the tables of collections."""

from __future__ import annotations

from ledger.store.content_words import Content

_COLLECTIONS_IN_WORDS = {
    "disputes": (
        "CASE: item; COUNT: number; CUSTOMER: account; WORD: code state; AMOUNT: amount credited to_credit "
        "rejected withdrawn; DATE: opened_on resolved_on; FREE_TEXT: text; LOGIN: login resolved_by"
    ),
    "promises": (
        "CUSTOMER: account; COUNT: number; CASE: items before; AMOUNT: amount paid_by_then; DATE: promised_on "
        "due_on counts_until; WORD: state; FREE_TEXT: person text; LOGIN: login; ID: record"
    ),
    "payment_plans": (
        "CUSTOMER: account; COUNT: number; CASE: items before; AMOUNT: amount paid; WORD: state agreed_by_role; "
        "DATE: asked_on agreed_on; FREE_TEXT: reason; LOGIN: asked_by agreed_by; ID: decision"
    ),
    "instalments": "CUSTOMER: account; COUNT: plan number; DATE: due_on counts_until; AMOUNT: amount paid_by_then",
    "dunning_blocks": (
        "CUSTOMER: account; COUNT: number; CASE: item; DATE: since until ended_on; FREE_TEXT: reason; LOGIN: login"
    ),
    "contacts": (
        "CUSTOMER: account; ID: id; DATE: day; WORD: step outcome counts; CASE: items; COUNT: levels; FREE_TEXT: "
        "person text; DIGEST: document; LOGIN: login"
    ),
    "item_facts": (
        "CASE: item; COUNT: number; CUSTOMER: account; WORD: fact; FACTS: value; DATE: day by_date; FREE_TEXT: "
        "reference; LOGIN: login"
    ),
    "collector_assignments": "CUSTOMER: account; COUNT: number; LOGIN: collector login; DATE: since until",
    "worklist": (
        "CUSTOMER: account; DATE: day by_date since until; WORD: channel step state; CASE: lead items; COUNT: "
        "levels priority; AMOUNT: amount; FACTS: reasons; LOGIN: collector closed_by; FREE_TEXT: note; ID: "
        "record; DIGEST: digest"
    ),
    "day_steps": "DATE: day; WORD: step is_done; CUSTOMER: after; COUNT: accounts changed",
}
"""Content, and the columns that hold it."""


def _in_columns(said: str) -> dict[str, Content]:
    parts = (each.partition(": ") for each in said.split("; "))
    return {column: Content[content] for content, _, columns in parts for column in columns.split()}


COLLECTIONS: dict[str, dict[str, Content]] = {table: _in_columns(said) for table, said in _COLLECTIONS_IN_WORDS.items()}
"""Table → column → what it holds."""

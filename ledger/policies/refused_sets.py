"""A policy set that was saved and can't be used is on record, once, however many processes see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from engine.diagnostics.diagnostic import Diagnostic
from ledger.journal.journal import RULES_FOLDER
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import last_of, record_at
from ledger.record.new_records import ACT_SUBJECT, policy_refusal_record
from ledger.record.record_header import RecordKind

LISTED_MAX = 50
"""Mistakes that the record lists; there may be thousands."""

_KINDS = (RecordKind.POLICY, RecordKind.POLICY_REFUSED)


def record_refused_set(transaction: LogTransaction, files: Mapping[str, bytes], mistakes: Sequence[Diagnostic]) -> None:
    """In the journal's thread and transaction. Nothing where this very set was the last that was refused, and none has
    taken effect since."""
    digest = _digest(files)
    last = last_of(transaction.connection, _KINDS)
    before = None if last is None else record_at(transaction.connection, transaction.keys.key, last)
    if before is not None and before.text(ACT_SUBJECT) == digest:
        return
    listed = "\n".join(str(each) for each in mistakes[:LISTED_MAX])
    transaction.append(policy_refusal_record(digest, listed, RULES_FOLDER))
    transaction.flush()


def _digest(files: Mapping[str, bytes]) -> str:
    """Of names and texts. Not a set's version, which only one that checks has."""
    each = sha256()
    for name in sorted(files):
        each.update(len(name.encode()).to_bytes(8, "big") + name.encode())
        each.update(len(files[name]).to_bytes(8, "big") + files[name])
    return each.hexdigest()

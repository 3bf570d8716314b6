"""What the body of a record says of whom and what it is about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ledger.journal.opened_records import OpenedRecord
from ledger.record.decision_parts import ANSWER, REQUEST
from ledger.record.gone_bodies import ERASURE, RETENTION
from ledger.record.new_records import ACT_BODY, ACT_SUBJECT, ACTIVATION, EPOCH, EXPORT, JOURNAL_KEY, LEDGER_ACT, REFUSAL
from ledger.store.trouble import DAMAGED, FileTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContents:
    """Of any kind of record; None where it has no such thing."""

    account: str | None
    """Number of the customer."""

    subject: str | None
    """Number of the order, invoice, account or request; id of the person or key."""

    request: str | None
    """As it was received."""

    answer: str | None
    """As it was sent."""

    act: str | None
    """What was set, tried or taken over: JSON, of a refusal its reason."""

    decision: dict[str, Any] | None
    """The answer, read."""


def contents_of(record: OpenedRecord) -> RecordContents:
    """Raises `FileTrouble` where the body holds what no record of ours does."""
    try:
        request, answer = (_text(record, name) for name in (REQUEST, ANSWER))
        decision = None if answer is None else json.loads(answer)
        asked = {} if request is None else json.loads(request)
        account = (asked.get("account") or {}).get("id")
        subject = record.text(ACT_SUBJECT) if decision is None else decision.get("subject")
        told = json.loads(record.text(LEDGER_ACT) or "{}")
        account = told.get("account", account)
        subject = told.get("about", subject)
        acts = (
            record.text(path)
            for path in (
                LEDGER_ACT,
                ACT_BODY,
                REFUSAL,
                ACTIVATION,
                EXPORT,
                EPOCH,
                JOURNAL_KEY,
                ERASURE,
                RETENTION,
                "taken-over",
            )
        )
    except (ValueError, AttributeError) as error:
        raise FileTrouble(f"{DAMAGED}: record {record.header.seq} can't be read") from error
    return RecordContents(
        account=account if isinstance(account, str) else None,
        subject=subject,
        request=request,
        answer=answer,
        act=next((act for act in acts if act is not None), None),
        decision=decision,
    )


def _text(record: OpenedRecord, name: str) -> str | None:
    document = record.body.document(name)
    return None if document is None else document.decode()

"""What an endpoint is sent: which event, about which case, and what came of it. Never a fact: whoever needs more reads
the record with a key of their own.

    {"type": "order.held", "timestamp": "2026-07-01T08:00:00.000000Z", "data":
     {"id": "01a20069-…", "seq": 700, "case": "order", "subject": "SO-1001", "outcome": "hold", "policy": "a764…"}}

Events arrive in any order: of two about one subject, that with the greater `seq` is the later one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ledger.journal.opened_records import BodyGone, BodyUnreadable, record_at
from ledger.journal.outbox import Delivery
from ledger.record.canonical_json import NotCanonical
from ledger.record.decision_parts import ANSWER
from ledger.record.record_header import Header, read_header
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import entries


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One event as it is sent: the same at each try, but that once the customer was erased the subject is gone."""

    id: str
    """Of the record; a receiver that has it already ignores it."""

    body: bytes
    """JSON."""


class RecordUnreadable(Exception):
    """The record that an event tells of is missing or damaged: the event can't be sent."""


def event_message(connection: Connection, keys: SubjectKeys, delivery: Delivery) -> EventMessage:
    """Raises `RecordUnreadable`, and `FileTrouble` where the keys can't be had. A record whose body was erased, or is
    damaged, is told of without its subject."""
    header = _header(connection, delivery.seq)
    try:
        record = record_at(connection, keys.key, delivery.seq)
        answer = None if record is None else record.body.document(ANSWER)
        subject = None if answer is None else json.loads(answer).get("subject")
    except (BodyGone, BodyUnreadable):
        subject = None
    return _message(delivery.type, header, subject)


def _header(connection: Connection, seq: int) -> Header:
    text = connection.execute(select(entries.c.header).where(entries.c.seq == seq)).scalar_one_or_none()
    try:
        return read_header(text.encode())  # type: ignore[union-attr]  # None has none, see below
    except (NotCanonical, UnicodeError, AttributeError) as error:
        raise RecordUnreadable(f"record {seq} can't be read") from error


def _message(type: str, header: Header, subject: str | None) -> EventMessage:
    about = {"case": header.case, "subject": subject} if header.case else {}
    data = {"id": header.id, "seq": header.seq, **about, "outcome": header.outcome}
    if header.policy:
        data["policy"] = header.policy
    told = {"type": type, "timestamp": header.at, "data": data}
    return EventMessage(header.id, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())

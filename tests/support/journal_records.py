"""Records as the service makes them: the columns repeat what the answer says."""

from __future__ import annotations

import json
from datetime import datetime

from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.record.decision_parts import whole_parts
from ledger.record.new_records import Record
from ledger.record.record_header import RecordKind
from ledger.store.place import JournalPlace
from ledger.store.secret_files import beside
from ledger.store.trouble import JournalUnavailable
from ledger.verify.journal_check import verify_journal
from ledger.verify.trusted_key import key_beside


def record(id: str, note: str = "", at: datetime | None = None) -> Record:
    told = {"id": id, "case": "order", "subject": "SO-1", "outcome": "hold", "policy_version": "v1", "note": note}
    answer = json.dumps(told, ensure_ascii=False)
    return Record(
        kind=RecordKind.DECISION,
        id=id,
        case_kind="order",
        subject="SO-1",
        account="C-1",
        outcome="hold",
        policy="v1",
        actor="local",
        parts=whole_parts(b"{}", answer.encode()),
        rules=("orders.over-limit",),
        at=None if at is None else moment(at),
    )


def note_of(answer: str | None) -> str:
    assert answer is not None
    return str(json.loads(answer)["note"])


async def fails(journal: Journal, record: Record) -> bool:
    return bool(await trouble(journal, record))


async def trouble(journal: Journal, record: Record) -> str:
    """Why the record could not be written; empty where it was."""
    try:
        await journal.record(record)
    except JournalUnavailable as error:
        return str(error)
    return ""


def faults_of(place: JournalPlace) -> list[str]:
    """What verifying finds in a journal of such records, whose policy set `v1` was never kept."""
    places, journal = beside(place), Journal(place)
    try:
        found = verify_journal(journal, key_beside(places, "test"), places)
    finally:
        journal.close()
    return [each.text for each in found.faults.shown if not each.text.startswith("policy set v1: is missing")]

"""Activations and approvals: has each row its record, and each record its row?

What the service acts on are rows of tables; what was done are records. Somebody who adds an approval by hand, or an
activation, adds a row that no record speaks of, and is found here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select

from ledger.journal.journal import Journal
from ledger.journal.opened_records import UNDECIDED, BodyGone, OpenedRecord
from ledger.record.actors import hand_of
from ledger.record.new_records import PROPOSAL
from ledger.record.record_header import RecordKind
from ledger.store.policy_tables import policy_activations, policy_approvals
from ledger.store.tables import entries, people
from ledger.store.trouble import FileTrouble, JournalUnavailable
from ledger.verify.journal_faults import FaultKind, FaultsFound

_E, _A, _Y = entries.c, policy_activations.c, policy_approvals.c
_RECORDS = (
    select(_E.seq, _E.kind, _E.outcome, _E.policy, _E.actor)
    .where(UNDECIDED, _E.kind.in_([RecordKind.POLICY.value, RecordKind.PROPOSAL.value]))
    .order_by(_E.seq)
)
APPROVED = "approve"


def check_policy_life(journal: Journal, faults: FaultsFound, *, opens_bodies: bool) -> None:
    """`opens_bodies`: whether what an approval's record says is compared as well. Raises `JournalUnavailable`."""
    records = {row.seq: row for row in journal.read(_RECORDS)}
    activations = journal.read(select(policy_activations).order_by(_A.number))
    _check_activations(activations, records, faults)
    of_proposal = {row.proposal: row.number for row in activations if row.proposal is not None}
    logins = {row.id: row.login for row in journal.read(select(people.c.id, people.c.login))}
    rows = journal.read(select(policy_approvals).order_by(_Y.seq))
    for row in rows:
        record = records.get(row.seq)
        opened = _opener(journal, row.seq) if opens_bodies else None
        if record is None or not _is_of(row, record, opened):
            about = of_proposal.get(row.proposal)
            where = f"proposal {row.proposal}" if about is None else f"activation {about}"
            who = logins.get(row.person, row.person)
            faults.add(FaultKind.POLICY_LIFE, f"{where}: approval of {who} has no record")
    with_rows = {row.seq for row in rows}
    for seq, record in records.items():
        if record.kind == RecordKind.PROPOSAL and record.outcome == APPROVED and seq not in with_rows:
            faults.add(FaultKind.POLICY_LIFE, f"record {seq}: an approval that is not there any more")


def _check_activations(activations: Iterable[Any], records: Mapping[int, Any], faults: FaultsFound) -> None:
    expected = [row for row in records.values() if row.kind == RecordKind.POLICY]
    rows = list(activations)
    for number, row in enumerate(rows, 1):
        record = records.get(row.seq)
        said = (record.kind, record.outcome, record.policy) if record else None
        if row.number != number or said != (RecordKind.POLICY.value, row.kind, row.version):
            faults.add(FaultKind.POLICY_LIFE, f"activation {row.number}: has no record")
    there = {row.seq for row in rows}
    for record in expected:
        if record.seq not in there:
            faults.add(FaultKind.POLICY_LIFE, f"record {record.seq}: an activation that is not there any more")


def _is_of(row: Any, record: Any, opened: Callable[[], OpenedRecord | None] | None) -> bool:
    """Whether the record is this approval: of this person, and where its body can be read, of this digest."""
    if (record.kind, record.outcome) != (RecordKind.PROPOSAL.value, APPROVED):
        return False
    person = hand_of(record.actor).person
    if person is not None and person != row.person:
        return False
    kept = None if opened is None else opened()
    if kept is None:
        return True
    try:
        said = json.loads(kept.text(PROPOSAL) or "{}")
    except ValueError:
        return False
    return (said.get("number"), said.get("digest")) == (row.proposal, row.digest)


def _opener(journal: Journal, seq: int) -> Callable[[], OpenedRecord | None]:
    def opened() -> OpenedRecord | None:
        try:
            return journal.record_called(str(seq))
        except (BodyGone, FileTrouble, JournalUnavailable):
            return None  # said of the record itself

    return opened

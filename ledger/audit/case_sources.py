"""What a case file is made of, read from a journal."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger.audit.case_page import CaseSources
from ledger.journal.journal import Journal
from ledger.journal.opened_records import Activation, PolicySet, activations, policy_set, record_called
from ledger.record.policy_versions import gives_version
from ledger.record.record_header import Header
from ledger.store.key_database import SubjectKeys
from ledger.store.trouble import DAMAGED, FileTrouble
from ledger.verify.proving import NotProvedYet, proof_of


def case_sources(journal: Journal, called: str) -> CaseSources | None:
    """Of the record with this id or place; None where there is none. Raises `FileTrouble` where the record, its
    policies or the log is damaged, `BodyGone` where it was erased, and `JournalUnavailable`."""
    return journal.ask(lambda connection, keys: _sources(connection, keys, called))


def _sources(connection: Connection, keys: SubjectKeys, called: str) -> CaseSources | None:
    record = record_called(connection, keys.key, called)
    if record is None:
        return None
    kept = policy_set(connection, record.header.policy)
    if kept is not None:
        _check(kept)
    try:
        proof = proof_of(connection, str(record.header.seq))
    except NotProvedYet:
        proof = None
    return CaseSources(record=record, policies=kept, activation=_activation(connection, record.header), proof=proof)


def _activation(connection: Connection, header: Header) -> Activation | None:
    """The last one of the record's policy set before the record."""
    version_, seq = header.policy, header.seq
    before = [each for each in activations(connection) if each.version == version_ and each.seq < seq]
    return before[-1] if before else None


def _check(kept: PolicySet) -> None:
    if kept.standard_facts is not None and not gives_version(kept.version, kept.files, kept.standard_facts):
        raise FileTrouble(f"{DAMAGED}: the files of policy set {kept.version[:8]} do not give its version")

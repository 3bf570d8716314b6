"""One transaction of the journal: places and times are given, headers made, bodies sealed, the tree grows.

Records collect until `flush`, which writes them with all that belongs to them in a few statements: entries, bodies,
rules and blinds to find them by, events for whoever is sent them, full tiles, and the new head. All of it is committed
together or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from ledger.journal.clock import Clock, moment
from ledger.journal.erased_keys import keys_leaving_since
from ledger.journal.kept_answers import KEPT, AnsweredBefore, KeptAnswers, KeyedRecord, RequestKeyReused
from ledger.journal.log_head import LogHead, read_head, write_head
from ledger.journal.outbox import Happened, add_events
from ledger.journal.policy_timeline import PolicyMoved, PolicyTimeline, add_activation, read_timeline
from ledger.record.body_parts import SALT_BYTES, Part, new_body
from ledger.record.event_types import event_of
from ledger.record.merkle_tree import leaf_hash
from ledger.record.new_records import ACTIVATION_NUMBER, Record
from ledger.record.record_header import Header, RecordKind
from ledger.record.record_ids import RANDOM_BYTES, uuid7_of
from ledger.record.sealing import NONCE_BYTES
from ledger.store.key_database import SubjectKeys
from ledger.store.prepared_sql import insert_rows, together
from ledger.store.tables import bodies, entries, entry_blinds, entry_rules, tiles
from ledger.store.trouble import WrittenEntry

_RANDOM_BYTES = SALT_BYTES + NONCE_BYTES
"""Of each record."""

ACCOUNT, SUBJECT, REQUEST = "account", "subject", "request"
"""What blinds are of."""


class LogTransaction:
    """In the writer's thread. Raises `FileTrouble` where the log isn't as this process left it, nor as another one
    could have."""

    def __init__(
        self, connection: Connection, keys: SubjectKeys, clock: Clock, known: LogHead | None, kept: timedelta = KEPT
    ) -> None:
        self.connection = connection
        self.keys = keys
        self.head = read_head(connection, known)
        if known is None or known.tree.size != self.head.tree.size:
            keys.forget(keys_leaving_since(connection, known.tree.size if known else 0))
        self._clock = clock
        now = clock.now()
        self._now, self._last_at = moment(now), self.head.at
        self._waiting: list[Record] = []
        self.last: WrittenEntry | None = None
        """The last record that it wrote, by which it is known again."""

        self.has_erased = False
        """Something was deleted, of which nothing is to be left."""
        self.kept = KeptAnswers(connection, keys, self._now, moment(now - kept))

    @property
    def at(self) -> str:
        """The time of this transaction's records: never earlier than that of the last record."""
        return max(self._now, self._last_at)

    @property
    def next_seq(self) -> int:
        """The place in the log that the next record will have."""
        return self.head.tree.size + len(self._waiting)

    @property
    def timeline(self) -> PolicyTimeline:
        """Which policy set is in force for what is recorded next."""
        return self.head.timeline

    def read_timeline_again(self) -> None:
        """To be called by whoever has changed what is scheduled."""
        self.head = replace(self.head, timeline=read_timeline(self.connection))

    def moved_from(self, version: str) -> PolicyMoved | None:
        """Why what was decided by this set can't be recorded; None: it is the one in force, or none ever was."""
        now = self.head.timeline
        return None if now.number == 0 or now.version == version else PolicyMoved(now.number)

    def append(self, record: Record) -> int:
        """The record's place in the log. What is decided by policies bears the number of the activation that it was
        decided under."""
        seq = self.next_seq
        self._waiting.append(record)
        return seq

    def append_once(self, keyed: KeyedRecord) -> int | AnsweredBefore | RequestKeyReused:
        """The record's place, with its answer kept for the request; or why nothing is recorded."""
        before = self.kept.before(keyed.request)
        if before is not None:
            return before
        seq = self.append(keyed.record)
        self.kept.keep_decision(keyed.request, seq)
        return seq

    def flush(self) -> None:
        """Writes what was appended and kept, so that it can be read in this transaction."""
        self.kept.flush()
        records, self._waiting = self._waiting, []
        if not records:
            return
        accounts = [None if each.account is None else self.keys.blind(ACCOUNT, each.account) for each in records]
        numbers = self.keys.numbers_of(accounts)
        first = self.head.tree.size
        activates = [(seq, each) for seq, each in enumerate(records, first) if each.kind is RecordKind.POLICY]
        with together(self.connection):
            headers = self._write_records(first, records, numbers)
            self.last = WrittenEntry(first + len(headers) - 1, headers[-1])
            self._write_terms(first, records, accounts)
            tree, full = self.head.tree.appended([leaf_hash(header.encode()) for header in headers])
            insert_rows(self.connection, tiles, full)
            self.head = replace(self.head, tree=tree, at=self._last_at, last_key=max(self.head.last_key, *numbers))
            write_head(self.connection, self.head)
        for seq, record in activates:
            add_activation(self.connection, record, seq, self._last_at)
        if activates:
            self.read_timeline_again()

    def _write_records(self, first: int, records: Sequence[Record], numbers: Sequence[int]) -> list[str]:
        """The headers' texts."""
        entry_rows, body_rows, headers = [], [], []
        happened: list[Happened] = []
        random = secrets.token_bytes(_RANDOM_BYTES * len(records))  # at once: asking gives up the interpreter lock
        for seq, (record, number) in enumerate(zip(records, numbers, strict=True), first):
            at = (seq - first) * _RANDOM_BYTES
            body = new_body(self._parts(record), random[at : at + SALT_BYTES])
            header = self._header(seq, record, body.digest())
            text = header.canonical_text().decode()
            sealed = self.keys.key(number).seal(seq, body.packed(), random[at + SALT_BYTES : at + _RANDOM_BYTES])
            entry_rows.append(
                (seq, header.id, header.at, header.kind, header.case, header.outcome, header.actor, header.policy, text)
            )
            body_rows.append((seq, number, sealed.nonce, sealed.content))
            headers.append(text)
            event = event_of(record.kind, record.case_kind, record.outcome)
            if event is not None:
                happened.append((seq, event, header.at))
        insert_rows(self.connection, entries, entry_rows)
        insert_rows(self.connection, bodies, body_rows)
        add_events(self.connection, happened)
        return headers

    def _parts(self, record: Record) -> tuple[Part, ...]:
        """What the body says; of what was decided by the set in force, under which activation too."""
        now = self.head.timeline
        if record.kind is not RecordKind.DECISION or now.number == 0 or record.policy != now.version:
            return record.body
        return (*record.body, Part(ACTIVATION_NUMBER, str(now.number).encode()))

    def _header(self, seq: int, record: Record, digest: str) -> Header:
        self._last_at = max(record.at or self._now, self._last_at)
        return Header(
            seq=seq,
            id=record.id or uuid7_of(self._clock.id_time(), secrets.token_bytes(RANDOM_BYTES)),
            at=self._last_at,
            kind=record.kind.value,
            body=digest,
            actor=record.header_actor,
            outcome=record.outcome,
            case=record.case_kind,
            policy=record.policy,
            engine=record.engine,
            request_id=record.header_request_id,
        )

    def _write_terms(self, first: int, records: Sequence[Record], accounts: Sequence[bytes | None]) -> None:
        """What records are found by."""
        rule_rows = [(rule, seq) for seq, record in enumerate(records, first) for rule in dict.fromkeys(record.rules)]
        blind_rows = [(blind, seq) for seq, blind in enumerate(accounts, first) if blind is not None]
        blind_rows += [
            (self.keys.blind(SUBJECT, record.subject), seq)
            for seq, record in enumerate(records, first)
            if record.subject is not None
        ]
        blind_rows += [  # of those that the header must not say
            (self.keys.blind(REQUEST, record.request_id), seq)
            for seq, record in enumerate(records, first)
            if record.request_id != record.header_request_id
        ]
        insert_rows(self.connection, entry_rules, rule_rows)
        insert_rows(self.connection, entry_blinds, blind_rows)

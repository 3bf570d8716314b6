"""Answers that are kept for some days, so that a request that is sent again is answered again and done once.

A caller gives a request a key of its own choosing. What is kept under caller and key is written in the transaction of
the record that the request led to: a crash leaves both or neither, and of two processes that do the same request at
once, the second to write finds what the first has written.

    name      blind of caller and key: neither can be read from it
    content   blind of what was asked: the same key with another content is refused
    seq       the record of a decision, or of what the ledger did, which holds the answer already, byte for byte
    sealed    of any other request: status and body, sealed by the journal's own key

An answer that shows a secret is not kept: only whose secret it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from ledger.journal.act_answers import answered_before
from ledger.journal.opened_records import OpenedRecord, record_at
from ledger.record.decision_parts import ANSWER
from ledger.record.new_records import Record
from ledger.record.sealing import DoesNotOpen, Sealed
from ledger.store.key_database import OWN, SubjectKeys
from ledger.store.prepared_sql import insert_rows, rows_with
from ledger.store.tables import kept_answers
from ledger.store.trouble import DAMAGED, FileTrouble

KEPT_DAYS = 30
KEPT = timedelta(days=KEPT_DAYS)

FORGOTTEN_MAX = 500
"""Answers that are forgotten in one transaction, so that nobody waits for it."""

_DECIDED = 201
_COLUMNS = (kept_answers.c.name, kept_answers.c.content, kept_answers.c.at)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that its caller may send again."""

    caller: str
    """Who asks, in a line that is nobody else's."""

    key: str
    """What the caller calls the request; another caller's same word is another key."""

    content: bytes
    """SHA-256 of method, path and body."""


@dataclass(frozen=True, slots=True)
class KeyedRecord:
    """What a request leads to, to be recorded once."""

    record: Record
    request: KeyedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What a request was answered."""

    status: int
    """Of HTTP."""

    body: bytes = b""
    """Byte for byte; empty where it is not kept."""

    decision: tuple[str, int] | None = None
    """Id and place of the decision; None where none was asked for."""

    record: OpenedRecord | None = None
    """What the credit ledger did and was decided there, of which the caller may see less than stands in `body`."""

    secret_of: str | None = None
    """Id of the key whose text the answer showed, and which is kept nowhere."""


class AnsweredBefore(Exception):
    """The request was answered already, perhaps by another process a moment ago. Nothing was done now."""


class RequestKeyReused(Exception):
    """The caller has used the key for another request. Nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "this Idempotency-Key was sent with another method, path or body; a new request needs a new one"
        )


class KeptAnswers:
    """Those of one transaction of the journal, which nobody else's comes between."""

    def __init__(self, connection: Connection, keys: SubjectKeys, at: str, since: str) -> None:
        """`at` is the time of the transaction; what was kept before `since` counts no more. Both ISO 8601, UTC."""
        self._connection = connection
        self._keys = keys
        self._at, self._since = at, since
        self._blinds: dict[KeyedRequest, tuple[bytes, bytes]] = {}  # name and content
        self._known: dict[bytes, bytes | None] = {}  # name → content; None: looked for, and not there
        self._rows: list[tuple[Any, ...]] = []

    def look_for(self, requests: Iterable[KeyedRequest]) -> None:
        """All at once, where many are to be asked for."""
        names = [name for request in requests if (name := self._blinds_of(request)[0]) not in self._known]
        self._known |= dict.fromkeys(names)
        ended = []
        for name, content, at in rows_with(self._connection, _COLUMNS, names):
            if at < self._since:
                ended.append(name)
            else:
                self._known[bytes(name)] = bytes(content)
        if ended:  # the row must make room for a new one
            self._connection.execute(delete(kept_answers).where(kept_answers.c.name.in_(ended)))

    def before(self, request: KeyedRequest) -> AnsweredBefore | RequestKeyReused | None:
        """Why the request must not be done; None where it is new."""
        name, content = self._blinds_of(request)
        if name not in self._known:
            self.look_for([request])
        before = self._known[name]
        if before is None:
            return None
        return AnsweredBefore() if before == content else RequestKeyReused()

    def keep_decision(self, request: KeyedRequest, seq: int) -> None:
        """The record at this place holds the answer."""
        self._keep(request, seq, None, None)

    def keep(self, request: KeyedRequest, answer: KeptAnswer) -> None:
        """Any other answer: written here, and readable with the journal's keys only."""
        told = {"status": answer.status, "body": answer.body.decode(), "secret_of": answer.secret_of}
        name, _ = self._blinds_of(request)
        sealed = self._keys.key(OWN).seal_as(name, json.dumps(told, ensure_ascii=False).encode())
        self._keep(request, None, sealed.nonce, sealed.content)

    def _keep(self, request: KeyedRequest, *answer: int | bytes | None) -> None:
        name, content = self._blinds_of(request)
        self._known[name] = content
        self._rows.append((name, content, self._at, *answer))

    def _blinds_of(self, request: KeyedRequest) -> tuple[bytes, bytes]:
        known = self._blinds.get(request)
        if known is None:
            known = self._blinds[request] = _name(self._keys, request), _content(self._keys, request)
        return known

    def flush(self) -> None:
        """Writes what was kept."""
        rows, self._rows = self._rows, []
        insert_rows(self._connection, kept_answers, rows)

    def forget(self) -> bool:
        """Deletes what counts no more, some of it. Whether there may be more."""
        ended = select(kept_answers.c.name).where(kept_answers.c.at < self._since).limit(FORGOTTEN_MAX)
        gone = self._connection.execute(delete(kept_answers).where(kept_answers.c.name.in_(ended)))
        return gone.rowcount >= FORGOTTEN_MAX

    def forget_about(self, person: str) -> None:
        """Deletes the answers that show this person, who is erased: those that hold the id hold the names too. There
        are few, since decisions' answers are not kept here."""
        query = select(kept_answers).where(kept_answers.c.seq.is_(None))
        about = [row.name for row in self._connection.execute(query) if person in _told(self._keys, row)["body"]]
        for name in about:
            self._connection.execute(delete(kept_answers).where(kept_answers.c.name == name))


def kept_answer(connection: Connection, keys: SubjectKeys, request: KeyedRequest, since: str) -> KeptAnswer | None:
    """What the request was answered; None where it is new. Raises `RequestKeyReused`, and `FileTrouble` where what is
    kept can't be read."""
    name = _name(keys, request)
    query = select(kept_answers).where(kept_answers.c.name == name, kept_answers.c.at >= since)
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.content != _content(keys, request):
        raise RequestKeyReused
    return _sealed(keys, row) if row.seq is None else _decided(connection, keys, row.seq)


def _decided(connection: Connection, keys: SubjectKeys, seq: int) -> KeptAnswer:
    record = record_at(connection, keys.key, seq)
    if record is not None and record.of_ledger:
        status, body = answered_before(record)
        decision = (record.header.id, seq) if record.body.document(ANSWER) is not None else None
        return KeptAnswer(status=status, body=body, decision=decision, record=record)
    answer = None if record is None else record.body.document(ANSWER)
    if record is None or answer is None:
        raise FileTrouble(f"{DAMAGED}: record {seq}, which answers a request, is no decision")
    return KeptAnswer(status=_DECIDED, body=answer, decision=(record.header.id, seq))


def _sealed(keys: SubjectKeys, row: Any) -> KeptAnswer:
    told = _told(keys, row)
    return KeptAnswer(status=told["status"], body=told["body"].encode(), secret_of=told["secret_of"])


def _told(keys: SubjectKeys, row: Any) -> dict[str, Any]:
    """`status`, `body` and `secret_of`. Raises `FileTrouble`."""
    try:
        told = json.loads(keys.key(OWN).open_as(row.name, Sealed(row.nonce, row.sealed)))
        return {"status": told["status"], "body": str(told["body"]), "secret_of": told["secret_of"]}
    except (DoesNotOpen, ValueError, KeyError, TypeError) as error:
        raise FileTrouble(f"{DAMAGED}: an answer that was kept can't be read") from error


def _name(keys: SubjectKeys, request: KeyedRequest) -> bytes:
    return keys.blind("request", f"{request.caller}\0{request.key}")


def _content(keys: SubjectKeys, request: KeyedRequest) -> bytes:
    return keys.blind("content", request.content.hex())


def requests_of(works: Sequence[object]) -> list[KeyedRequest]:
    """Of those works that have one."""
    return [work.request for work in works if isinstance(work, KeyedRecord)]

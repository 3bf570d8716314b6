"""A service with parts left out, so that what each costs is seen by itself. For `bench.parts`, and for nothing else.

    roles     no row of the table is looked up: whoever has a key may all
    record    a decision is a row of request and answer in a plain table, as journals kept them before there were
              records: no header, no parts, nothing sealed
    indexes   nothing by which records are found but their place and id
    proofs    no commitments, leaves, tiles, checkpoints

Keys are left out by the service's own `--insecure-local`. What is left out is named in BENCH_LEFT_OUT; `sitecustomize`
of the folder that `bench.parts` puts first on the path calls `at_start` in every process of the service.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

LEFT_OUT = "BENCH_LEFT_OUT"
PLAIN = "CREATE TABLE IF NOT EXISTS plain (id TEXT PRIMARY KEY, said TEXT, request {0}, answer {0}, actor TEXT)"


def at_start() -> None:
    """Before the service imports anything of its own."""
    for name in filter(None, os.environ.get(LEFT_OUT, "").split(",")):
        _LEFT_OUT[name]()


def _without_roles() -> None:
    from api.http.access_table import Right
    from api.http.admission import Admission
    from api.http.caller import Admitted, note_admitted

    everything = frozenset({Right.FULL})

    async def admit(self: Any, scope: Any, method: str) -> None:  # noqa: ARG001  # as `Admission.admit` has it
        caller = await self._authentication.caller(scope["headers"], scope["client"][0])
        self._limits.count(caller)
        note_admitted(scope, Admitted(caller, everything))

    _put(Admission, admit=admit)


def _without_record() -> None:
    from pydantic_core import to_json

    from api.http import decisions
    from ledger.journal.log_transaction import LogTransaction
    from ledger.record.body_parts import Part
    from ledger.record.decision_parts import FlaggedFacts
    from ledger.record.record_header import RecordKind

    def answer_parts(decision: Any) -> tuple[bytes, list[Part]]:
        answer = to_json(decision.as_json())
        return answer, [Part("answer", answer)]

    append, flush = LogTransaction.append, LogTransaction.flush

    def append_plain(self: Any, record: Any) -> int:
        if record.kind is not RecordKind.DECISION:
            return append(self, record)
        plain = self.__dict__.setdefault("plain", [])
        contents = [part.content for part in record.parts]
        plain.append((record.id, record.outcome, *contents, str(record.actor)))
        return 0

    def flush_plain(self: Any) -> None:
        flush(self)
        if rows := self.__dict__.pop("plain", None):
            raw, is_file = self.connection.connection.driver_connection, self.connection.dialect.name == "sqlite"
            raw.execute(PLAIN.format("BLOB" if is_file else "BYTEA"))
            row = "(?, ?, ?, ?, ?)" if is_file else "(%s, %s, %s, %s, %s)"
            values = [value for each in rows for value in each]
            raw.execute(f"INSERT INTO plain VALUES {', '.join([row] * len(rows))}", values)

    _put(decisions, answer_parts=answer_parts)
    _put(FlaggedFacts, request_parts=lambda _, raw, __: [Part("request", raw)])
    _put(LogTransaction, append=append_plain, flush=flush_plain)


def _without_indexes() -> None:
    from ledger.journal.log_transaction import LogTransaction

    _put(LogTransaction, _write_terms=lambda *_: None)


def _without_proofs() -> None:
    from ledger.journal import log_head, log_transaction
    from ledger.journal.checkpointing import Checkpointing
    from ledger.record.body_parts import Body
    from ledger.record.log_tiles import LogTree

    def appended(self: LogTree, leaves: Any) -> tuple[LogTree, list[Any]]:
        return replace(self, size=self.size + len(leaves)), []

    _put(Body, digest=lambda _: "0" * 64)
    _put(LogTree, appended=appended)
    _put(log_transaction, leaf_hash=lambda _: b"")
    _put(log_head, tree_of=lambda _, size: LogTree(size))
    _put(Checkpointing, is_due=lambda *_, **__: False, due_in=lambda *_: None)


def _put(owner: Any, **instead: Any) -> None:
    for name, each in instead.items():
        setattr(owner, name, each)


_LEFT_OUT: dict[str, Callable[[], None]] = {
    "roles": _without_roles,
    "record": _without_record,
    "indexes": _without_indexes,
    "proofs": _without_proofs,
}

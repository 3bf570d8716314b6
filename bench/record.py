"""What the record costs, part by part: `python -m bench.record`.

Processor time in one process, the least of several rounds, so that other programs on the machine hardly change it. The
order is the vocabulary's own example with every fact and so every flagged fact: the most parts that a request can
have. Beside it the same order in a plain table of request and answer, as journals kept them before there were records,
with and without each part of the record. Files are in memory (/dev/shm) where there is such a place: the disk is
another question, and the same for both.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from api.http.decisions import _record
from api.http.identifiers import uuid7
from bench.http import ROOT, example_body
from engine.pipeline import load
from ledger.journal.clock import Clock
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opening import open_to_write
from ledger.policies.rules_folder import read_folder
from ledger.record.actors import Actor
from ledger.record.body_parts import new_body
from ledger.record.decision_parts import FlaggedFacts, answer_parts
from ledger.record.log_tiles import LogTree
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header
from ledger.record.sealing import BodyKey, new_key_bytes
from ledger.store.file_store import FileStore
from ledger.store.secret_files import beside

ROUNDS = 9
SECONDS = 0.25
BATCHES = (1, 8, 32)
"""Records that share a commit: with 32 connections from about 8 to 32."""

Work = Callable[[], object]


def microseconds(works: dict[str, tuple[Work, int]]) -> dict[str, float]:
    """The least processor time of one of each, over rounds in turn. Each work is given with how many it does."""
    least = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, (work, count) in works.items():
            started, times = time.process_time(), 0
            while (taken := time.process_time() - started) < SECONDS or not times:
                work()
                times += 1
            least[name] = min(least[name], taken / times / count * 1e6)
    return least


def _parts() -> tuple[dict[str, tuple[Work, int]], Any, dict[str, Any], tuple[Any, ...]]:
    body = example_body()
    raw = json.dumps(body, ensure_ascii=False).encode()
    engine = load(read_folder(ROOT / "rules").policies).engine
    assert engine is not None, "the default rules must check; run `credence check`"
    facts = {group: body[group] for group in ("order", "account")}
    day = date.fromisoformat(body["as_of"])
    decision = engine.decide("order", facts, day, uuid7(time.time_ns()), None)
    flagged = FlaggedFacts(engine.vocabulary, "order")
    parts = (*flagged.request_parts(raw, body), *answer_parts(decision)[1])
    whole, key = new_body(parts), BodyKey(new_key_bytes())
    packed = whole.packed()
    header = Header(seq=1, id=decision.id, at="", kind="decision", body=whole.digest(), actor="local")
    tree = LogTree().appended([bytes(32)] * 200)[0]
    works: dict[str, tuple[Work, int]] = {
        "decide": (lambda: engine.decide("order", facts, day, "id", None), 1),
        "answer as text, without parts": (lambda: to_json(decision.as_json()), 1),
        "answer as text, in parts": (lambda: answer_parts(decision), 1),
        "request in parts": (lambda: flagged.request_parts(raw, body), 1),
        "commitments and digest": (lambda: new_body(parts, bytes(16)).digest(), 1),
        "body packed": (whole.packed, 1),
        "body sealed": (lambda: key.seal(1, packed, bytes(12)), 1),
        "header": (header.canonical_text, 1),
        "leaf and frontier": (lambda: tree.appended([leaf_hash(b"x" * 600)] * 32), 32),
    }
    return works, decision, body, parts


def _commits(home: Path, decision: Any, body: dict[str, Any], parts: tuple[Any, ...]) -> dict[str, tuple[Work, int]]:
    clock = Clock()
    opened = open_to_write(FileStore(home / "journal.db"), beside(home / "journal.db"), clock)
    head = opened.head
    plain = sqlite3.connect(home / "plain.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode=WAL")
    columns = "id, at, kind, subject, outcome, policy, request, answer, actor"
    plain.execute(f"CREATE TABLE decisions (number INTEGER PRIMARY KEY, {columns}, UNIQUE (id))")
    raw, answer = json.dumps(body, ensure_ascii=False), to_json(decision.as_json()).decode()

    def record(count: int) -> None:
        nonlocal head
        with opened.connection.begin():
            transaction = LogTransaction(opened.connection, opened.keys, clock, head)
            for _ in range(count):
                named = replace(decision, id=uuid7(clock.id_time()))
                transaction.append(_record(named, body, parts, Actor(), "a request"))
            transaction.flush()
        head = transaction.head

    def rows(count: int) -> None:
        values: list[str] = []
        for _ in range(count):
            named = replace(decision, id=uuid7(clock.id_time()))
            values += [named.id, "at", "order", "s", "hold", "v", raw, answer, "local"]
        row = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
        plain.execute(f"INSERT INTO decisions ({columns}) VALUES {', '.join([row] * count)}", values)

    works: dict[str, tuple[Work, int]] = {}
    for count in BATCHES:
        works[f"commit of {count}, plain table"] = (lambda count=count: rows(count)), count  # type: ignore[misc]
        works[f"commit of {count}, records"] = (lambda count=count: record(count)), count  # type: ignore[misc]
    return works


def table() -> str:
    """Markdown: microseconds of the processor for one order."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as home:
        works, decision, body, parts = _parts()
        taken = microseconds(works | _commits(Path(home), decision, body, parts))
    lines = [f"| {len(parts)} parts a body, least of {ROUNDS} rounds | processor µs |", "|---|---:|"]
    lines += [f"| {name} | {each:.1f} |" for name, each in taken.items()]
    before = taken["decide"] + taken["answer as text, without parts"]
    for count in BATCHES:
        cut = taken["request in parts"] + taken["answer as text, in parts"] - taken["answer as text, without parts"]
        more = cut + taken[f"commit of {count}, records"] - taken[f"commit of {count}, plain table"]
        beside = before + taken[f"commit of {count}, plain table"]
        lines.append(
            f"\nWith {count} to a commit the record costs {more:.0f} µs more than a plain table, beside "
            f"{beside:.0f} µs to decide, write and commit without it."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())

"""How long a long journal takes to be computed again, and the proof of one of its records to be made.

Fills a journal through the writer's own transaction with decisions on the sample's order by the default policies, as
the service records them: some 6 kB each, of 5,000 customers, with a checkpoint for each 1,000. Then `verify_journal`
goes through all of it, as `credence journal verify` does: by the clock, in processor time of all its processes, and for
a record. Then proofs of single records at random places: inclusion, and the whole `.tlog-proof`.

    python -m bench.journal_verify                        200,000 records, two minutes and 2 GB
    python -m bench.journal_verify --records 10000000     ten million, an hour and a half, and 90 GB
    python -m bench.journal_verify --processes 1          in one process
    python -m bench.journal_verify --keep FOLDER          fills FOLDER once, and takes it again the next time
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from api.http.decisions import _record
from api.http.identifiers import uuid7
from bench.http import ROOT
from bench.journal_search import CUSTOMERS, Filling, opened
from engine.pipeline import load
from ledger.journal.checkpointing import Checkpointing
from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.journal.signed_log import proof_maker
from ledger.policies.rules_folder import read_folder
from ledger.record.actors import Actor
from ledger.record.decision_parts import FlaggedFacts, answer_parts
from ledger.record.new_records import Record
from ledger.store.key_database import SubjectKeys
from ledger.store.secret_files import beside
from ledger.store.tables import policy_sets
from ledger.verify.journal_check import verify_journal
from ledger.verify.proving import proof_of
from ledger.verify.trusted_key import key_beside

SIGNED_EACH = 1_000
PROOFS = 200


def records(count: int, engine: Any) -> Iterator[Record]:
    """One decision on the sample's order, recorded for one customer after the other."""
    body = json.loads((ROOT / "api/starter/sample/order.json").read_text("utf-8"))
    raw = json.dumps(body, ensure_ascii=False).encode()
    facts = {group: body[group] for group in ("order", "account")}
    decision = engine.decide("order", facts, date(2026, 7, 15), uuid7(time.time_ns()), None)
    parts = (*FlaggedFacts(engine.vocabulary, "order").request_parts(raw, body), *answer_parts(decision)[1])
    for number in range(count):
        named = replace(decision, id=uuid7(time.time_ns()))
        made = _record(named, body, parts, Actor(key="3f9a20c1b7", service="erp"), f"{number:016x}")
        yield replace(made, account=f"C-{number % CUSTOMERS}")


def fill(file: Path, count: int) -> None:
    """With a checkpoint for each 1,000 records, as a busy service signs one."""
    engine = load(read_folder(ROOT / "rules").policies).engine
    assert engine is not None, "the default rules must check; run `credence check`"
    filling, signing = Filling(file, beside(file)), Checkpointing()
    row = {"version": engine.version, "files": json.dumps(dict(engine.files)), "standard_facts": engine.standard_facts}
    with filling.opened.connection.begin():
        filling.opened.connection.execute(insert(policy_sets), {**row, "loaded_at": moment(datetime.now(UTC))})
    source = records(count, engine)
    for done in range(0, count, SIGNED_EACH):
        filling.append([record for _, record in zip(range(SIGNED_EACH), source, strict=False)])
        signing.sign(filling.opened, filling.head)
        filling.head = replace(filling.head, signed=filling.head.tree.size)
        if done % 50_000 == 0:
            print(f"{done:,} of {count:,}", file=sys.stderr)
    filling.close()


def _processor_seconds() -> float:
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def report(file: Path, processes: int | None) -> Iterator[str]:
    """Markdown."""
    places, journal = beside(file), Journal(file)
    try:
        trusted = key_beside(places, "beside")
        asyncio.run(opened(journal))
        started, before = time.perf_counter(), _processor_seconds()
        found = verify_journal(journal, trusted, places, processes=processes)
        clock, processor = time.perf_counter() - started, _processor_seconds() - before
        assert not found.faults.total, found.faults.shown
        each, used = clock / found.records * 1e6, processor / found.records * 1e6
        yield f"{found.records:,} records verified in {clock:.1f} s, {processor:.1f} s of the processor: a record in"
        yield f"{each:.0f} µs by the clock, {used:.0f} of the processor; ten million in {each / 6:.1f} min."
        yield from _proofs(journal, found.records)
    finally:
        journal.close()


def _proofs(journal: Journal, size: int) -> Iterator[str]:
    random_ = random.Random(7)
    places = [random_.randrange(size) for _ in range(PROOFS)]
    works: dict[str, Callable[[int, Connection, SubjectKeys], object]] = {
        "inclusion": lambda seq, connection, _: proof_maker(connection, size).inclusion(seq),
        "the whole .tlog-proof": lambda seq, connection, _: proof_of(connection, str(seq)),
    }
    for name, work in works.items():
        taken = sorted(_milliseconds(journal, partial(work, seq)) for seq in places)
        yield f"{name}: p50 {statistics.median(taken):.2f} ms, p99 {taken[len(taken) * 99 // 100]:.2f} ms"


def _milliseconds(journal: Journal, question: Callable[[Connection, SubjectKeys], object]) -> float:
    started = time.perf_counter()
    journal.ask(question)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--keep", metavar="FOLDER", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder = arguments.keep or Path(home)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "journal.db").exists():
            fill(folder / "journal.db", arguments.records)
        for line in report(folder / "journal.db", arguments.processes):
            print(line, flush=True)


if __name__ == "__main__":
    main()

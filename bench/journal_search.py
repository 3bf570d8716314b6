"""How long a page of a search takes in a long journal, and what the search costs an append.

Fills a journal with so many decisions through the writer's own transaction, ten a second: 5,000 customers, 40 rules of
which each decision has two, three outcomes, ten programs. Bodies are small; headers, indexes and tiles are what they
are in service. Then pages of 50 by each filter, through the calls that HTTP makes: the median of several. A filter
without an index is timed over the 200,000 records that one call looks at at most.

Appends are timed in commits of 32, in processor time: at the start, at the end, and at the end without what records
are found by. With other programs on the machine the clock's times are longer than they would be.

    python -m bench.journal_search                       1,000,000 records, about five minutes
    python -m bench.journal_search --records 10000000    ten million, three quarters of an hour and 20 GB
    python -m bench.journal_search --postgresql URI      in an empty PostgreSQL database
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from sqlalchemy import Connection

from ledger.journal.clock import Clock, moment
from ledger.journal.journal import Journal
from ledger.journal.log_head import LogHead
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opening import OpenJournal, open_to_write
from ledger.record.actors import Actor
from ledger.record.decision_parts import whole_parts
from ledger.record.new_records import Record
from ledger.record.record_header import RecordKind
from ledger.record.record_ids import uuid7_of
from ledger.search.filter_words import read_filter
from ledger.search.record_filter import RecordFilter, Visible
from ledger.search.record_search import headers_wanted, records_wanted
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace, journal_place
from ledger.store.secret_files import KeyPlaces, beside
from ledger.store.store import store_at

START = datetime(2025, 1, 1, tzinfo=UTC)
CUSTOMERS, RULES = 5_000, 40
BEFORE = 10_000
"""Records at the first measurement."""

FILL, COMMIT = 5_000, 32
PAGES = 15
LIMIT = 50
ACTORS = [Actor(key=f"k{number}", service=f"erp{number}") for number in range(10)]


def records(count: int, first: int = 0) -> Iterator[Record]:
    """Decisions, a tenth of a second apart."""
    random_ = random.Random(first)
    for number in range(first, first + count):
        customer = (
            f"C-{number if number < CUSTOMERS else random_.randrange(CUSTOMERS)}"  # each key is made at the start
        )
        subject = f"SO-{number}"
        rules = tuple(f"orders.rule-{each}" for each in random_.sample(range(RULES), 2))
        at = START + timedelta(milliseconds=100 * number)
        answer = {"subject": subject, "as_of": "2025-01-01", "reasons": [{"rule": rule} for rule in rules]}
        request = {"account": {"id": customer}, "order": {"id": subject, "amount": "1250.00"}}
        yield Record(
            kind=RecordKind.DECISION,
            id=uuid7_of(int(at.timestamp() * 1e9), random_.randbytes(8)),
            case_kind=random_.choice(("order", "order", "order", "invoice")),
            outcome=random_.choice(("approve", "approve", "approve", "hold", "reject")),
            policy="c" * 64,
            engine="0.2.0+5d31c5b7a1f0",
            request_id=random_.randbytes(8).hex(),
            actor=random_.choice(ACTORS),
            parts=whole_parts(json.dumps(request).encode(), json.dumps(answer).encode()),
            account=customer,
            subject=subject,
            rules=rules,
            at=moment(at),
        )


class Taken(NamedTuple):
    """Seconds of the processor, and of the clock."""

    processor: float
    clock: float


def _taken(work: Callable[[], object]) -> Taken:
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return Taken(time.process_time() - processor, time.perf_counter() - clock)


class Filling:
    """The writer's transactions, without its thread."""

    def __init__(self, place: JournalPlace, places: KeyPlaces) -> None:
        self._clock, self.store = Clock(), store_at(place)
        self.opened: OpenJournal = open_to_write(self.store, places, self._clock)
        self.head: LogHead = self.opened.head

    def append(self, some: list[Record]) -> None:
        """One commit."""
        with self.store.turn(self.opened.connection) as turn:
            transaction = LogTransaction(self.opened.connection, self.opened.keys, self._clock, self.head)
            for record in some:
                transaction.append(record)
            transaction.flush()
            turn.finish()
        self.head = transaction.head

    def fill(self, count: int) -> None:
        """In large commits."""
        source = records(count, self.head.tree.size)
        for done in range(0, count, FILL):
            self.append([record for record, _ in zip(source, range(min(FILL, count - done)), strict=False)])
            if done % 100_000 == 0:
                print(f"{done:,} of {count:,}", file=sys.stderr)

    def rate(self, commits: int = 150) -> float:
        """Records a second of processor time in commits of 32, by the median of commits."""
        source = records(commits * COMMIT, self.head.tree.size)
        batches = [[record for record, _ in zip(source, range(COMMIT), strict=False)] for _ in range(commits)]
        return COMMIT / statistics.median(_taken(partial(self.append, some)).processor for some in batches)

    def close(self) -> None:
        """For others to open it."""
        self.opened.connection.close()
        self.store.closed()


def _filters(size: int) -> dict[str, Mapping[str, str]]:
    middle = START + timedelta(milliseconds=50 * size)
    day = {"from": moment(middle), "until": moment(middle + timedelta(hours=1))}
    return {
        "nothing": {},
        "account": {"account": "C-17"},
        "subject": {"subject": f"SO-{size // 3}"},
        "rule": {"rule": "orders.rule-7"},
        "account and outcome": {"account": "C-17", "outcome": "reject"},
        "rule and account": {"rule": "orders.rule-7", "account": "C-18"},
        "kind (none there)": {"kind": "key"},
        "an hour in the middle": day,
        "an hour and outcome": {**day, "outcome": "hold"},
        "outcome (no index; frequent)": {"outcome": "reject"},
        "actor (no index; frequent)": {"actor": "erp3"},
        "request id (no index; 200,000 looked at)": {"request_id": "nowhere"},
        "policy (no index; 200,000 looked at)": {"policy": "d" * 8},
    }


def _page(search: Any, wanted: RecordFilter, connection: Connection, keys: SubjectKeys) -> object:
    return search(connection, keys, wanted, None, LIMIT)


def _pages(journal: Journal, size: int) -> Iterator[str]:
    yield f"| pages of {LIMIT} by | headers: processor ms | clock ms | opened: processor ms | clock ms |"
    yield "|---|---:|---:|---:|---:|"
    filters = [(name, read_filter(words)) for name, words in _filters(size).items()]
    own = Visible(own=Actor(key="another", service="erp3"))
    filters += [("own (no index; frequent)", read_filter({}, own))]
    filters += [("own, by subject", read_filter({"subject": f"SO-{size // 3}"}, own))]
    for name, wanted in filters:
        cells = []
        for search in (headers_wanted, records_wanted):
            page = partial(journal.ask, partial(_page, search, wanted))
            taken = [_taken(page) for _ in range(PAGES)]
            cells += [f"{statistics.median(column) * 1000:.1f}" for column in zip(*taken, strict=True)]
        yield f"| {name} | {' | '.join(cells)} |"


async def opened(journal: Journal) -> None:
    """To be written, as in service: then connections to read are kept."""
    await journal.probe()


def report(place: JournalPlace, places: KeyPlaces, size: int) -> Iterator[str]:
    """Markdown."""
    filling = Filling(place, places)
    filling.fill(BEFORE)
    before = filling.rate()
    filling.fill(size - filling.head.tree.size)
    after = filling.rate()
    with patch.object(LogTransaction, "_write_terms", lambda *_: None):
        without = filling.rate()
    filling.close()
    yield f"\n{filling.head.tree.size:,} records on {place if not isinstance(place, Path) else 'SQLite'}\n"
    journal = Journal(place, places=places)
    asyncio.run(opened(journal))
    try:
        yield from _pages(journal, size)
    finally:
        journal.close()
    yield f"\nAppends in commits of {COMMIT}, records a second of processor time: {before:,.0f} with {BEFORE:,}"
    yield f"records, {after:,.0f} at the end ({after / before - 1:+.0%}); there without what records are found by"
    yield f"{without:,.0f}, so that costs {1e6 / after - 1e6 / without:.0f} µs a record ({after / without - 1:+.0%})."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--postgresql", metavar="URI")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "journal.db"
        place = journal_place(arguments.postgresql) if arguments.postgresql else file
        for line in report(place, beside(file), arguments.records):
            print(line, flush=True)


if __name__ == "__main__":
    main()

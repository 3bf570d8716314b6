"""Processes that enter orders into one ledger at the same time, or die while they do.

python -m tests.support.credit_processes PLACE NAME MODE
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from engine.pipeline import Engine, load
from ledger.books.credit_ledger import Asked, CreditLedger, Done
from ledger.books.writing import Writing
from ledger.credit.change import Asker
from ledger.credit.submit import Submit
from ledger.journal.journal import Journal
from ledger.record.record_header import RecordKind
from ledger.store.place import JournalPlace, journal_place
from ledger.store.trouble import JournalUnavailable
from tests.support.order_desks import FACTS, ORDERS, RELEASE
from tests.support.patience import PATIENCE

ACCOUNTS = 100
"""Of which each gets an order from each process at once."""

EACH = "6000.00"
"""Of which one fits, and two don't."""


def small_engine() -> Engine:
    """The policies of `order_desks`."""
    files = {"facts.yaml": FACTS, "orders.yaml": ORDERS, "release.yaml": RELEASE}
    loaded = load({f"rules/{name}": text.encode() for name, text in files.items()})
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def command(order: str, account: str, amount: str = EACH) -> Submit:
    asked = {"amount": amount, "payment_days": 30}
    return Submit(
        order=order, account=account, asked=asked, copied_from=None, asker=Asker(login="u.becker"), id=str(uuid4())
    )


async def _answered(ledger: CreditLedger, asked: Asked) -> Done:
    """Asked again while another process holds the journal for longer than a writer waits, as callers do after a 503."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(JournalUnavailable):
                return await ledger.ask(asked)


async def enter_all(place: JournalPlace, engine: Engine, commands: list[Submit]) -> list[Done]:
    """At once, by one process."""
    journal = Journal(place)
    ledger = CreditLedger(journal)
    try:
        asked = (
            Asked(command=each, kind=RecordKind.ORDER, engine=engine, raw=b"{}", actor="test") for each in commands
        )
        return list(await asyncio.gather(*(_answered(ledger, each) for each in asked)))
    finally:
        await asyncio.to_thread(journal.close)


def started(place: str, name: str, mode: str, home: Path) -> subprocess.Popen[str]:
    """It works in `home`, where the journal's keys are; it says `ready` and waits for a line."""
    words = [sys.executable, "-m", "tests.support.credit_processes", place, name, mode]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(words, cwd=home, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(place: str, name: str, mode: str) -> None:
    """`race`: an order for each account; `die`: one order, and the end between the decision and the commit."""
    engine = small_engine()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if mode == "die":
        Writing.write = _die  # type: ignore[method-assign, assignment]  # that is the fault
    commands = [command(f"{name}-{each}", f"C-{each}") for each in range(ACCOUNTS if mode == "race" else 1)]
    done = asyncio.run(enter_all(journal_place(place), engine, commands))
    approved = sum(b'"state":"approved"' in each.body for each in done)
    sys.stdout.write(f"{approved}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

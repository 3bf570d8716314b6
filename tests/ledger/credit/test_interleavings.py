"""Commands that two processes ask of one ledger at the same time end as they would one after the other: in the order of
their records, on the pure verbs, each is answered the same and every row ends the same."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ledger.books.credit_ledger import Asked
from ledger.credit.account import Account, Group
from ledger.credit.change import Asker, CommandRefused
from ledger.credit.change_order import ChangeOrder
from ledger.credit.order import Hold, Order
from ledger.credit.recheck import Recheck
from ledger.credit.snapshot import LedgerCommand
from ledger.credit.stop import Cancel, HoldOrder
from ledger.credit.submit import Submit
from ledger.items.item import OpenItem
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment
from ledger.items.totals import DueTotal
from ledger.record.record_header import RecordKind
from tests.support.credit_books import PureBooks, StoredBooks
from tests.support.ledger_machine import first_rows, written
from tests.support.model_policies import model_engine
from tests.support.steps import long_after

KINDS = (Account, Group, Order, Hold, OpenItem, DueTotal)
ACCOUNTS = ("C0", "C1", "C2")
OF_ONE_JOURNAL = ("changed_seq", "since_seq", "record")
Placed = tuple[int, LedgerCommand, str]
"""Place of its record, and as what its order was answered."""


class _Process(StoredBooks):
    """Beside another on the same database."""

    def __init__(self, place: Any, commands: Sequence[LedgerCommand], rows: Any = ()) -> None:
        super().__init__(place, model_engine(), rows)
        self._commands = commands
        self.done: list[Placed] = []

    def run(self) -> None:
        """Three at a time."""
        for at in range(0, len(self._commands), 3):
            self._runner.run(self._together(self._commands[at : at + 3]))

    async def _together(self, commands: Sequence[LedgerCommand]) -> None:
        await asyncio.gather(*(self._one(each) for each in commands))

    async def _one(self, command: LedgerCommand) -> None:
        asked = Asked(command=command, kind=RecordKind.ORDER, engine=self.engine, raw=b"{}", actor="test")
        try:
            done = await self.ledger.ask(asked)
        except CommandRefused:
            return
        if done.is_repeated:  # the other process's record is answered, and counts there
            return
        self.done.append((done.seq, command, _state(json.loads(done.body))))


def _state(shown: Any) -> str:
    return str((shown or {}).get("order", {}).get("state"))


def _commands(seed: int, name: str, number: int) -> list[LedgerCommand]:
    """Of this process's orders, and of the other's."""
    chosen, numbers = random.Random(f"{seed} {name}"), count(1)
    asked: list[LedgerCommand] = []
    for each in range(number):
        own, amount = f"{name.lower()}-{next(numbers)}", written(chosen.choice((500_00, 2_500_00, 4_000_00, 6_000_00)))
        order = f"{chosen.choice('AB')}{chosen.randrange(max(each // 2, 1))}"
        account, asker = chosen.choice(ACCOUNTS), Asker(login="u.becker")
        facts = {"amount": amount, "payment_days": 30}
        what = chosen.randrange(8)
        if what < 3:
            asked.append(
                Submit(order=f"{name}{each}", account=account, asked=facts, copied_from=None, asker=asker, id=own)
            )
        elif what == 3:
            asked.append(ChangeOrder(order=order, revision=2, asked=facts, asker=asker, id=own))
        elif what == 4:
            asked.append(Cancel(order=order, asker=asker))
        elif what == 5:
            asked.append(
                PostInvoice(
                    invoice=f"I{own}", account=account, amount=amount, issued_on="2026-07-01", due_on="2026-07-31",
                    asker=asker, id=own,
                )
            )  # fmt: skip
        elif what == 6:
            asked.append(PostPayment(payment=f"P{own}", account=account, amount=amount, asker=asker, id=own))
        else:
            cfo = Asker(login="u.vogt", authority="cfo")
            held = chosen.random() < 0.4
            asked.append(
                HoldOrder(order=order, asker=cfo, reason="x") if held else Recheck(order=order, asker=cfo, id=own)
            )
    return asked


def _rows(books: Any) -> dict[str, list[dict[str, Any]]]:
    names = {kind: [each for each in kind.__dataclass_fields__ if each not in OF_ONE_JOURNAL] for kind in KINDS}
    return {
        kind.__name__: [{name: getattr(row, name) for name in names[kind]} for row in books.rows(kind)]
        for kind in KINDS
    }


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("seed", long_after(1, range(10)))
def test_two_processes_end_as_one(
    backend: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    rows = first_rows(ACCOUNTS, "G")
    first = _Process(place, _commands(seed, "A", 60), rows)
    processes = [first, _Process(place, _commands(seed, "B", 60))]
    threads = [threading.Thread(target=each.run) for each in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = sorted((placed for each in processes for placed in each.done), key=lambda placed: placed[0])
    pure = PureBooks(model_engine(), rows)
    assert len(done) > 40
    for seq, command, state in done:
        [answer] = pure.ask(command)
        assert (answer.refused, _state(answer.shown)) == (None, state), (seq, command)
    assert _rows(first) == _rows(pure)
    for each in processes:
        each.close()

"""Held orders are looked at again by the service itself: after whatever may let them go, and once each business date.

Who writes what can only help an account (a payment, a higher limit, a cancelled order) writes a row into `rechecks` in
the same transaction, and one for each other account of its group. Here the rows are worked off, by any process: the
accounts' held orders, the oldest hold first, each as a command of its own (`ledger.credit.recheck.Lift`), so that other
commands come in between. A row goes once its orders were looked at; a process that ends before leaves
it to the next one.

    payment of C-1, record 4711   →  rechecks (C-1, 4711, payment)  →  lift SO-2, SO-3  →  row deleted
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

import structlog
from pydantic_core import to_json
from sqlalchemy import Row, and_, delete, func, or_, select, text

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from ledger.books.business_days import begin_step
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.credit.change import CommandRefused, Unchanged
from ledger.credit.order import Hold, Order, OrderState
from ledger.credit.recheck import Lift
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.record.record_header import RecordKind
from ledger.record.record_ids import RANDOM_BYTES, uuid7_of
from ledger.store.ledger_tables import STORED, rechecks
from ledger.store.trouble import JournalUnavailable

ACTOR = "credit ledger"
"""Who lifts holds, as records name it."""

TOGETHER = 32
"""Orders that are looked at before other commands get their turn."""

ACCOUNTS_AT_ONCE = 200
"""Accounts whose orders are put into one sequence, the oldest hold first."""

PAUSE_SECONDS = 1.0
"""Between two looks for what other processes have left, and for a new day."""

RECHECKS_OF_THE_DAY = "rechecks"
"""The step of the day's turn that adds every account with an order that waits."""

_WAITING = (OrderState.HELD.value, OrderState.CONDITIONAL.value)

_ADD_ALL = text(
    "INSERT INTO rechecks (account, seq, cause) SELECT DISTINCT account, CAST(:seq AS BIGINT), 'day' FROM orders "
    "WHERE state IN ('held', 'conditional') ON CONFLICT (account) DO NOTHING"
)

log = structlog.get_logger(__name__)


class Lifting:
    """Of one process. `engine` gives the policies in force; while there are none, nothing goes."""

    def __init__(self, ledger: CreditLedger, journal: Journal, engine: Callable[[], Engine | None]) -> None:
        self._ledger, self._journal, self._engine = ledger, journal, engine
        self._turned_to = 0  # the business date whose turn this process knows to be made
        self.looked_at: Callable[[Sequence[str]], Awaitable[None]] | None = None
        """Told of accounts whose orders were looked at, before their rows go."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. What fails is tried again: no order goes out for it."""
        while not stop.is_set():
            self._ledger.has_rechecks.clear()
            try:
                await self.turn_day()
                await self.drain()
            except JournalUnavailable:
                pass  # said by the journal
            except Exception:
                log.exception("held orders can't be looked at")
            waits = [asyncio.ensure_future(each.wait()) for each in (stop, self._ledger.has_rechecks)]
            await asyncio.wait(waits, timeout=PAUSE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for each in waits:
                each.cancel()

    async def turn_day(self) -> None:
        """Once for each business date, whoever comes first: limits, securities, releases and approvals begin and end
        with days, so every order that waits is looked at."""
        engine = self._engine()
        if engine is None:
            return
        day = await asyncio.to_thread(self._ledger.business_day, engine)
        if day > self._turned_to:
            await self._journal.write(lambda transaction: _turn(transaction, day))
            self._turned_to = day

    async def drain(self) -> int:
        """Looks at the orders of all accounts that wait for it now; how many went or were offered."""
        lifted = 0
        if self._engine() is None:
            return lifted
        while rows := await asyncio.to_thread(self._journal.read, select(rechecks).limit(ACCOUNTS_AT_ONCE)):
            causes = {row.account: {"seq": row.seq, "act": row.cause} for row in rows}
            orders = await asyncio.to_thread(self._journal.read, _waiting_orders(causes))
            for at in range(0, len(orders), TOGETHER):
                asked = [self._lift(order.id, causes[order.account]) for order in orders[at : at + TOGETHER]]
                lifted += sum(await asyncio.gather(*asked))
            if self.looked_at is not None:
                await self.looked_at(sorted(causes))
            await self._journal.write(partial(_delete, rows))
        return lifted

    async def _lift(self, order: str, cause: dict[str, Any]) -> bool:
        engine, clock = self._engine(), self._journal.clock
        if engine is None:
            return False
        decision = uuid7_of(clock.id_time(), secrets.token_bytes(RANDOM_BYTES))
        command = Lift(order=order, cause=cause, id=decision)
        raw = to_json({"order": order, "cause": cause})
        asked = Asked(command=command, kind=RecordKind.ORDER, engine=engine, raw=raw, actor=ACTOR)
        try:
            await self._ledger.ask(asked)
        except (Unchanged, CommandRefused, FactsRefused):
            return False
        return True


def _waiting_orders(accounts: Collection[str]) -> Any:
    """Orders of accounts that wait, the oldest hold first."""
    orders, holds = STORED[Order].table.c, STORED[Hold].table.c
    since = (
        select(func.max(holds.since_seq))
        .where(holds.order_id == orders.id, holds.lifted_on.is_(None))
        .scalar_subquery()
    )
    waiting = and_(orders.account.in_(accounts), orders.state.in_(_WAITING))
    oldest = (func.coalesce(since, 0), orders.changed_seq, orders.id)
    return select(orders.id, orders.account).where(waiting).order_by(*oldest)


def _turn(transaction: LogTransaction, day: int) -> None:
    connection = transaction.connection
    if begin_step(connection, day, RECHECKS_OF_THE_DAY):
        connection.execute(_ADD_ALL, {"seq": transaction.next_seq - 1})


def _delete(rows: Sequence[Row[Any]], transaction: LogTransaction) -> None:
    """Unless more has happened to an account since it was read."""
    same = or_(*(and_(rechecks.c.account == row.account, rechecks.c.seq == row.seq) for row in rows))
    transaction.connection.execute(delete(rechecks).where(same))

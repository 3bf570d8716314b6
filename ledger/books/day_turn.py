"""The turn of a business date: once for each, whoever comes first, from account to account.

    agreements   promises and instalments whose day is over
    rechecks     orders that wait: limits, securities, releases and approvals begin and end with days
    reviews      reviews that are due, accounts that stand otherwise than before
    worklist     what is to be done for each customer today

How far a step is stands in `day_steps`; a process that ends in the middle leaves the rest to whoever goes on. What is
done for an account changes nothing when it is done again, so that two processes at once do no harm. Orders go on
meanwhile: each account is a command of its own, in its turn among others.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic_core import to_json
from sqlalchemy import select, text

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.books.lifting import ACTOR, PAUSE_SECONDS, TOGETHER, Lifting
from ledger.collections.turn_account import JudgeAgreements, ReviewAccount
from ledger.collections.work_entry import ListWork
from ledger.credit.change import CommandRefused, Unchanged
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.record.record_header import RecordKind
from ledger.record.record_ids import RANDOM_BYTES, uuid7_of
from ledger.store.ledger_tables import day_steps
from ledger.store.trouble import JournalUnavailable

CHUNK = 256
"""Accounts between two notes of how far a step is."""

RECHECKS = "rechecks"

_OWED = "state = 'open' AND kind IN ('invoice', 'debit')"
_REVIEWED = """
SELECT id AS account FROM accounts WHERE open_items <> 0 OR open_orders <> 0 OR delivered <> 0 OR standing IS NOT NULL
UNION SELECT account FROM account_grades WHERE review_on <= :day
"""
_CONCERNED = {
    "agreements": (
        "SELECT account FROM promises WHERE state = 'running' AND counts_until < :day "
        "UNION SELECT account FROM payment_plans WHERE state = 'running'"
    ),
    "reviews": _REVIEWED,
    "worklist": f"SELECT account FROM items WHERE {_OWED} UNION SELECT account FROM worklist WHERE state = 'due'",
}
"""Accounts that a step looks at, by its name; the others can't have anything for it."""

_COMMANDS: dict[str, type[JudgeAgreements | ReviewAccount | ListWork]] = {
    "agreements": JudgeAgreements,
    "reviews": ReviewAccount,
    "worklist": ListWork,
}

STEPS = ("agreements", RECHECKS, "reviews", "worklist")

_NOTE = text(
    "INSERT INTO day_steps (day, step, after, accounts, changed, is_done) "
    "VALUES (:day, :step, :after, :accounts, :changed, :is_done) "
    "ON CONFLICT (day, step) DO UPDATE SET after = excluded.after, accounts = excluded.accounts, "
    "changed = excluded.changed, is_done = excluded.is_done"
)
_LISTED_TODAY = """
SELECT account FROM worklist WHERE day = :day AND state = 'due'
UNION SELECT account FROM due_totals WHERE items > 0 AND due_on <= :day
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStep:
    """How far a step of a day's turn is."""

    day: int
    step: str
    after: str = ""
    """The account that was done last."""

    accounts: int = 0
    changed: int = 0
    """Of how many accounts anything was written."""

    is_done: bool = False


ShowTurn = Callable[[TurnStep], object]


class DayTurn:
    """Of one process. `engine` gives the policies in force; while there are none, no day turns."""

    def __init__(
        self, ledger: CreditLedger, journal: Journal, engine: Callable[[], Engine | None], lifting: Lifting
    ) -> None:
        self._ledger, self._journal, self._engine, self._lifting = ledger, journal, engine, lifting
        self.turned_to = 0
        """The business date whose turn this process knows to be made."""

        self._lock = asyncio.Lock()
        lifting.looked_at = self.list_again

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: each business date in its first minute. What fails is tried again."""
        while not stop.is_set():
            try:
                engine = self._engine()
                if engine is not None and await self._day(engine) > self.turned_to:
                    await self.turn()
            except JournalUnavailable:
                pass  # said by the journal
            except Exception:
                log.exception("the day can't be turned")
            try:
                await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
            except TimeoutError:
                continue

    async def turn(self, show: ShowTurn = lambda _: None) -> list[TurnStep]:
        """The turn of the business date, as far as it isn't made yet; how each step ended. Where there are no policies
        nothing is done. Raises `JournalUnavailable`."""
        engine = self._engine()
        if engine is None:
            return []
        async with self._lock:
            day = await self._day(engine)
            done = [await self._step(engine, day, step, show) for step in STEPS]
            self.turned_to = max(self.turned_to, day)
        await self._lifting.drain()  # what has come in since is listed too, once this is answered
        return done

    def made(self, engine: Engine) -> list[TurnStep]:
        """How far each step of the business date's turn is. Blocks. Raises `JournalUnavailable`."""
        day = self._ledger.business_day(engine)
        return [self._known(day, step) for step in STEPS]

    async def _day(self, engine: Engine) -> int:
        return await asyncio.to_thread(self._ledger.business_day, engine)

    async def _step(self, engine: Engine, day: int, step: str, show: ShowTurn) -> TurnStep:
        now = await asyncio.to_thread(self._known, day, step)
        show(now)
        if step == RECHECKS and not now.is_done:
            await self._lifting.turn_day()
            changed = await self._lifting.drain()
            now = TurnStep(day=day, step=step, changed=changed, is_done=True)
            await self._note(now)
        while not now.is_done:
            accounts = await asyncio.to_thread(self._behind, now)
            changed = 0
            for at in range(0, len(accounts), TOGETHER):
                changed += await self._ask_all(engine, _COMMANDS[step], accounts[at : at + TOGETHER])
            now = TurnStep(
                day=day,
                step=step,
                after=accounts[-1] if accounts else now.after,
                accounts=now.accounts + len(accounts),
                changed=now.changed + changed,
                is_done=len(accounts) < CHUNK,
            )
            await self._note(now)
            show(now)
        return now

    def _known(self, day: int, step: str) -> TurnStep:
        where = (day_steps.c.day == day) & (day_steps.c.step == step)
        for row in self._journal.read(select(day_steps).where(where)):
            return TurnStep(
                day=day, step=step, after=row.after, accounts=row.accounts, changed=row.changed, is_done=row.is_done
            )
        return TurnStep(day=day, step=step)

    def _behind(self, now: TurnStep) -> list[str]:
        """The next accounts that a step looks at."""
        concerned = (
            f"SELECT account FROM ({_CONCERNED[now.step]}) AS concerned WHERE account > :after "
            "ORDER BY account LIMIT :most"
        )
        if now.step in ("agreements", "reviews"):
            values = {"day": now.day, "after": now.after, "most": CHUNK}
        else:
            values = {"after": now.after, "most": CHUNK}
        return self._accounts(concerned, values)

    def _accounts(self, question: str, values: dict[str, Any]) -> list[str]:
        return self._journal.ask(
            lambda connection, _: [str(row[0]) for row in connection.execute(text(question), values)]
        )

    async def _note(self, now: TurnStep) -> None:
        values = {
            "day": now.day, "step": now.step, "after": now.after, "accounts": now.accounts, "changed": now.changed,
            "is_done": now.is_done,
        }  # fmt: skip

        def write(transaction: LogTransaction) -> None:
            transaction.connection.execute(_NOTE, values)

        await self._journal.write(write)

    async def _ask_all(
        self, engine: Engine, command: type[JudgeAgreements | ReviewAccount | ListWork], accounts: Sequence[str]
    ) -> int:
        """Of how many anything was written. Raises what is no refusal, so that the step stays where it is."""
        done = await asyncio.gather(*(self._ask(engine, command, each) for each in accounts))
        return sum(done)

    async def _ask(
        self, engine: Engine, command: type[JudgeAgreements | ReviewAccount | ListWork], account: str
    ) -> bool:
        decision = uuid7_of(self._journal.clock.id_time(), secrets.token_bytes(RANDOM_BYTES))
        asked = Asked(
            command=command(account=account, id=decision),
            kind=RecordKind.ITEM,
            engine=engine,
            raw=to_json({"account": account, "cause": "day"}),
            actor=ACTOR,
        )
        try:
            await self._ledger.ask(asked)
        except (Unchanged, CommandRefused, FactsRefused):
            return False
        return True

    async def list_again(self, accounts: Sequence[str]) -> None:
        """What was booked may leave nothing to do, or something new: the worklist of these accounts once more, where
        today's has been made."""
        engine = self._engine()
        if engine is None:
            return
        day = await self._day(engine)
        if not (await asyncio.to_thread(self._known, day, "worklist")).is_done:
            return
        wanted = frozenset(accounts)
        concerned = f"SELECT account FROM ({_LISTED_TODAY}) AS concerned"
        found = await asyncio.to_thread(self._among, concerned, day, wanted)
        for at in range(0, len(found), TOGETHER):
            await self._ask_all(engine, ListWork, found[at : at + TOGETHER])

    def _among(self, concerned: str, day: int, accounts: frozenset[str]) -> list[str]:
        if not accounts:
            return []
        names = {f"a{at}": each for at, each in enumerate(sorted(accounts))}
        question = f"{concerned} WHERE account IN ({', '.join(f':{each}' for each in names)})"
        return self._accounts(question, {"day": day, **names})

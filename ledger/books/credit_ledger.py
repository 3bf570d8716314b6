"""The credit ledger of a service: what is asked of it is done in the journal's transaction, all that waits at once.

    1. read     a snapshot of all accounts that the commands concern
    2. decide   one command after the other, each on what those before it have made of the snapshot
    3. write    rows, entries and records, in the transaction whose lock nobody else has

So two orders never use the same headroom, in one process or several, and an answer is given only once order and record
are on disk together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import groupby
from operator import or_
from typing import Any

import structlog
from pydantic_core import to_json
from sqlalchemy import Connection

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import Vocabulary
from ledger.books.bulk_import import bulk_import, is_for_bulk
from ledger.books.business_days import COMMANDS_OF_THE_DAY, begin_step, last_business_day
from ledger.books.command_answers import act_of
from ledger.books.reading import read_snapshot
from ledger.books.verbs import VERBS
from ledger.books.writing import Writing
from ledger.credit.bounds import require_findable, require_storable
from ledger.credit.change import Again, CommandRefused, Desk, LedgerChange, Unchanged
from ledger.credit.readable import require_readable
from ledger.credit.snapshot import LedgerCommand, Snapshot, Wants
from ledger.items.import_chunk import ImportChunk
from ledger.journal.act_answers import Mask, answer_of, answered_before, shown_then
from ledger.journal.journal import Journal
from ledger.journal.kept_answers import KeyedRequest
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.policy_timeline import PolicyMoved
from ledger.record.actors import Actor
from ledger.record.body_parts import Part
from ledger.record.decision_parts import FlaggedFacts, answer_parts
from ledger.record.new_records import COMMAND, LEDGER_ACT, REFUSAL, Record
from ledger.record.record_header import RecordKind
from ledger.store.trouble import JournalUnavailable

log = structlog.get_logger(__name__)

DECIDED_TIMES_MAX = 3
"""Of one command, where each time other policies have come into force before it was recorded."""

Follow = Callable[[], Awaitable[Engine]]
"""Gives the engine of the policies in force by the journal."""

_OPEN_ITEMS = "account.open_items"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A command with all that its record needs."""

    command: LedgerCommand
    kind: RecordKind
    """Of its record, where it leads to no decision."""

    engine: Engine
    """The policies in force when it was asked."""

    raw: bytes
    """What was asked, as it was received: strict JSON in UTF-8."""

    actor: Actor | str
    request_id: str = ""
    request: KeyedRequest | None = None
    """What the caller calls this request, where it may be sent again."""

    mask: Mask | None = None
    """Makes of a decision's text what the caller may see of it; None: they may see all."""

    def shown(self, decision: bytes | None) -> bytes | None:
        """The decision as the caller is answered it."""
        return decision if decision is None or self.mask is None else self.mask(decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that is on disk."""

    status: int
    body: bytes
    seq: int
    decision: str | None
    """Id of the decision that it led to."""

    is_repeated: bool = False
    """It was done before, and is answered as then."""

    rechecks: bool = False
    """Held orders may go out now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStopped:
    """A command that came to nothing, which is on disk."""

    refused: CommandRefused
    rechecks: bool


class CreditLedger:
    """Of one process; any number of processes keep one ledger."""

    def __init__(self, journal: Journal, follow: Follow | None = None) -> None:
        """`follow`: brings this process up to the policies that are in force by the journal, and gives their engine;
        None: what was decided by others is not asked again."""
        self._journal, self._follow = journal, follow
        self._flagged: dict[str, tuple[Vocabulary, FlaggedFacts]] = {}
        self._itemized: tuple[Engine, bool] | None = None
        self.has_rechecks = asyncio.Event()
        """Set when held orders may go out now; whoever looks at them clears it."""

        self._day = 0  # the last business date that is known: a clock that is set back takes none of it back
        self._has_read_days = False

    async def ask(self, asked: Asked) -> Done:
        """Once it is on disk; what was done before is answered as then, as long as it stands.
        Raises `CommandRefused`, `FactsRefused`,
        `Unchanged`, `AnsweredBefore`, `RequestKeyReused` and `JournalUnavailable`."""
        if not isinstance(asked.command, ImportChunk):  # its rows were looked at as they were read
            require_readable(asked.command)
            require_findable(asked.command.wants)
        try:
            done = await self._written(asked)
        except Again as again:
            return await asyncio.to_thread(self._answered_before, again, asked)
        if done.rechecks:
            self.has_rechecks.set()
        if isinstance(done, CommandStopped):
            raise done.refused
        return done

    async def _written(self, asked: Asked) -> Done | CommandStopped:
        """Decided by the policies that are in force when it is recorded: where others came between, once more."""
        for left in reversed(range(DECIDED_TIMES_MAX)):
            try:
                done: Done | CommandStopped = await self._journal.write_together(self, asked)
                return done
            except PolicyMoved:
                if self._follow is None or not left:
                    raise
                asked = replace(asked, engine=await self._follow())
        raise AssertionError

    def _answered_before(self, again: Again, asked: Asked) -> Done:
        """Blocks. Raises `CommandRefused` where what was answered is no longer true."""
        record = self._journal.record_called(again.decision)
        if record is None:
            raise JournalUnavailable("what this was answered can't be found now")
        again.require_unmoved(shown_then(record))
        status, body = answered_before(record, asked.mask)
        return Done(status=status, body=body, seq=record.header.seq, decision=record.header.id, is_repeated=True)

    def do(self, transaction: LogTransaction, asked: Sequence[Asked]) -> list[Any]:
        """In the journal's thread and transaction: of each what was done, or why it wasn't."""
        moved = [transaction.moved_from(each.engine.version) for each in asked]
        if any(moved):
            stand = [each for each, gone in zip(asked, moved, strict=True) if gone is None]
            done = iter(self.do(transaction, stand) if stand else ())
            return [next(done) if gone is None else gone for gone in moved]
        self._begin_day(transaction.connection, asked[0].engine)
        given: list[Any] = []
        for is_bulk, some in groupby(asked, key=lambda each: is_for_bulk(each.command)):
            if is_bulk:
                given += [self._imported(transaction, each) for each in some]
            else:
                given += self._done_together(transaction, list(some))
        return given

    def _done_together(self, transaction: LogTransaction, asked: Sequence[Asked]) -> list[Any]:
        """One after the other, on one snapshot."""
        wants: Wants = reduce(or_, (each.command.wants for each in asked))
        engine, connection, writing = asked[0].engine, transaction.connection, Writing()
        days = {each: self.business_day(each) for each in {each.engine for each in asked}}
        snapshot = read_snapshot(connection, wants, days[engine], engine.vocabulary, itemized=self.reads_items(engine))

        given = [
            self._done(
                transaction,
                each,
                partial(self._made, transaction, snapshot, days[each.engine], each),
                writing,
                snapshot,
            )
            for each in asked
        ]
        transaction.flush()
        writing.write(connection)
        return given

    def _made(self, transaction: LogTransaction, snapshot: Snapshot, day: int, asked: Asked) -> LedgerChange:
        desk = Desk(engine=asked.engine, day=day, next_seq=transaction.next_seq)
        change = VERBS[type(asked.command)](snapshot, asked.command, desk)
        require_storable(change)
        return change

    def _imported(self, transaction: LogTransaction, asked: Asked) -> Any:
        """Rows of a file that need no snapshot; as any other command where they do."""
        writing = Writing()
        bulk = bulk_import(transaction.connection, asked.command, self._desk(asked.engine, transaction))
        if bulk is None:
            return self._done_together(transaction, [asked])[0]
        change = bulk.change
        done = self._done(transaction, asked, lambda: change, writing)
        if isinstance(done, Done):
            bulk.write(writing, done.seq)
            transaction.flush()
            writing.write(transaction.connection)
        return done

    def _done(
        self,
        transaction: LogTransaction,
        asked: Asked,
        make: Callable[[], LedgerChange],
        writing: Writing,
        snapshot: Snapshot | None = None,
    ) -> Done | CommandStopped | Exception:
        """What is wrong with one command keeps no other from being done. `snapshot`: takes what it changes."""
        if asked.request is not None and (before := transaction.kept.before(asked.request)) is not None:
            return before
        try:
            change = make()
            act = act_of(change)
            record, decision = self._record(asked, change, act)
            body = answer_of(act, asked.shown(decision))
        except (CommandRefused, Again, FactsRefused, Unchanged) as refused:
            return refused
        except Exception as error:
            log.exception("a command failed", command=type(asked.command).__name__)
            return error
        if snapshot is not None:
            for row in change.rows:
                snapshot.put(row)
        seq = transaction.append(record)
        writing.add(change, seq)
        if change.refused is not None:
            return CommandStopped(refused=change.refused, rechecks=_may_let_go(change))
        if asked.request is not None:
            transaction.kept.keep_decision(asked.request, seq)
        return Done(
            status=change.status,
            body=body,
            seq=seq,
            decision=change.judged.decision.id if change.judged else None,
            rechecks=_may_let_go(change),
        )

    def business_day(self, engine: Engine) -> int:
        """What day it is at the site, as days since 1970-01-01; never earlier than any process of this ledger was on.
        Blocks where nothing was asked of it yet. Raises `JournalUnavailable`."""
        if not self._has_read_days:
            self._know(self._journal.ask(lambda connection, _: last_business_day(connection)))
        self._day = max(self._day, day_number(engine.day_at(self._journal.clock.now())))
        return self._day

    def _know(self, day: int) -> None:
        self._day, self._has_read_days = max(self._day, day), True

    def _begin_day(self, connection: Connection, engine: Engine) -> None:
        """The business date of this transaction is on record from now on: what was done by another process, or before
        this one began, was done on no later day."""
        before = last_business_day(connection)
        self._know(before)
        day = self.business_day(engine)
        if day > before:
            begin_step(connection, day, COMMANDS_OF_THE_DAY)

    def _desk(self, engine: Engine, transaction: LogTransaction) -> Desk:
        return Desk(engine=engine, day=self.business_day(engine), next_seq=transaction.next_seq)

    def _record(self, asked: Asked, change: LedgerChange, act: Mapping[str, Any]) -> tuple[Record, bytes | None]:
        """The record, and the decision's text where there is one."""
        told: tuple[Part, ...] = (Part(COMMAND, asked.raw), Part(LEDGER_ACT, to_json(act)))
        if change.is_refusal and change.refused is not None:
            told = (*told, Part(REFUSAL, change.refused.detail.encode()))
        if change.judged is None:
            return Record(
                kind=RecordKind.REFUSAL if change.is_refusal else asked.kind,
                id=change.id,
                outcome=change.act,
                actor=asked.actor,
                request_id=asked.request_id,
                parts=told,
                account=change.account,
                subject=change.about,
            ), None
        decision = change.judged.decision
        answer, answered = answer_parts(decision)
        raw = to_json(change.judged.facts)
        requested = self._flagged_facts(asked.engine.vocabulary, decision.case).request_parts(raw, change.judged.facts)
        return Record(
            kind=RecordKind.REFUSAL if change.is_refusal else RecordKind.DECISION,
            id=decision.id,
            case_kind="" if change.is_refusal else decision.case,
            outcome=change.act if change.is_refusal else decision.outcome,
            policy=decision.policy_version,
            engine=decision.engine_version,
            actor=asked.actor,
            request_id=asked.request_id,
            parts=(*requested, *answered, *told),
            account=change.account,
            subject=decision.subject,
            rules=tuple(reason.rule for reason in decision.reasons),
        ), answer

    def reads_items(self, engine: Engine) -> bool:
        """Whether a text of the policies names the list of open items."""
        if self._itemized is None or self._itemized[0] is not engine:
            self._itemized = engine, any(_OPEN_ITEMS in content for content in engine.files.values())
        return self._itemized[1]

    def _flagged_facts(self, vocabulary: Vocabulary, case: str) -> FlaggedFacts:
        known = self._flagged.get(case)
        if known is None or known[0] is not vocabulary:
            known = self._flagged[case] = vocabulary, FlaggedFacts(vocabulary, case)
        return known[1]


def _may_let_go(change: LedgerChange) -> bool:
    return bool(change.rechecks or change.recheck_groups or change.recheck_currencies)

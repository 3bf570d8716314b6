"""Sets that are approved or scheduled, compiled before they take effect, so that no request waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection, select

from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine, Loaded
from engine.reading import document
from engine.reading.document import Mapping as Entries
from engine.reading.list_file import name_in_set
from engine.reading.policy_list import SITE_FACTS
from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.journal.opened_records import policy_set
from ledger.journal.policy_timeline import APPROVED, SCHEDULED, PolicyTimeline, activation_rows, read_timeline
from ledger.store.policy_tables import policy_approvals, policy_proposals

KEPT_MAX = 4
"""Compiled sets that wait for their instant; each is some megabytes."""

TOLERATED = timedelta(days=90)
"""For so long callers may send facts that are gone."""

CONFIRMED_WITHIN = timedelta(hours=24)
"""That a second person has to approve a rollback."""

log = structlog.get_logger(__name__)

_P = policy_proposals.c
_COMING = (
    select(_P.version)
    .where(_P.state.in_([APPROVED, SCHEDULED]), _P.version.is_not(None))
    .order_by(_P.effective_at, _P.number)
)


@dataclass(frozen=True, slots=True)
class UnconfirmedRollback:
    """What a second person has to look at."""

    proposal: int
    activation: int
    since: datetime

    @property
    def due(self) -> datetime:
        """Until when."""
        return self.since + CONFIRMED_WITHIN


def unconfirmed(connection: Connection) -> UnconfirmedRollback | None:
    """Of the set in force; None: it is no rollback, or it was approved."""
    timeline = read_timeline(connection)
    if timeline.kind != "rollback" or timeline.proposal is None:
        return None
    approved = select(policy_approvals.c.person).where(policy_approvals.c.proposal == timeline.proposal)
    if connection.execute(approved.limit(1)).first() is not None:
        return None
    return UnconfirmedRollback(timeline.proposal, timeline.number, datetime.fromisoformat(timeline.from_at))


def _facts_since(connection: Connection, since: str) -> frozenset[str]:
    """Declared by any set that was in force at this time or later."""
    rows = activation_rows(connection)
    ends = [row.from_at for row in rows[1:]]
    versions = {row.version for row, end in zip(rows, ends, strict=False) if end > since}
    kept = (policy_set(connection, version) for version in sorted(versions))
    return frozenset().union(*(_declared(each.files) for each in kept if each is not None))


def _declared(files: Mapping[str, str]) -> Iterator[str]:
    """Names of a set's own facts; the engine's never go."""
    for name, text in files.items():
        read = document.read(text.encode(), name)[0] if name_in_set(name) == SITE_FACTS else None
        facts = None if read is None else read.root.get("facts")
        yield from (key.text for key, _ in facts.entries) if isinstance(facts, Entries) else ()


class StoredSetCompiler(Protocol):
    """Who compiles sets as the journal keeps them."""

    async def compiled_stored(self, files: Mapping[str, bytes]) -> Loaded:
        """Ready to decide."""


class ComingSets:
    """Of one process."""

    def __init__(self, journal: Journal, compiler: StoredSetCompiler) -> None:
        self._journal, self._compiler = journal, compiler
        self._ready: dict[str, Engine | None] = {}
        self._unusable: set[str] = set()  # versions that this engine can't make, so that they are compiled once
        self.unconfirmed: UnconfirmedRollback | None = None
        """A rollback that is in force and that no second person has approved yet."""

        self.mistakes: Sequence[Diagnostic] = ()
        """Of the set that was asked for last and doesn't check under this engine."""

    async def timeline(self) -> PolicyTimeline:
        """What is in force by the journal; what is due takes effect by the asking. Raises `JournalUnavailable`."""
        now = await asyncio.to_thread(self._journal.ask, lambda connection, _: read_timeline(connection))
        if now.next_at is not None and now.next_at <= moment(self._journal.clock.now()):
            await self._journal.write(lambda _: None)  # the writer sees to what is due
            now = await asyncio.to_thread(self._journal.ask, lambda connection, _: read_timeline(connection))
        return now

    async def prepare(self) -> None:
        """Compiles what is coming and drops what isn't any more. Raises `JournalUnavailable`."""
        self.unconfirmed = await asyncio.to_thread(self._journal.ask, lambda connection, _: unconfirmed(connection))
        rows = await asyncio.to_thread(self._journal.read, _COMING.limit(KEPT_MAX))
        coming = [row.version for row in rows]
        for version in [each for each in self._ready if each not in coming]:
            gone = self._ready.pop(version)
            if gone is not None:
                gone.close()
        for version in coming:
            if version not in self._ready:
                self._ready[version] = await self._compiled(version)
                log.info("policy set made ready", version=version, checks=self._ready[version] is not None)

    async def gone_facts(self, engine: Engine, timeline: PolicyTimeline) -> frozenset[str]:
        """Facts of sets that were in force in the last 90 days and that this one has not; none of a set that was saved
        in a watched folder, whose author sees at once what is refused. Raises `JournalUnavailable`."""
        if timeline.kind not in ("approved", "rollback"):
            return frozenset()
        since = moment(self._journal.clock.now() - TOLERATED)
        return await asyncio.to_thread(
            self._journal.ask,
            lambda connection, _: _facts_since(connection, since) - frozenset(engine.vocabulary.facts),
        )

    async def engine(self, version: str) -> Engine | None:
        """Ready to decide, and no longer kept here; None where it is not there or doesn't check: `mistakes` say why."""
        return self._ready.pop(version, None) or await self._compiled(version)

    def give_up(self, version: str) -> None:
        """This process can't decide by it: it makes another version of the same files."""
        self._unusable.add(version)

    async def _compiled(self, version: str) -> Engine | None:
        if version in self._unusable:
            return None
        stored = await asyncio.to_thread(self._journal.find_policy_set, version)
        if stored is None:
            return None
        loaded = await self._compiler.compiled_stored({name: text.encode() for name, text in stored.files.items()})
        self.mistakes = () if loaded.engine else loaded.diagnostics
        if loaded.engine is None:
            self.give_up(version)
            log.error("policy set can't be used by this engine", version=version)
        return loaded.engine

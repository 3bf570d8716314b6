"""The policy set in force: read from the rules folder, replaced only by one that checks and takes nothing away.

The engine in force is one attribute that is swapped; a request keeps the engine it started with. The folder is looked
at every 0.2 s; a change is read once two looks in a row saw the same, and taken if it checks. Where it takes a file, a
policy or a rule away it is pending instead, until somebody activates it, and what was in force stays so: at a start,
the set that the journal says was in force last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.pipeline import Engine, Loaded
from engine.reading.list_file import name_in_set
from files.input_refused import InputRefused
from files.visible import visible_name
from ledger.journal.journal import RULES_FOLDER, Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.policy_timeline import PolicyMoved, PolicyTimeline
from ledger.policies.check_limits import Closed, Stopped, too_large
from ledger.policies.coming_sets import ComingSets, UnconfirmedRollback
from ledger.policies.compiler_protocol import Files, PolicyCompiler, PolicyObserver
from ledger.policies.mode_record import note_mode
from ledger.policies.policy_mode import PolicyMode
from ledger.policies.refused_sets import record_refused_set
from ledger.policies.rules_folder import Look, look, read_folder
from ledger.policies.vanished import Vanished
from ledger.record.actors import Actor
from ledger.record.record_header import RecordKind
from ledger.store.trouble import JournalUnavailable

LOOK_SECONDS = 0.2
"""Between two looks at the folder. Notices of the operating system would be sooner, but network mounts give none, and
a folder that is moved away and made anew takes its notices along; a look at a dozen files costs 0.1 ms."""

FOLLOW_SECONDS = 0.5
"""How often the journal is asked whether another process has activated what is pending here."""

RETRY_SECONDS = 2.0
"""Before the journal is asked again where it could not be read or written."""

RELEASE = "start of the service"
"""Who puts files into force that were in force already, under a release with other standard facts."""

NOT_UNDER_THIS_ENGINE = (
    "the policy set that was in force last, as the journal keeps it, does not check under this engine"
)

LOGGED_MAX = 20
"""Diagnostics in one log line; /readyz has all."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """The set that decides, and since when."""

    engine: Engine
    """Decides; closed once another one is in force."""

    since: datetime
    """The journal's time at which it took effect."""

    number: int = 0
    """Its place in the activation history."""


AlsoDone = Callable[[LogTransaction, InForce], object]
"""What is done in the transaction that records a set, told what is then in force."""


def _nothing(_: LogTransaction, __: InForce) -> None:
    pass


@dataclass(frozen=True, slots=True)
class FailedChange:
    """A change of the folder that was refused, with every mistake in it."""

    at: datetime
    """When it was refused (UTC)."""

    diagnostics: tuple[Diagnostic, ...]
    """Sorted by place."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that takes something away, and so waits until somebody activates it."""

    at: datetime
    """When it was seen (UTC)."""

    engine: Engine | None
    """Decides nothing before it is activated; None where the files have mistakes as well, which must be mended
    first."""

    vanished: Vanished
    """What it takes away, by name."""


class NoPolicyInForce(Exception):
    """No policy set has been loaded yet that checks; carries what is wrong with the one in the rules folder."""

    def __init__(self, diagnostics: Iterable[Diagnostic], mode: PolicyMode = PolicyMode.WATCH) -> None:
        how = "see /readyz" if mode is PolicyMode.WATCH else "see /readyz, and `credence policies init` for a first one"
        super().__init__(f"no policy set is in force, so nothing can be decided; {how}")
        self.diagnostics = tuple(diagnostics)


class NotPending(Exception):
    """A policy set was to be activated that is not the one that waits for it. `version` is the one that does; None
    where there is none, or where it has mistakes (`has_mistakes`)."""

    def __init__(self, version: str | None, *, has_mistakes: bool = False) -> None:
        if version is not None:
            message = f"the pending policy set has the version {version}; look at what it takes away, and send that one"
        elif has_mistakes:
            message = "the files in the rules folder have mistakes; mend them first, /readyz lists them"
        else:
            message = "no policy change is pending; there is nothing to activate"
        super().__init__(message)


class Policies:
    """Follows one folder; `engine()` is what a request decides with.

    `in_force` is None until a set checks. `failed` is what is wrong with the folder now, None where nothing is.
    `pending` is a change that waits to be activated. All three are read by any task; only one look or activation at
    a time changes them.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        observer: PolicyObserver,
        compiler: PolicyCompiler,
        mode: PolicyMode = PolicyMode.WATCH,
    ) -> None:
        self.folder = folder
        self.mode = mode
        self.differs: tuple[str, ...] | None = None
        """In approved mode: names of the folder's files that are not as those in force; None: it can't be read."""
        self.name = visible_name(folder.resolve().name)  # as users see it in `rules/orders.yaml`
        self.in_force: InForce | None = None
        self.failed: FailedChange | None = None
        self.pending: Pending | None = None
        self._journal = journal
        self._observer = observer
        self._compiler = compiler
        self._seen: Look | None = None  # at the last look
        self._done: Look | None = None  # what has been dealt with
        self._compiled: tuple[Files, Loaded] | None = None  # what was compiled last: the journal may come later
        self._waits_until: float | None = None  # for the journal
        self._compared_with: InForce | None = None  # what the folder was last held against, in approved mode
        self._coming = ComingSets(journal, compiler)
        self._follows_at = 0.0  # when the journal is next asked what another process has activated
        self._turn = asyncio.Lock()

    def engine(self) -> Engine:
        """The engine that a request starting now is decided with. Raises `NoPolicyInForce`."""
        return self.now().engine

    def now(self) -> InForce:
        """The set in force with its place in the history. Raises `NoPolicyInForce`."""
        if self.in_force is None:
            raise NoPolicyInForce(self.failed.diagnostics if self.failed else (), mode=self.mode)
        return self.in_force

    @property
    def unconfirmed(self) -> UnconfirmedRollback | None:
        """A rollback that is in force and waits for a second person."""
        return self._coming.unconfirmed

    @property
    def compiling_since(self) -> datetime | None:
        """When the change came up that is being compiled; None where there is none."""
        return self._compiler.since

    async def files(self) -> Files:
        """What is in the folder now; where that can't be read, what is in force."""
        try:
            return (await asyncio.to_thread(read_folder, self.folder, self.name)).policies
        except InputRefused:
            return _files_of(self.in_force.engine) if self.in_force else {}

    async def start(self) -> None:
        """Two looks, so that the first request finds a set in force where there is one."""
        await self.refresh()
        with suppress(JournalUnavailable):  # said by the journal; nothing is decided without it either
            was_approved = await asyncio.to_thread(self._journal.last, RecordKind.POLICY_MODE) is not None
            if was_approved or self.mode is PolicyMode.APPROVED:
                await self._journal.write(partial(note_mode, mode=self.mode))
        await asyncio.sleep(LOOK_SECONDS)
        await self.refresh()

    async def watch(self, stop: asyncio.Event) -> None:
        """Follows the folder until told to stop, whatever happens to it."""
        while not stop.is_set():
            await self.refresh()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    async def refresh(self) -> None:
        """One look at the folder; takes its policy set if it is new, has come to rest, checks and takes nothing away.
        Otherwise `failed` and `pending` say why not."""
        if self._waits_until is not None and time.monotonic() < self._waits_until:
            return
        async with self._turn:
            try:
                await self._refresh()
                self._waits_until = None
            except JournalUnavailable:
                if self._waits_until is None:  # why is in the journal's own line
                    log.info("policy set waits for the journal")
                self._waits_until = time.monotonic() + RETRY_SECONDS
            except (Closed, PolicyMoved):
                pass  # looked at again in a moment, by what another process has put into force
            except Exception:  # our mistake must not end the watching; the old policy set stays in force
                log.exception("policy set could not be loaded")
                self._done = self._seen
                self._fail([self._about_folder(ErrorCode.I001, "the policy set could not be loaded; see the log")])

    async def activate(self, version: str, actor: Actor | str, also: AlsoDone = _nothing) -> InForce:
        """Puts the pending set with this version into force for this actor, and says since when. `also` is done in the
        transaction that records it, and told what is then in force. Raises `NotPending`, and `JournalUnavailable` where
        that can't be recorded."""
        async with self._turn:
            pending = self.pending
            if pending is None or pending.engine is None or pending.engine.version != version:
                version_pending = pending.engine.version if pending and pending.engine else None
                raise NotPending(version_pending, has_mistakes=bool(pending))
            becomes = await self._take(pending.engine, actor, also)
            log.warning("policy set activated", version=version, **_named(pending.vanished))
            return becomes

    # --- one look --------------------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        before, now = self._seen, await asyncio.to_thread(look, self.folder)
        self._seen = now
        try:
            await self._follow_journal()
        except JournalUnavailable:
            if self.mode is PolicyMode.APPROVED:
                raise
        if now != before or (now == self._done and self._compared_with is self.in_force):
            return
        if self.mode is PolicyMode.APPROVED:
            self._done, self._compared_with = now, self.in_force
            await self._compare_folder()
            return
        if now == self._done:
            return
        try:
            files = (await asyncio.to_thread(read_folder, self.folder, self.name)).policies
        except InputRefused as error:
            await self._without_folder(str(error))
            self._done = now
            return
        if await asyncio.to_thread(look, self.folder) == now:  # else it is being written
            await self._try(files)
            self._done = now

    async def _follow_journal(self, *, at_once: bool = False) -> None:
        """What another process has put into force, or an instant, counts here too."""
        if self.mode is PolicyMode.WATCH and self.in_force is None:
            return  # the folder is looked at first
        if not at_once and time.monotonic() < self._follows_at:
            return
        self._follows_at = time.monotonic() + FOLLOW_SECONDS
        if self.in_force is None:
            await self._journal.probe()  # makes the file where there is none, and brings an older one up to date
        timeline = await self._coming.timeline()
        if timeline.number > (self.in_force.number if self.in_force else 0):
            await self._take_recorded(timeline)
        await self._coming.prepare()

    async def _take_recorded(self, timeline: PolicyTimeline) -> None:
        """The set of the last activation, made ready before its instant where that was known."""
        since, before = datetime.fromisoformat(timeline.from_at), self.in_force
        if before is not None and before.engine.version == timeline.version:
            before.engine.gone_facts = await self._coming.gone_facts(before.engine, timeline)
            self.in_force = InForce(before.engine, since, timeline.number)
            return
        pending = self.pending.engine if self.pending else None
        compiled = self._compiled[1].engine if self._compiled else None
        at_hand = (each for each in (pending, compiled) if each is not None and each.version == timeline.version)
        engine = next(at_hand, None) or await self._coming.engine(timeline.version)
        if engine is None:
            if before is None:
                self._fail(self._coming.mistakes or [self._about_folder(ErrorCode.I003, NOT_UNDER_THIS_ENGINE)])
            return
        if engine.version != timeline.version:
            if before is None:  # a new release: the same files, other standard facts
                await self._put_into_force(engine, RELEASE, how="engine", after=timeline.number)
            else:
                self._coming.give_up(timeline.version)
            return
        engine.gone_facts = await self._coming.gone_facts(engine, timeline)
        if pending is engine:
            log.warning("policy set activated by another worker", version=engine.version)
        self._become(InForce(engine, since, timeline.number))
        if pending is engine or self.mode is PolicyMode.APPROVED:
            self.failed = None
            self._hold_back(None)

    async def caught_up(self) -> InForce:
        """What is in force by the journal now, ready to decide here too. Raises `NoPolicyInForce`, `PolicyMoved` where
        this process can't decide by it, and `JournalUnavailable`."""
        async with self._turn:
            await self._follow_journal(at_once=True)
        timeline = await self._coming.timeline()
        if self.in_force is None:
            self.engine()
        if self.in_force is None or self.in_force.engine.version != timeline.version:
            raise PolicyMoved(timeline.number)
        return self.in_force

    async def caught_up_if_any(self) -> None:
        """As `caught_up`; where nothing is in force yet, nothing."""
        async with self._turn:
            await self._follow_journal(at_once=True)

    async def has_moved(self) -> bool:
        """Whether another set is in force by the journal than here; False where it can't be read."""
        try:
            timeline = await self._coming.timeline()
        except JournalUnavailable:
            return False
        return self.in_force is not None and timeline.number > self.in_force.number

    async def _compare_folder(self) -> None:
        """In approved mode: what the folder's files have that is not in force. Nothing follows from it."""
        try:
            files = (await asyncio.to_thread(read_folder, self.folder, self.name)).policies
        except InputRefused:
            self.differs = None
            return
        now = {name_in_set(name): text for name, text in (self.in_force.engine.files if self.in_force else {}).items()}
        held = {name_in_set(name): text for name, text in files.items()}
        names = sorted({*now, *held})
        self.differs = tuple(name for name in names if held.get(name) != now.get(name, "").encode())

    async def _without_folder(self, why: str) -> None:
        stored = await self._stored()
        self._hold_back(None)
        self._fail([self._about_folder(ErrorCode.I002, why)])
        await self._fall_back_on(stored)

    async def _try(self, files: Files) -> None:
        if self._compiled is None or self._compiled[0] != files:
            self._compiled = files, await self._compiler.compiled(files)
        _, loaded = self._compiled
        stored = await self._stored()
        before = _files_of(self.in_force.engine) if self.in_force else stored
        loaded, gone = await self._held_against(before, files, loaded)
        if loaded.engine is not None and not gone:
            await self._take(loaded.engine)
            return
        self._hold_back(Pending(datetime.now(UTC), loaded.engine, gone) if gone else None)
        if loaded.engine is None:
            self._fail(loaded.diagnostics)
            await self._journal.write(partial(record_refused_set, files=files, mistakes=loaded.diagnostics))
        else:
            self.failed = None
        await self._fall_back_on(stored)

    async def _held_against(self, before: Files, files: Files, loaded: Loaded) -> tuple[Loaded, Vanished]:
        """What the files take away; where that can't be told in time, they have a mistake and take nothing."""
        try:
            return loaded, await self._compiler.vanished(before, files)
        except Closed:
            raise
        except Stopped as stopped:
            return Loaded(None, (too_large(files, stopped),)), Vanished()

    async def _stored(self) -> Files:
        """The set that was in force last, by the journal; asked for where none is in force."""
        if self.in_force is not None:
            return {}
        await self._journal.probe()  # makes the file where there is none, and brings an older one up to date
        stored = await asyncio.to_thread(self._journal.latest_policy_set)
        return {name: text.encode() for name, text in stored.files.items()} if stored else {}

    async def _fall_back_on(self, stored: Files) -> None:
        """Where nothing is in force, the set that was in force last decides, if it checks under this engine."""
        if self.in_force is not None or not stored:
            return
        loaded = await self._compiler.compiled_stored(stored)
        if loaded.engine is not None:
            await self._put_into_force(loaded.engine)
            return
        hint = "`credence activate` puts the folder's set into force" if self.pending else ""
        about_folder = self.failed.diagnostics if self.failed else ()
        self._fail(
            [*about_folder, self._about_folder(ErrorCode.I003, NOT_UNDER_THIS_ENGINE, hint), *loaded.diagnostics]
        )

    def _about_folder(self, code: ErrorCode, message: str, hint: str = "") -> Diagnostic:
        return Diagnostic(Place(self.name, 1, 1), code, message, hint)

    # --- what follows ----------------------------------------------------------------------------------------------

    async def _take(
        self,
        engine: Engine,
        actor: Actor | str = RULES_FOLDER,
        also: AlsoDone = _nothing,
    ) -> InForce:
        """Nothing is wrong with the folder from here on."""
        becomes = await self._put_into_force(engine, actor, also)
        self.failed = None
        self._hold_back(None)
        return becomes

    async def _put_into_force(
        self,
        engine: Engine,
        actor: Actor | str = RULES_FOLDER,
        also: AlsoDone = _nothing,
        *,
        how: str = "watch",
        after: int | None = None,
    ) -> InForce:
        """In force only once the journal holds it: each decision's policies can be read back. Raises
        `PolicyMoved` where another process has put one into force meanwhile."""
        if self.in_force is not None and self.in_force.engine.version == engine.version:
            return self.in_force
        becomes = InForce(engine, self._journal.clock.now())
        after = self.in_force.number if self.in_force and after is None else after
        timeline: PolicyTimeline = await self._journal.record_policy_set(
            *(engine.version, engine.files, engine.standard_facts, actor),
            lambda transaction: also(transaction, becomes),
            how=how,
            after=after,
        )
        becomes = replace(becomes, number=timeline.number)
        self._become(becomes)
        return becomes

    def _become(self, becomes: InForce) -> None:
        before, self.in_force = self.in_force, becomes
        self._compiler.give_way()
        if before is not None:
            before.engine.close()  # no request holds it: one decides between two awaits
        engine = becomes.engine
        log.info("policy set in force", version=engine.version, files=len(engine.files), activation=becomes.number)
        self._observer.policy_taken(engine.version, becomes.since.timestamp())

    def _hold_back(self, pending: Pending | None) -> None:
        """What was pending before is no longer what the folder holds."""
        before, self.pending = self.pending, pending
        in_force = self.in_force and self.in_force.engine
        if before is not None and before.engine is not None and before.engine is not in_force:
            before.engine.close()
        self._show_state()
        if pending is not None:
            version = pending.engine.version if pending.engine else None
            log.error("policy change pending: it takes something away", version=version, **_named(pending.vanished))

    def _fail(self, diagnostics: Sequence[Diagnostic]) -> None:
        before, self.failed = self.failed, FailedChange(datetime.now(UTC), tuple(diagnostics))
        self._show_state()
        if before is not None and before.diagnostics == self.failed.diagnostics:
            return  # tried once more while the journal was not to be had
        self._observer.policy_failed()
        listed = [str(diagnostic) for diagnostic in diagnostics[:LOGGED_MAX]]
        log.error("policy set refused; the one before stays in force", diagnostics=listed, count=len(diagnostics))

    def _show_state(self) -> None:
        self._observer.policy_change(failed=self.failed is not None, pending=self.pending is not None)


def _files_of(engine: Engine) -> Files:
    return {name: text.encode() for name, text in engine.files.items()}


def _named(gone: Vanished) -> dict[str, list[str]]:
    return {
        "files": list(gone.files),
        "policies": list(gone.policies),
        "rules": list(gone.rules),
        "exceptions": list(gone.exceptions),
    }

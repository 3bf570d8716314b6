"""The policy set in force: read from the rules folder, replaced only by one that checks, never half-written.

The engine in force is one attribute that is swapped; a request keeps the engine it started with. Reading and compiling
happen in a thread. What was read is read again after compiling, and taken only if nothing has changed meanwhile: an
editor that is still writing costs one more try.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from watchfiles import awatch

from api.limits import Died, Stopped, too_large
from api.metrics import Metrics
from api.problems import NoPolicyInForce
from api.rules_folder import FolderUnreadable, read_folder
from api.worker import Closed, Worker
from engine.diagnostic import Diagnostic, Place
from engine.pipeline import Engine, Loaded, load
from ledger.journal import Journal, JournalUnavailable, moment

QUIET_MS = 200
"""A change is looked at once nothing has changed for this long: editors and `git pull` write several files."""

LOOK_MS = 2_000
"""How often the folder is looked at without being told of a change: some file systems (NFS, mounts) tell nothing."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    engine: Engine
    since: datetime


@dataclass(frozen=True, slots=True)
class FailedChange:
    at: datetime
    diagnostics: tuple[Diagnostic, ...]


class Policies:
    def __init__(self, folder: Path, journal: Journal, metrics: Metrics, worker: Worker) -> None:
        self.folder = folder
        self.name = folder.resolve().name  # as users see it in `rules/orders.yaml`
        self.in_force: InForce | None = None
        self.failed: FailedChange | None = None
        self.compiling_since: datetime | None = None
        self._worker = worker
        self._journal = journal
        self._metrics = metrics
        self._tried: Mapping[str, bytes] | None = None
        self._unrecorded: Engine | None = None
        self._waits = False
        self._turn = asyncio.Lock()

    def engine(self) -> Engine:
        """The engine that a request starting now is decided with. Raises `NoPolicyInForce`."""
        if self.in_force is None:
            raise NoPolicyInForce(self.failed.diagnostics if self.failed else ())
        return self.in_force.engine

    async def files(self) -> Mapping[str, bytes]:
        """What is in the folder now; where that can't be read, what is in force."""
        try:
            return await asyncio.to_thread(self._policy_files)
        except FolderUnreadable:
            in_force = self.in_force.engine.files if self.in_force else {}
            return {name: text.encode() for name, text in in_force.items()}

    async def watch(self, stop: asyncio.Event) -> None:
        """Follows the folder until told to stop, whatever happens to it."""
        while not stop.is_set():
            try:
                async for _ in awatch(
                    self.folder,
                    watch_filter=None,
                    step=QUIET_MS,
                    rust_timeout=LOOK_MS,
                    yield_on_timeout=True,
                    stop_event=stop,
                    recursive=False,
                ):
                    await self.refresh()
            except OSError:  # the folder is missing
                await self.refresh()
                await asyncio.sleep(LOOK_MS / 1000)

    async def refresh(self) -> None:
        """Takes the folder's policy set if it is new and checks; says in `failed` why not."""
        async with self._turn:
            try:
                await self._refresh()
                self._waits = False
            except JournalUnavailable:
                if not self._waits:  # why is in the journal's own line
                    log.info("policy set waits for the journal")
                self._waits = True
            except Closed:
                pass
            except Exception:  # our mistake must not end the watching; the old policy set stays in force
                log.exception("policy set could not be loaded")
                self._fail([self._about_folder("I001", "the policy set could not be loaded; see the log")])

    async def _refresh(self) -> None:
        while True:
            files = await self._read()
            if files is None or files == self._tried:
                break
            loaded = await self._compiled(files)
            if await self._read() != files:
                continue
            self._tried, self._unrecorded = files, loaded.engine
            if loaded.engine is None:
                self._fail(loaded.diagnostics)
        if self._unrecorded is not None:
            await self._take(self._unrecorded)
            self._unrecorded = None

    async def _compiled(self, files: Mapping[str, bytes]) -> Loaded:
        """Compiled in the worker process; what has to be built for today's decisions is built in a thread here, so that
        the first request doesn't wait for it."""
        self.compiling_since = datetime.now(UTC)
        try:
            loaded = await self._loaded(files)
            if loaded.engine is not None:
                await asyncio.to_thread(loaded.engine.warm, datetime.now(UTC).date())
            return loaded
        except Closed:
            raise
        except Stopped as stopped:
            return Loaded(None, (too_large(files, stopped),))
        finally:
            self.compiling_since = None

    async def _loaded(self, files: Mapping[str, bytes]) -> Loaded:
        """Once more where the process ended by itself: it may have been somebody else's doing."""
        try:
            return await self._worker.run("rules", load, files)
        except Died:
            return await self._worker.run("rules", load, files)

    async def _read(self) -> Mapping[str, bytes] | None:
        try:
            return await asyncio.to_thread(self._policy_files)
        except FolderUnreadable as error:
            if self._tried != {}:
                self._tried, self._unrecorded = {}, None
                self._fail([self._about_folder("I002", str(error))])
            return None

    def _policy_files(self) -> Mapping[str, bytes]:
        """Asks twice: an editor that replaces a file takes it away for a moment."""
        try:
            return read_folder(self.folder, self.name).policies
        except FolderUnreadable:
            time.sleep(QUIET_MS / 1000)
            return read_folder(self.folder, self.name).policies

    def _about_folder(self, code: str, message: str) -> Diagnostic:
        return Diagnostic(Place(self.name, 1, 1), code, message)

    async def _take(self, engine: Engine) -> None:
        """In force only once the journal holds it: each decision's policies can be read back."""
        now = datetime.now(UTC)
        if self.in_force is None or self.in_force.engine.version != engine.version:
            await self._journal.record_policy_set(engine.version, moment(now), engine.files)
            before, self.in_force = self.in_force, InForce(engine, now)
            if before is not None:
                before.engine.close()  # no request holds it: one decides between two awaits
            log.info("policy set in force", version=engine.version, files=len(engine.files))
        self.failed = None
        self._metrics.policy_taken(engine.version, self.in_force.since.timestamp())

    def _fail(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.failed = FailedChange(datetime.now(UTC), tuple(diagnostics))
        self._metrics.policy_failed()
        said = [str(diagnostic) for diagnostic in diagnostics[:LOGGED_MAX]]
        log.error("policy set refused; the one before stays in force", diagnostics=said, count=len(diagnostics))


LOGGED_MAX = 20
"""Diagnostics in one log line; /readyz has all."""

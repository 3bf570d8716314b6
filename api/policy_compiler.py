"""Policy sets for the service, compiled in the worker process; a set that can't be is refused like any other.

`ledger.policies` asks for one whenever the rules folder has changed, and at the start for the set that was in force
last. A set that is too large, or makes the process fail, comes back as `Loaded` without an engine and with the mistake
Y098: the set in force decides on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar, TypeVarTuple

from api.worker import Worker
from engine.pipeline import Loaded, load, load_stored
from ledger.policies.check_limits import LIMITS, CheckLimits, Closed, Died, Stopped, too_large
from ledger.policies.vanished import Vanished, vanished

CALLER = "the rules folder"

Files = Mapping[str, bytes]
T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Compiler:
    """Compiles for the service, one set after another, and says what a change takes away.

    `since` is when the change that is being compiled came up; None where there is none, so that /readyz can tell a
    change that is on its way from one that went unnoticed. All raise `Closed` once the service stops.
    """

    def __init__(self, limits: CheckLimits = LIMITS) -> None:
        self.since: datetime | None = None
        self._worker = Worker(["engine.pipeline", "ledger.policies.vanished"], limits, niceness=0)

    def give_way(self) -> None:
        """To be called once a set decides: until then nothing is more urgent, from then on decisions are."""
        self._worker.give_way()

    async def compiled(self, files: Files) -> Loaded:
        """A folder's set, ready to decide."""
        return await self._warmed(load, files)

    async def compiled_stored(self, files: Files) -> Loaded:
        """A set as the journal keeps it, ready to decide."""
        return await self._warmed(load_stored, files)

    async def vanished(self, before: Files, after: Files) -> Vanished:
        """The files, policies and rules of `before` that `after` no longer has. Raises `Stopped` where that can't be
        told: such a change is not taken.
        """
        with self._busy():
            return await self._done(vanished, before, after)

    async def close(self) -> None:
        """Ends the process; what waits for it gets `Closed`."""
        await self._worker.close()

    async def _warmed(self, compile_set: Callable[[Files], Loaded], files: Files) -> Loaded:
        """What has to be built for today's decisions is built in a thread here, not in the first request."""
        with self._busy():
            try:
                loaded = await self._done(compile_set, files)
            except Closed:
                raise
            except Stopped as stopped:
                return Loaded(None, (too_large(files, stopped),))
            if loaded.engine is not None:
                await asyncio.to_thread(loaded.engine.warm, loaded.engine.day_at(datetime.now(UTC)))
            return loaded

    async def _done(self, job: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Once more where the process ended by itself: that may have been somebody else's doing."""
        try:
            return await self._worker.run(CALLER, job, *arguments)
        except Died:
            return await self._worker.run(CALLER, job, *arguments)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self.since = datetime.now(UTC)
        try:
            yield
        finally:
            self.since = None

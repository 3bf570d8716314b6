"""Searches take turns: at most two at once in threads of their own, one of each caller.

A search may read thousands of bodies. Beside it, decisions are made and people are looked up in other threads, so no
caller can take those away by asking much; nor the turns of other callers, since each has one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

AT_ONCE = 2
"""Searches of all callers."""

WAITING_OF_A_CALLER_MAX = 8
"""Searches that may wait for the one that is under way: programs that look up several orders after a time-out."""

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class TooManySearches(Exception):
    """One caller has as many searches waiting as it may have."""

    def __init__(self) -> None:
        super().__init__(f"{WAITING_OF_A_CALLER_MAX} of your searches wait already; send the next when one is answered")


class _CallersTurns:
    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.count = 0


class SearchTurns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "search")
        self._callers: dict[str, _CallersTurns] = {}

    async def run(self, caller: str, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """The function's result. Raises `TooManySearches`. A caller who has gone away keeps the turn until the search
        is at its end, which can't be broken off."""
        callers = self._callers.setdefault(caller, _CallersTurns())
        if callers.count > WAITING_OF_A_CALLER_MAX:
            raise TooManySearches
        callers.count += 1
        try:
            await callers.turn.acquire()
        except asyncio.CancelledError:
            self._leave(caller)
            raise
        searching = asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        searching.add_done_callback(lambda done: self._end(caller, done))
        return await asyncio.shield(searching)

    def _end(self, caller: str, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            done.exception()  # whose caller has gone away is nobody's to look at
        self._callers[caller].turn.release()
        self._leave(caller)

    def _leave(self, caller: str) -> None:
        callers = self._callers[caller]
        callers.count -= 1
        if callers.count == 0:
            del self._callers[caller]

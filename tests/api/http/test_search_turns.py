"""Searches of one caller don't take away the threads of others, however many are asked and given up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from api.http.search_turns import AT_ONCE, WAITING_OF_A_CALLER_MAX, SearchTurns, TooManySearches
from tests.support.patience import PATIENCE


class Searches:
    """Each holds its thread until all may end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = threading.Event()

    def search(self, name: str) -> str:
        self.begun.append(name)
        assert self.may_end.wait(PATIENCE)
        return name


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def test_one_of_a_caller_at_a_time_and_two_in_all() -> None:
    async def go() -> None:
        turns, searches = SearchTurns(), Searches()
        asked = [
            asyncio.create_task(turns.run(caller, searches.search, f"{caller}{number}"))
            for number in range(2)
            for caller in "abc"
        ]
        await _until(lambda: len(searches.begun) == AT_ONCE)
        await asyncio.sleep(0.05)
        assert searches.begun == ["a0", "b0"]
        searches.may_end.set()
        assert await asyncio.gather(*asked) == ["a0", "b0", "c0", "a1", "b1", "c1"]

    asyncio.run(go())


def test_whoever_asks_too_much_is_refused_alone() -> None:
    async def go() -> None:
        turns, searches = SearchTurns(), Searches()
        asked = [
            asyncio.create_task(turns.run("a", searches.search, str(number)))
            for number in range(1 + WAITING_OF_A_CALLER_MAX)
        ]
        await _until(lambda: searches.begun == ["0"])
        with pytest.raises(TooManySearches):
            await turns.run("a", searches.search, "refused")
        other = asyncio.create_task(turns.run("b", searches.search, "b"))
        await _until(lambda: searches.begun == ["0", "b"])
        searches.may_end.set()
        await asyncio.gather(*asked, other)
        assert await turns.run("a", searches.search, "again") == "again"

    asyncio.run(go())


def test_whoever_has_gone_away_keeps_the_turn_until_the_search_ends() -> None:
    async def go() -> None:
        turns, searches = SearchTurns(), Searches()
        gone = asyncio.create_task(turns.run("a", searches.search, "gone"))
        await _until(lambda: searches.begun == ["gone"])
        gone.cancel()
        waits = asyncio.create_task(turns.run("a", searches.search, "waited in vain"))
        await asyncio.sleep(0.05)
        waits.cancel()
        following = asyncio.create_task(turns.run("a", searches.search, "next"))
        await asyncio.sleep(0.05)
        assert searches.begun == ["gone"]
        searches.may_end.set()
        assert await following == "next"
        assert searches.begun == ["gone", "next"]

    asyncio.run(go())


def test_what_a_search_raises_reaches_its_caller_and_ends_its_turn() -> None:
    async def go() -> None:
        turns = SearchTurns()
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await turns.run("a", lambda: 1 // 0)

    asyncio.run(go())

"""What becomes of callers' futures once a transaction is on disk, or isn't: one call into each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from ledger.store.trouble import unavailable


def settle_futures(futures: Sequence[asyncio.Future[Any]], done: list[Any] | Exception) -> None:
    """Resolves the futures in their event loops: one call into each loop, whatever the number of futures."""
    given = done if isinstance(done, list) else [None] * len(futures)
    error = done if isinstance(done, Exception) else None
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for future, result in zip(futures, given, strict=True):
        by_loop.setdefault(future.get_loop(), []).append((future, result))
    for loop, those in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, those, error)


def _resolve(futures: Iterable[tuple[asyncio.Future[Any], Any]], error: Exception | None) -> None:
    for future, result in futures:
        if future.done():
            continue  # its caller went away
        if isinstance(result, Exception):
            future.set_exception(result)
        elif error is None:
            future.set_result(result)
        else:
            future.set_exception(unavailable("the decision could not be written to the journal", error))

"""Long statements, with somebody looking on: they run in a thread of their own, so that Ctrl-C ends them at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import duckdb

_LOOK_SECONDS = 0.2


def watched(
    connection: duckdb.DuckDBPyConnection, sql: str, look: Callable[[], None] = lambda: None
) -> list[tuple[Any, ...]]:
    """The rows that a statement gives; `look` is called now and then until it is done."""
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(lambda: connection.execute(sql).fetchall())
        try:
            while not wait([work], _LOOK_SECONDS).done:
                look()
        except BaseException:
            connection.interrupt()
            raise
    return work.result()

"""The progress bar of commands that go through whole files. It shows on terminals only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from api.cli.console import err

_RATE_SECONDS = 0.2
"""Before that, a number of rows a second says nothing."""


class ShowProgress(Protocol):
    """Shows how far one step of the work is: called again and again with growing numbers."""

    def __call__(self, step: str, share: float | None, rows: int = 0, total: int = 0, /) -> None:
        """`step` names what is being done, in a word or two. `share` of it is done, from 0 to 1; None where that isn't
        known. `rows` are done, of `total`; 0 where that isn't known."""


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ShowProgress]:
    """One bar for each step, as long as the block runs; a bar that only moves where the share isn't known.

    Nothing is shown where `quiet` is set or standard error is no terminal.
    """
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}")),
        *(TimeElapsedColumn(), TimeRemainingColumn()),
    )
    console = err()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        tasks: dict[str, tuple[TaskID, float]] = {}

        def show(step: str, share: float | None, rows: int = 0, total: int = 0, /) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=None, rows=""), time.perf_counter()
            task, started = tasks[step]
            bar.update(task, rows=_rows(rows, total, time.perf_counter() - started) if rows else "")
            if share is not None:
                bar.update(task, total=1.0, completed=min(share, 1.0))

        yield show


def _rows(rows: int, total: int, seconds: float) -> str:
    """`1,200 of 50,000 rows, 6,000 rows/s`; without the total where it isn't known."""
    of_all = f" of {total:,}" if total else ""
    return f"{rows:,}{of_all} rows, {rows / max(seconds, _RATE_SECONDS):,.0f} rows/s"

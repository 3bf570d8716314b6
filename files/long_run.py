"""What runs over millions of rows share: telling how far they are, and holding the garbage collector off."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float | None], None]
"""What is being done, and the share of it that is done, from 0 to 1; None where that isn't known."""

ROWS_BETWEEN = 2_000
"""Between two words on the progress: often enough for an eye, too seldom to cost time."""


def no_progress(_what: str, _done: float | None) -> None:
    """The progress of a run that nobody watches."""


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Millions of invoices stay alive and form no circles; looking through them again and again would cost a third."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

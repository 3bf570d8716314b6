"""Jobs for the worker's tests: a worker does only functions of a module that it can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.support.patience import PATIENCE


def started(note: Path) -> None:
    """Leaves its process's number, then keeps the processor busy for longer than any test waits."""
    note.with_suffix(".new").write_text(str(os.getpid()), encoding="ascii")
    note.with_suffix(".new").rename(note)
    spin(5 * PATIENCE)


def spin(seconds: float) -> float:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return seconds


def note(path: Path, word: str) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(f"{word} ")


def take(size: int) -> int:
    return len(bytearray(size))


def nest(depth: int) -> int:
    return nest(depth - 1) + 1 if depth else 0


def die(signal_number: int) -> None:
    os.kill(os.getpid(), signal_number)


def end(code: int) -> None:
    os._exit(code)


def mistake() -> None:
    raise ValueError("our own mistake")


def process() -> tuple[int, int, list[str]]:
    """Its number, its niceness, and of the libraries that it must not need those that it has."""
    import sys

    return os.getpid(), os.nice(0), sorted({"duckdb", "pyarrow"} & sys.modules.keys())


KILL = signal.SIGKILL
FAULT = signal.SIGSEGV

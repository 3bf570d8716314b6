"""How long, and with how much memory, policies may be checked and compiled; what is said where that is not enough.

Nobody who sends or saves a file can keep the service, or a command, busy for longer. The limits hold in the worker
process (`api.worker`) and in a command that checks once (`within_limits`).
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from engine.diagnostics.diagnostic import TOO_LARGE, Diagnostic, Place

try:
    import resource
except ImportError:  # no such limits on Windows
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Seconds of the processor and of the wall clock; `memory` in bytes, the process's own included."""

    processor_seconds: float = 10.0
    """Of the processor's time."""

    seconds: float = 60.0
    """By the wall clock: long enough for the processor's share that a worker behind a busy service gets."""

    memory: int = 1 << 30
    """Bytes of address space, the process's own included."""


LIMITS = CheckLimits()


class Stopped(Exception):
    """A job that was not finished; the message ends the sentence "the policies can't be checked: …"."""

    hint = "make the largest file smaller: fewer rows, rules or dates; a large table can be several"


class OutOfTime(Stopped):
    """It took longer than it may, by the wall clock or by the processor."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it was not done after {seconds:g} seconds")


class OutOfMemory(Stopped):
    """It took more memory than it may."""

    def __init__(self, limits: CheckLimits) -> None:
        super().__init__(f"it takes more than {limits.memory / (1 << 30):g} GB of memory")


class TooDeep(Stopped):
    """Something nests deeper than the engine follows, or so it seems: a chain that should have been cut."""

    def __init__(self) -> None:
        super().__init__("something in it is nested too deep")


class Died(Stopped):
    """The process that did the job ended by itself, or could not be started."""

    hint = "try again; if it happens again, make the largest file smaller"

    def __init__(self, how: str) -> None:
        super().__init__(f"the process that did it ended ({how})")


class Closed(Stopped):
    """The service is being stopped; nothing is compiled any more."""

    hint = "ask again once the service runs"

    def __init__(self) -> None:
        super().__init__("the service is being stopped")


def too_large(files: Mapping[str, bytes], stopped: Stopped) -> Diagnostic:
    """In place of everything else: what can't be checked is never in force."""
    largest = max(files, key=lambda name: len(files[name]), default="rules")
    return Diagnostic(Place(largest, 1, 1), TOO_LARGE, f"the policies can't be checked: {stopped}", stopped.hint)


class _Alarm(BaseException):
    """Not an `Exception`: nothing on the way may catch it."""


@contextmanager
def within_limits(limits: CheckLimits | None = None) -> Iterator[None]:
    """For a command, in its own process and main thread; without `limits` within `LIMITS`. Raises `Stopped`."""
    limits = limits or LIMITS
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before, unraisable = signal.signal(signal.SIGPROF, _raise_alarm), sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, _Alarm) else unraisable(lost)
    try:
        with suppress(ValueError):  # less is allowed anyway
            resource.setrlimit(resource.RLIMIT_AS, (_address_space() + limits.memory, hard))
        # again and again: an alarm can be lost where Python can't raise, as while an object is deleted
        signal.setitimer(signal.ITIMER_PROF, limits.processor_seconds, 0.1)
        yield
    except _Alarm:
        raise OutOfTime(limits.processor_seconds) from None
    except MemoryError:
        raise OutOfMemory(limits) from None
    except RecursionError:
        raise TooDeep from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        sys.unraisablehook = unraisable
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _raise_alarm(_signal: int, _frame: FrameType | None) -> None:
    raise _Alarm


def _address_space() -> int:
    """What the process has already; 0 where the system doesn't say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0

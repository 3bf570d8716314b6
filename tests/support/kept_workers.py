"""The processes that compile and check for a service stay when it ends, for the service of the next test.

Starting one, which imports all that a job needs, takes longer than what most tests ask of a service. Services that
tests start as processes of their own start theirs, as a user's do; tests/api/test_worker.py looks at the process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen
from typing import Any, NamedTuple

import pytest

from api import worker
from ledger.policies.check_limits import CheckLimits


class _Kept(NamedTuple):
    popen: Popen[bytes]
    connection: Any
    life: int


_kept: defaultdict[tuple[object, ...], list[_Kept]] = defaultdict(list)
OwnProcess = worker._Process
"""As the product has it."""


class KeptProcess(OwnProcess):
    """One that was left by another, where there is one of the same modules and limits; and left in its turn, unless a
    job is on its way or failed."""

    def __init__(self, modules: Sequence[str], limits: CheckLimits, niceness: int) -> None:
        super().__init__(modules, limits, niceness)
        self._key = (tuple(modules), limits)
        self._busy = False

    def start(self) -> Popen[bytes]:
        if self._popen is None and _kept[self._key]:
            self._popen, self._connection, self._life = _kept[self._key].pop()
            self._ready = True
            self.set_niceness(self._niceness)
        return super().start()

    def exchange(self, job: bytes) -> Any:
        self._busy = True
        result = super().exchange(job)
        self._busy = False
        return result

    def kill(self) -> None:
        if self._busy:
            super().kill()

    def end(self) -> None:
        if self._popen is None or self._busy or not self._is_ready():
            self._busy = True
            super().end()
        else:
            _kept[self._key].append(_Kept(self._popen, self._connection, self._life))
            self._popen = None

    def _is_ready(self) -> bool:
        if not self._ready and self._connection.poll(worker.START_SECONDS_MAX):
            self._ready = self._connection.recv_bytes() == b"ready"
        return self._ready


@contextmanager
def kept_workers() -> Iterator[None]:
    """While it lasts, services of this process leave theirs."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(worker, "_Process", KeptProcess)
        yield
    for left in _kept.values():
        for each in left:
            each.popen.kill()
            each.popen.wait()
            each.connection.close()
    _kept.clear()

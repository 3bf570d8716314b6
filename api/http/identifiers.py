"""Decision ids and request ids.

Random bytes are fetched from the system a few thousand at a time: fetching gives up the interpreter lock, and beside
the journal's thread getting it back took 36 µs each time.
"""

from __future__ import annotations

from os import urandom

from ledger.record.record_ids import uuid7_of


class _Randomness:
    """The system's random bytes, each used once. Not for several threads or forked processes."""

    def __init__(self) -> None:
        self._bytes = b""
        self._used = 0

    def take(self) -> bytes:
        """Eight of them."""
        if self._used == len(self._bytes):
            self._bytes, self._used = urandom(4096), 0
        self._used += 8
        return self._bytes[self._used - 8 : self._used]


_randomness = _Randomness()


def request_id() -> str:
    """16 hexadecimal digits, at random."""
    return _randomness.take().hex()


def uuid7(nanoseconds: int) -> str:
    """A decision's id, see `ledger.record.record_ids`."""
    return uuid7_of(nanoseconds, _randomness.take())

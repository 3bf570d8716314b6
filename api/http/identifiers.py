"""Decision ids: UUID version 7 (RFC 9562, 5.7), so that ids sort by time (Python has its own from 3.14 on); and
request ids.

Random bytes are fetched from the system a few thousand at a time: fetching gives up the interpreter lock, and beside
the journal's thread getting it back took 36 µs each time.
"""

from __future__ import annotations

from os import urandom


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
    """Of a time since 1970: 48 bits of milliseconds, 12 bits of the millisecond's fraction (RFC 9562, 6.2, method 3),
    62 random bits; as text in lower case. `Clock.id_time` gives times whose ids sort as they were asked for."""
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    tail = (int.from_bytes(_randomness.take(), "big") & (1 << 62) - 1) | 1 << 63
    digits = f"{milliseconds:012x}7{fraction:03x}{tail:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

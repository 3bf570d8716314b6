"""Decision ids: UUID version 7 (RFC 9562, 5.7), so that ids sort by time. Python has its own from 3.14 on."""

from __future__ import annotations

import time
from os import urandom


def uuid7() -> str:
    """48 bits of milliseconds since 1970, 12 bits of the millisecond's fraction (RFC 9562, 6.2, method 3), 62 random
    bits; as text in lower case."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    tail = (int.from_bytes(urandom(8), "big") & (1 << 62) - 1) | 1 << 63
    digits = f"{milliseconds:012x}7{fraction:03x}{tail:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

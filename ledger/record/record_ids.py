"""Ids of records: UUID version 7 (RFC 9562, 5.7), so that ids sort by time (Python has its own from 3.14 on)."""

from __future__ import annotations

RANDOM_BYTES = 8


def uuid7_of(nanoseconds: int, random: bytes) -> str:
    """Of a time since 1970: 48 bits of milliseconds, 12 bits of the millisecond's fraction (RFC 9562, 6.2, method 3),
    62 of 64 random bits; as text in lower case. `Clock.id_time` gives times whose ids sort as they were asked for."""
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    tail = (int.from_bytes(random, "big") & (1 << 62) - 1) | 1 << 63
    digits = f"{milliseconds:012x}7{fraction:03x}{tail:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

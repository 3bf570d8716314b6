"""How often a key may ask: a bucket of tokens for each, which fills at the key's rate and holds two seconds of it.

Counted in each worker by itself, so that a key may ask N times as often where there are N workers; nothing is shared
on the way of a request.

Example, with 10 a second: after a pause 20 requests may come at once, then one each tenth of a second; the 21st is told
to come again in a second.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from api.http.caller import Caller
from api.http.problems import TooOften

BURST_SECONDS = 2
BUCKETS_MAX = 10_000
"""Keys that have asked lately; beyond it, those that are full again are forgotten."""


class RateLimits:
    """`per_second` is what a key may where it has no number of its own. `now` gives seconds that never go back."""

    def __init__(self, per_second: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when that was

    def count(self, caller: Caller) -> None:
        """One more request. Raises `TooOften`."""
        if caller.budget is None:
            return
        rate = caller.per_second or self._per_second
        now, full = self._now(), float(rate * BURST_SECONDS)
        tokens, at = self._buckets.get(caller.budget, (full, now))
        tokens = min(full, tokens + (now - at) * rate)
        if tokens < 1:
            self._buckets[caller.budget] = tokens, now
            raise TooOften(
                f"{caller.shown} asks more than {rate} times a second (counted in each worker)",
                retry_seconds=max(1, math.ceil((1 - tokens) / rate)),
            )
        if len(self._buckets) >= BUCKETS_MAX and caller.budget not in self._buckets:
            self._forget_full(now)
        self._buckets[caller.budget] = tokens - 1, now

    def _forget_full(self, now: float) -> None:
        self._buckets = {key: (tokens, at) for key, (tokens, at) in self._buckets.items() if now - at < BURST_SECONDS}

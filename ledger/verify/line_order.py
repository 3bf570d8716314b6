"""The order of records in a file: their numbers rise, each stands there once, and where all were exported none lacks.

A number that is passed over may still come, on another line: then records were swapped. What never comes is missing.
"""

from __future__ import annotations

from ledger.verify.journal_faults import FaultKind, FaultsFound

_GAPS_MAX = 1_000
"""Kept to tell swapped records from missing ones."""


class LineOrder:
    """Of the lines of one file. `size`: of the log; `is_complete`: all its records are there."""

    def __init__(self, faults: FaultsFound, size: int, *, is_complete: bool) -> None:
        self._faults, self._size, self._is_complete = faults, size, is_complete
        self._last = -1
        self._gaps: dict[int, tuple[int, str]] = {}  # the first number that lacks: how many, and before which line

    def take(self, seq: int, at: str, where: str) -> bool:
        """Whether a record may stand on this line. `at` is the line, `where` the line and the record."""
        if seq >= self._size:
            self._faults.add(FaultKind.RECORD_MOVED, f"{where}: is behind the checkpoint, which covers {self._size}")
            return False
        if seq <= self._last:
            told = f"stands behind record {self._last}" if self._fills(seq) else "stands there twice"
            self._faults.add(FaultKind.RECORD_MOVED, f"{where}: {told}")
            return False
        self._pass_over(seq, at)
        self._last = seq
        return True

    def finish(self, at: str) -> None:
        """There are no more lines. `at`: the place behind them."""
        self._pass_over(self._size, at)
        for first, (count, line) in self._gaps.items():
            which = f"record {first}: is" if count == 1 else f"records {first}..{first + count - 1}: are"
            self._faults.add(FaultKind.RECORD_MISSING, f"{line}: {which} missing")

    def _pass_over(self, seq: int, at: str) -> None:
        count = seq - self._last - 1
        if count and self._is_complete and len(self._gaps) < _GAPS_MAX:
            self._gaps[self._last + 1] = count, at

    def _fills(self, seq: int) -> bool:
        """Whether this number was passed over. From now on it isn't missing. In a part of a journal nobody knows."""
        if not self._is_complete:
            return seq < self._last
        for first, (count, line) in self._gaps.items():
            if first <= seq < first + count:
                del self._gaps[first]
                if seq > first:
                    self._gaps[first] = seq - first, line
                if first + count > seq + 1:
                    self._gaps[seq + 1] = first + count - seq - 1, line
                return True
        return False

"""Policy sets: do the files of each give its version, and is each there that a record names?

A set taken over from an early journal may lack the standard facts that its version covers. Then its files can't be
compared, which is a fault where anything was decided by it that was not taken over with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.record.policy_versions import gives_version, texts_of
from ledger.verify.journal_faults import FaultKind, FaultsFound
from ledger.verify.record_check import RecordCheck

StoredSet = tuple[str, object, object]
"""Version, files as JSON or as an object, and standard facts: as they are stored."""


class PolicySetCheck:
    """After all records: `record` says which sets they name."""

    def __init__(self, faults: FaultsFound) -> None:
        self._faults = faults
        self._seen: set[str] = set()
        self._incomplete: set[str] = set()
        self.sets = 0
        """How many gave their version."""

    def look(self, sets: Iterable[StoredSet]) -> None:
        """Each of them by itself."""
        for name, files, facts in sets:
            self._seen.add(name)
            if gives_version(name, files, facts):
                self.sets += 1
            elif facts is None and texts_of(files) is not None:
                self._incomplete.add(name)
            else:
                self._add(name, "its files do not give its version")

    def finish(self, records: RecordCheck) -> None:
        """Against what records name."""
        for name, seq in sorted(records.policies.items(), key=lambda named: named[1]):
            if name in self._incomplete:
                self._add(name, f"has lost its standard facts, and record {seq} names it")
            elif name not in self._seen:
                self._add(name, f"is missing, and record {seq} names it")
        for name in sorted(self._incomplete - records.policies.keys() - records.imported_policies):
            self._add(name, "has lost its standard facts")

    def _add(self, name: str, what: str) -> None:
        self._faults.add(FaultKind.POLICY_SET, f"policy set {name[:8]}: {what}")

"""How much of a journal no witness vouches for yet, and since when: for whoever runs it to be alarmed by.

Whoever verifies asks the same of the journal and of what witnesses kept; this is what the service itself sees, by the
trust policy in its settings.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ledger.journal.journal import Journal
from ledger.journal.signed_log import cosigned_note
from ledger.record.signed_notes import BadNote
from ledger.record.trust_policies import TrustPolicy
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import cosignatures, entries, head

LOOKED_AT_MAX = 100
"""Cosigned checkpoints that are looked at, the newest first: where none of them has the quorum, witnesses are late."""


@dataclass(frozen=True, slots=True)
class Unwitnessed:
    """What nobody but the journal's operator vouches for."""

    records: int
    """How many there are behind the newest checkpoint that is cosigned as the trust policy asks."""

    seconds: float
    """Since the first of them was recorded; 0 where there are none."""


class Witnessing:
    """Of one journal."""

    def __init__(self, journal: Journal, policy: TrustPolicy | None) -> None:
        """`policy`: None: nobody is trusted, so nothing is witnessed."""
        self._journal, self._policy = journal, policy
        self._witnessed = 0  # records; a checkpoint that was cosigned once stays so

    def look(self) -> Unwitnessed:
        """Blocks: call it from a thread. Raises `JournalUnavailable`."""
        return self._journal.ask(self._unwitnessed)

    def _unwitnessed(self, connection: Connection, _: SubjectKeys) -> Unwitnessed:
        size = connection.execute(select(head.c.size)).scalar() or 0
        self._witnessed = self._newest_witnessed(connection)
        at = connection.execute(select(entries.c.at).where(entries.c.seq == self._witnessed)).scalar()
        if at is None:
            return Unwitnessed(max(size - self._witnessed, 0), 0.0)
        seconds = (self._journal.clock.now() - datetime.fromisoformat(at)).total_seconds()
        return Unwitnessed(max(size - self._witnessed, 1), max(seconds, 0.0))

    def _newest_witnessed(self, connection: Connection) -> int:
        if self._policy is None:
            return 0
        size = cosignatures.c.size
        query = select(size).where(size > self._witnessed).group_by(size).order_by(size.desc()).limit(LOOKED_AT_MAX)
        for each in connection.execute(query).scalars().all():
            try:
                cosigned = self._policy.cosigned(cosigned_note(connection, each), time.time())
            except BadNote:  # a line that was changed in the database vouches for nothing
                continue
            if self._policy.is_met_by(cosigned):
                return int(each)
        return self._witnessed

"""Looks every few seconds how much of the journal no witness vouches for, for metrics and the log to say."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import structlog

from api.http.metrics import Metrics
from api.settings import Settings
from ledger.journal.journal import Journal
from ledger.journal.witnessing import Unwitnessed, Witnessing
from ledger.store.trouble import JournalUnavailable
from ledger.verify.trusted_key import trust_policy_in

LOOK_SECONDS = 10.0

log = structlog.get_logger(__name__)


class WitnessWatch:
    """Of one app. Where nobody asks for witnesses it counts, and is never alarmed."""

    def __init__(self, journal: Journal, metrics: Metrics, settings: Settings) -> None:
        policy = trust_policy_in(Path(settings.trust_policy)) if settings.trust_policy else None
        self._witnessing, self._metrics = Witnessing(journal, policy), metrics
        self._seconds_max = settings.witnessed_within_hours * 3_600.0
        self._is_late = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            with suppress(JournalUnavailable):  # which is said elsewhere; what is known stays
                self._note(await asyncio.to_thread(self._witnessing.look))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    def _note(self, found: Unwitnessed) -> None:
        is_late = 0 < self._seconds_max < found.seconds
        self._metrics.witnessed(records=found.records, seconds=found.seconds, late=is_late)
        if is_late and not self._is_late:
            log.error("witnesses are late", records=found.records, hours=round(found.seconds / 3_600, 1))
        elif self._is_late and not is_late:
            log.info("witnesses cosign again", records=found.records)
        self._is_late = is_late

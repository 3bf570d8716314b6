"""A journal with webhooks and their sender, on a clock that a test sets."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from api.network_addresses import listed_networks
from api.webhooks.sender import Sender
from api.webhooks.webhook_url import Resolve
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.journal.outbox import Delivery
from ledger.record.record_ids import uuid7_of
from ledger.store.place import JournalPlace
from ledger.store.tables import webhook_outbox
from ledger.webhooks.endpoint_changes import EndpointChange, add_endpoint
from ledger.webhooks.endpoint_secrets import Signature
from ledger.webhooks.webhooks import Webhooks
from tests.support.journal_records import record
from tests.support.webhook_receivers import HERE_LISTED, at_receivers, trusting

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2026, 11, 27, 8, tzinfo=UTC)


class SetClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START
        self.clock = Clock(lambda: (self.now - EPOCH) // timedelta(microseconds=1) * 1000)

    def forward(self, **how_far: float) -> None:
        self.now += timedelta(**how_far)


class Tried:
    """Counts as the service's metrics do."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.waits: dict[str, float] = {}

    def webhook_tried(self, result: str) -> None:
        self.results.append(result)

    def webhooks_wait(self, *, waiting: int, oldest_seconds: float, dead: int) -> None:
        self.waits = {"waiting": waiting, "oldest": oldest_seconds, "dead": dead}


class Sending:
    """One process."""

    def __init__(
        self,
        place: JournalPlace,
        time: SetClock | None = None,
        resolve: Resolve = at_receivers,
        tls: Callable[[], ssl.SSLContext] = trusting,
    ) -> None:
        self.time = time or SetClock()
        self.journal = Journal(place, clock=self.time.clock)
        self.webhooks = Webhooks(self.journal)
        self.tried = Tried()
        self.sender = Sender(
            self.journal,
            self.webhooks,
            self.tried,
            listed_networks(HERE_LISTED),
            resolve=resolve,
            tls=tls,
            chance=random.Random(1),
        )

    async def add(
        self, url: str, types: Iterable[str] = ("order.held",), signature: Signature = Signature.HMAC
    ) -> tuple[str, str]:
        """The endpoint's id, and the text of its secret."""
        changed = await self.webhooks.change(add_endpoint(url, tuple(types), signature), "test")
        assert changed.secret is not None
        return changed.endpoint.id, changed.secret.text

    async def change(self, change: EndpointChange) -> Any:
        return await self.webhooks.change(change, "test")

    async def held(self, number: int = 1) -> str:
        """An order is held; the record's id."""
        made = uuid7_of(self.time.clock.id_time(), number.to_bytes(10, "big"))
        await self.journal.record(record(made))
        return made

    def outbox(self) -> list[Delivery]:
        rows = self.journal.read(webhook_outbox.select().order_by(webhook_outbox.c.seq))
        return [Delivery(**row._mapping) for row in rows]


def sending(place: JournalPlace, go: Callable[[Sending], Awaitable[None]], **more: Any) -> None:
    """Runs `go` with one process on the journal."""

    async def run() -> None:
        one = Sending(place, **more)
        try:
            await go(one)
        finally:
            await asyncio.to_thread(one.journal.close)

    asyncio.run(run())

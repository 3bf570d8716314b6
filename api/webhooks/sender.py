"""The task that sends what is due: one in each worker, on the outbox that all share.

Twice a second it looks which endpoints something is due for. Each is served by a task of its own, a few events at a
time, so that one that answers slowly keeps only its own events waiting. What was taken from the outbox is sent without
a lock, and what became of it is written at once. At the end of the service nothing more is taken; tries under way have
`END_SECONDS`, then they are put back and count as not tried.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from api.network_addresses import Network
from api.webhooks.event_messages import EventMessage, event_message
from api.webhooks.event_signatures import signed_headers
from api.webhooks.posting import NoAnswer, post, trusted_authorities
from api.webhooks.sending_times import next_try, retry_after
from api.webhooks.webhook_url import AddressRefused, Resolve, address_of, read_url, resolved
from ledger.journal.journal import Journal
from ledger.journal.outbox import Delivery, OutboxState, arrived, due_endpoints, failed, put_back, take
from ledger.store.trouble import JournalUnavailable
from ledger.webhooks.endpoint_changes import EndpointRefused, UnknownEndpoint, disable_endpoint
from ledger.webhooks.endpoints import WebhookEndpoint
from ledger.webhooks.webhooks import Webhooks

LOOK_SECONDS = 0.5
COUNT_SECONDS = 5.0
"""Between two counts of what waits, for the metrics."""

AT_ONCE = 8
"""Events that are sent to one endpoint at a time by one worker."""

END_SECONDS = 1.0
ACTOR = "webhook sender"
_GONE = 410
_IS_OK = range(200, 300)
_IS_ELSEWHERE = range(300, 400)

log = structlog.get_logger(__name__)

_Given = TypeVar("_Given")


class SenderObserver(Protocol):
    """Who counts what is sent; the service's metrics."""

    def webhook_tried(self, result: str) -> None:
        """`delivered`, `failed`, or `dead` where it is not tried any more."""

    def webhooks_wait(self, *, waiting: int, oldest_seconds: float, dead: int) -> None:
        """What has not arrived now."""


class Sender:
    """Of one process; for the event loop's thread."""

    def __init__(
        self,
        journal: Journal,
        webhooks: Webhooks,
        observer: SenderObserver,
        networks: Sequence[Network] = (),
        *,
        resolve: Resolve = resolved,
        tls: Callable[[], ssl.SSLContext] = trusted_authorities,
        chance: random.Random | None = None,
    ) -> None:
        """`networks`: those that may be sent to beside the public one. `resolve`, `tls` and `chance` are for tests."""
        self._journal = journal
        self._webhooks = webhooks
        self._observer = observer
        self._networks = networks
        self._resolve = resolve
        self._authorities = tls
        self._tls: ssl.SSLContext | None = None  # read at the first try: it takes 20 ms
        self._chance = chance or random.SystemRandom()
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._taken: set[Delivery] = set()
        self._ends = False
        self._counts_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, whatever happens to the journal."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
                break
            try:
                await self._look()
                await self._count()
            except JournalUnavailable:
                pass  # the journal says so itself
            except Exception as error:  # the next look must come
                log.error("webhooks can't be looked after", exc_info=error)
        await self._end()

    async def send_due(self) -> None:
        """Sends what is due now, and returns when all of it was tried. Raises `JournalUnavailable`."""
        await self._look()
        await asyncio.gather(*self._serving.values())

    async def _look(self) -> None:
        now = self._journal.clock.now()
        for endpoint in await asyncio.to_thread(self._due, now):
            if endpoint not in self._serving:
                task = self._serving[endpoint] = asyncio.create_task(self._serve(endpoint))
                task.add_done_callback(lambda _, endpoint=endpoint: self._serving.pop(endpoint, None))  # type: ignore[misc]  # bound by its default

    def _due(self, now: datetime) -> list[str]:
        return self._journal.ask(lambda connection, _: due_endpoints(connection, now))

    async def _count(self) -> None:
        if time.monotonic() < self._counts_at:
            return
        self._counts_at = time.monotonic() + COUNT_SECONDS
        states: Sequence[OutboxState] = list((await asyncio.to_thread(self._webhooks.waiting)).values())
        oldest = min((state.oldest_at for state in states if state.oldest_at is not None), default=None)
        now = self._journal.clock.now()
        self._observer.webhooks_wait(
            waiting=sum(state.waiting for state in states),
            oldest_seconds=0 if oldest is None else max(0, (now - datetime.fromisoformat(oldest)).total_seconds()),
            dead=sum(state.dead for state in states),
        )

    async def _serve(self, endpoint: str) -> None:
        """All that is due for one endpoint."""
        try:
            while not self._ends:
                taken = await self._write(partial(take, endpoint=endpoint, now=self._journal.clock.now(), most=AT_ONCE))
                self._taken.update(taken)
                if not taken:
                    return
                done = await asyncio.gather(*map(self._deliver, taken), return_exceptions=True)  # none is left behind
                for error in filter(None, done):
                    raise error
        except JournalUnavailable:
            pass  # what was taken is due again in a minute
        except Exception as error:  # other endpoints go on, and this one at the next look
            log.error("a webhook can't be served", endpoint=endpoint, exc_info=error)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._tried(delivery)
        except (JournalUnavailable, asyncio.CancelledError):
            raise
        except Exception as error:
            log.error("a webhook's event can't be sent", endpoint=delivery.endpoint, seq=delivery.seq, exc_info=error)
            await self._failed(delivery, "it could not be sent; the service's log says why")
        finally:
            if not self._ends:
                self._taken.discard(delivery)

    async def _tried(self, delivery: Delivery) -> None:
        endpoint = (await asyncio.to_thread(self._webhooks.endpoints)).get(delivery.endpoint)
        if endpoint is None or not endpoint.active:  # since it was taken; an end has forgotten it already
            await self._failed(delivery, "the webhook is not sent to any more", is_last=True)
            return
        message, secrets = await asyncio.to_thread(self._prepared, delivery, endpoint)
        try:
            url = read_url(endpoint.url)
            address = await self._address(endpoint)
            headers = signed_headers(message.id, int(self._journal.clock.now().timestamp()), message.body, secrets)
            answered = await post(url, address, headers, message.body, self._trusted())
        except (NoAnswer, AddressRefused) as error:
            await self._failed(delivery, str(error))
            return
        if answered.status in _IS_OK:
            await self._write(lambda connection: arrived(connection, delivery))
            self._done(delivery, "delivered")
        elif answered.status == _GONE:
            await self._disable(delivery)
        else:
            followed = ", which is not followed" if answered.status in _IS_ELSEWHERE else ""
            await self._failed(delivery, f"answered {answered.status}{followed}", answered.retry_after)

    async def _address(self, endpoint: WebhookEndpoint) -> str:
        """Asked for once, at each try. Raises `AddressRefused`, `NoAnswer`."""
        try:
            return await asyncio.wait_for(address_of(read_url(endpoint.url), self._networks, self._resolve), 5)
        except (OSError, UnicodeError) as error:  # TimeoutError among them
            raise NoAnswer("its name can't be resolved") from error

    def _prepared(self, delivery: Delivery, endpoint: WebhookEndpoint) -> tuple[EventMessage, list[str]]:
        message = self._journal.ask(lambda connection, keys: event_message(connection, keys, delivery))
        return message, self._webhooks.secrets(endpoint, self._journal.clock.now())

    def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = self._authorities()
        return self._tls

    async def _failed(
        self, delivery: Delivery, failure: str, asked_to_wait: str | None = None, *, is_last: bool = False
    ) -> None:
        now = self._journal.clock.now()
        then = None
        if not is_last:
            then = next_try(delivery.tries + 1, now, retry_after(asked_to_wait, now), self._chance)
        await self._write(lambda connection: failed(connection, delivery, now, then, failure))
        about = {"endpoint": delivery.endpoint, "seq": delivery.seq, "tries": delivery.tries + 1, "failure": failure}
        if then is None:
            log.error("a webhook's event is a dead letter", **about)
        else:
            log.info("a webhook's event was not taken", **about)
        self._done(delivery, "dead" if then is None else "failed")

    async def _disable(self, delivery: Delivery) -> None:
        """The receiver says that it is gone for good: this and all that waits for it is a dead letter."""
        with suppress(UnknownEndpoint, EndpointRefused):  # it has ended, or said so to another try
            await self._webhooks.change(disable_endpoint(delivery.endpoint, "it answered 410, gone"), ACTOR)
            log.error("a webhook is gone", endpoint=delivery.endpoint)
        self._done(delivery, "dead")

    def _done(self, delivery: Delivery, result: str) -> None:
        self._taken.discard(delivery)
        self._observer.webhook_tried(result)

    async def _write(self, work: Callable[[Connection], _Given]) -> _Given:
        """In the journal's transaction, with whatever else waits for it."""
        given: _Given = await self._journal.write(lambda transaction: work(transaction.connection))
        return given

    async def _end(self) -> None:
        """What is not done in time is put back: it is due at the next start."""
        self._ends = True
        tasks = list(self._serving.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=END_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        taken, now = list(self._taken), self._journal.clock.now()
        if taken:
            with suppress(JournalUnavailable):
                await self._write(lambda connection: put_back(connection, taken, now))

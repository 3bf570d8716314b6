"""The task that sends what is due: one in each worker, on the outbox that all share.

Twice a second it looks which endpoints something is due for. Each is served by a task of its own, a few events at a
time, so that one that answers slowly keeps only its own events waiting; one that takes nothing rests (`pauses`). What
was taken from the outbox is sent without a lock, and what became of it is written at once. At the end of the service
nothing more is taken; tries under way have `END_SECONDS`, then they are put back and count as not tried.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from api.network_addresses import Network
from api.webhooks.event_messages import EventMessage, RecordUnreadable, event_message
from api.webhooks.event_signatures import signed_headers
from api.webhooks.name_lookups import NameLookups
from api.webhooks.pauses import Pauses
from api.webhooks.posting import NoAnswer, post, trusted_authorities
from api.webhooks.sending_times import AGE_MAX, next_try, retry_after
from api.webhooks.webhook_url import AddressRefused, Resolve, WebhookUrl, read_url, resolved
from ledger.journal.journal import Journal
from ledger.journal.outbox import (
    Delivery,
    OutboxState,
    arrived,
    due_endpoints,
    failed,
    forget_dead_letters,
    give_up_old,
    has_dead_letters,
    put_back,
    take,
    too_old,
)
from ledger.store.trouble import JournalUnavailable
from ledger.webhooks.endpoint_changes import EndpointRefused, UnknownEndpoint, disable_endpoint
from ledger.webhooks.endpoints import WebhookEndpoint
from ledger.webhooks.webhooks import SecretUnreadable, Webhooks

LOOK_SECONDS = 0.5
COUNT_SECONDS = 5.0
"""Between two counts of what waits, for the metrics."""

TIDY_SECONDS = 60.0
"""Between two looks for what has waited, or has been a dead letter, for too long."""

TIDIED_AT_ONCE = 500
LETTERS_KEPT = timedelta(days=30)
"""For how long dead letters can be sent again."""

END_SECONDS = 1.0
UNEXPECTED = "it could not be sent; the service's log says why"
ACTOR = "webhook sender"
_GONE = 410
_IS_OK = range(200, 300)
_IS_ELSEWHERE = range(300, 400)

log = structlog.get_logger(__name__)

_Given = TypeVar("_Given")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one batch goes, and what signs it."""

    url: WebhookUrl
    address: str
    secrets: Sequence[str]


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
        letters_kept: timedelta = LETTERS_KEPT,
        resolve: Resolve = resolved,
        tls: Callable[[], ssl.SSLContext] = trusted_authorities,
        chance: random.Random | None = None,
    ) -> None:
        """`networks`: those that may be sent to beside the public one. `letters_kept`: how long dead letters are.
        `resolve`, `tls` and `chance` are for tests."""
        self._journal = journal
        self._webhooks = webhooks
        self._observer = observer
        self._letters_kept = letters_kept
        self.lookups, self._pauses = NameLookups(networks, resolve), Pauses()
        self._authorities = tls
        self._tls: ssl.SSLContext | None = None  # read at the first try: it takes 20 ms
        self._chance = chance or random.SystemRandom()
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._taken: set[Delivery] = set()
        self._ends = False
        self._counts_at = self._tidies_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, whatever happens to the journal."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
                break
            try:
                await self._look()
                await self._count()
                await self._tidy()
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
        for endpoint in await self._read(partial(due_endpoints, now=now)):
            if endpoint not in self._serving:
                task = self._serving[endpoint] = asyncio.create_task(self._serve(endpoint))
                task.add_done_callback(lambda _, endpoint=endpoint: self._serving.pop(endpoint, None))  # type: ignore[misc]  # bound by its default

    async def _read(self, question: Callable[[Connection], _Given]) -> _Given:
        return await asyncio.to_thread(self._journal.ask, lambda connection, _: question(connection))

    async def _count(self) -> None:
        if time.monotonic() < self._counts_at:
            return
        self._counts_at = time.monotonic() + COUNT_SECONDS
        state: OutboxState = await asyncio.to_thread(self._webhooks.waiting_in_all)
        now, oldest = self._journal.clock.now(), state.oldest_at
        self._observer.webhooks_wait(
            waiting=state.waiting,
            oldest_seconds=0 if oldest is None else max(0, (now - datetime.fromisoformat(oldest)).total_seconds()),
            dead=state.dead,
        )

    async def _tidy(self) -> None:
        if time.monotonic() >= self._tidies_at:
            self._tidies_at = time.monotonic() + TIDY_SECONDS
            await self.tidy()

    async def tidy(self) -> None:
        """What has waited for too long is a dead letter, and what has been one for too long is deleted. Raises
        `JournalUnavailable`."""
        now = self._journal.clock.now()
        before, kept_from = now - AGE_MAX, now - self._letters_kept
        while old := await self._read(partial(too_old, before=before, most=TIDIED_AT_ONCE)):
            for each in await self._write(
                partial(give_up_old, old=old, before=before, now=now, failure="it was not its turn in four days")
            ):
                _log_dead(each, each.tries, each.failure)
        if await self._read(partial(has_dead_letters, before=kept_from)):
            while await self._write(partial(forget_dead_letters, before=kept_from, most=TIDIED_AT_ONCE)):
                pass

    async def _serve(self, id: str) -> None:
        """All that is due for one endpoint, unless it rests or its name is still being asked for."""
        try:
            while not self._ends and self.lookups.may_ask(id):
                now = self._journal.clock.now()
                most = self._pauses.most(id, now)
                taken = await self._write(partial(take, endpoint=id, now=now, most=most)) if most else []
                if not taken:
                    return
                self._taken.update(taken)
                try:
                    await self._send(id, taken)
                finally:
                    if not self._ends:
                        self._taken.difference_update(taken)
        except JournalUnavailable:
            pass  # what was taken is due again in a minute
        except Exception as error:  # other endpoints go on, and this one at the next look
            log.error("a webhook can't be served", endpoint=id, exc_info=error)

    async def _send(self, id: str, taken: Sequence[Delivery]) -> None:
        """One batch, to one address. Each of them is tried once, whatever goes wrong."""
        endpoint = (await asyncio.to_thread(self._webhooks.endpoints)).get(id)
        if endpoint is None or not endpoint.active:  # since they were taken; an end has forgotten them already
            await _all(self._failed(each, "the webhook is not sent to any more", is_last=True) for each in taken)
            return
        try:
            target = await self._target(endpoint)
        except (NoAnswer, AddressRefused) as error:
            await self._none_sent(taken, str(error))
        except SecretUnreadable as error:
            log.error("a webhook's secret can't be read", endpoint=id, reason=str(error))
            await self._none_sent(taken, "its secret can't be read")
        except JournalUnavailable:
            raise
        except Exception as error:
            log.error("a webhook can't be served", endpoint=id, exc_info=error)
            await self._none_sent(taken, UNEXPECTED)
        else:
            await _all(self._deliver(each, target) for each in taken)

    async def _target(self, endpoint: WebhookEndpoint) -> _Target:
        """Raises `SecretUnreadable`, `AddressRefused`, `NoAnswer`."""
        secrets = await asyncio.to_thread(self._webhooks.secrets, endpoint, self._journal.clock.now())
        url = read_url(endpoint.url)
        try:
            return _Target(url, await self.lookups.address(endpoint.id, url), secrets)
        except (OSError, UnicodeError) as error:  # TimeoutError among them
            raise NoAnswer("its name can't be resolved") from error

    async def _none_sent(self, taken: Sequence[Delivery], failure: str) -> None:
        await _all(self._failed(each, failure) for each in taken)

    async def _deliver(self, delivery: Delivery, target: _Target) -> None:
        try:
            await self._tried(delivery, target)
        except JournalUnavailable:
            raise
        except Exception as error:
            log.error("a webhook's event can't be sent", endpoint=delivery.endpoint, seq=delivery.seq, exc_info=error)
            await self._failed(delivery, UNEXPECTED)

    async def _tried(self, delivery: Delivery, target: _Target) -> None:
        try:
            message = await asyncio.to_thread(self._message, delivery)
            now = int(self._journal.clock.now().timestamp())
            headers = signed_headers(message.id, now, message.body, target.secrets)
            answered = await post(target.url, target.address, headers, message.body, self._trusted())
        except (NoAnswer, RecordUnreadable) as error:
            await self._failed(delivery, str(error))
            return
        if answered.status in _IS_OK:
            await self._write(lambda connection: arrived(connection, delivery))
            self._pauses.took(delivery.endpoint)
            self._done(delivery, "delivered")
        elif answered.status == _GONE:
            await self._disable(delivery)
        else:
            followed = ", which is not followed" if answered.status in _IS_ELSEWHERE else ""
            await self._failed(delivery, f"answered {answered.status}{followed}", answered.retry_after)

    def _message(self, delivery: Delivery) -> EventMessage:
        return self._journal.ask(lambda connection, keys: event_message(connection, keys, delivery))

    def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = self._authorities()
        return self._tls

    async def _failed(
        self, delivery: Delivery, failure: str, asked_to_wait: str | None = None, *, is_last: bool = False
    ) -> None:
        now, tries = self._journal.clock.now(), delivery.tries + 1
        then = None
        if not is_last:
            since = datetime.fromisoformat(delivery.since)
            then = next_try(tries, since, now, retry_after(asked_to_wait, now), self._chance)
        await self._write(lambda connection: failed(connection, delivery, now, then, failure))
        self._pauses.failed(delivery.endpoint, now)
        if then is None:
            _log_dead(delivery, tries, failure)
        else:
            about = {"endpoint": delivery.endpoint, "seq": delivery.seq, "tries": tries, "failure": failure}
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


async def _all(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    """None is left behind; then the first error is raised."""
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for error in filter(None, done):
        raise error


def _log_dead(letter: Delivery, tries: int, failure: str | None) -> None:
    about = {"endpoint": letter.endpoint, "seq": letter.seq, "tries": tries, "failure": failure}
    log.error("a webhook's event is a dead letter", **about)

"""What endpoints' names stand for, each asked for in a thread of its own.

A name server that hangs keeps the system's resolver for as long as it likes, and nobody can end that. So there is at
most one question pending for each endpoint, which is not sent to meanwhile, and no other endpoint waits for it, nor
anything else that the service does in threads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from api.network_addresses import Network
from api.webhooks.webhook_url import Resolve, WebhookUrl, address_of
from ledger.webhooks.endpoint_changes import ENDPOINTS_MAX

SECONDS_MAX = 5.0
"""After which nobody waits for the answer any more."""

PENDING_MAX = ENDPOINTS_MAX


class NameLookups:
    """Of one process; for the event loop's thread."""

    def __init__(self, networks: Sequence[Network], resolve: Resolve) -> None:
        """`networks`: those that may be sent to beside the public one."""
        self._networks = networks
        self._resolve = resolve
        self._pending: dict[str, Future[str]] = {}

    def may_ask(self, endpoint: str) -> bool:
        """Whether the name is not being asked for already, nor too many others are."""
        self._pending = {each: future for each, future in self._pending.items() if not future.done()}
        return endpoint not in self._pending and len(self._pending) < PENDING_MAX

    async def address(self, endpoint: str, url: WebhookUrl) -> str:
        """The one address to connect to. Raises what `address_of` raises, and TimeoutError, an OSError, after
        `SECONDS_MAX`."""
        future = self._pending[endpoint] = Future()
        question = _question(future, lambda: address_of(url, self._networks, self._resolve))
        threading.Thread(target=question, name="webhook's name", daemon=True).start()  # never waited for at the end
        return await asyncio.wait_for(asyncio.wrap_future(future), SECONDS_MAX)


def _question(future: Future[str], ask: Callable[[], str]) -> Callable[[], None]:
    """Its answer goes to the future, which nobody can take back once it is asked."""
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # whoever waits has it
            future.set_exception(error)

    return run

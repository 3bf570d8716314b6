"""The real app behind a real socket, in a thread; and a policy set small enough to see through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from api.host_names import is_loopback
from api.http.guard import ConnectionLimits
from api.http.server import guarded_server
from api.settings import Settings
from ledger.journal.clock import Clock
from tests.support.patience import PATIENCE

ORDERS = """\
policy: orders
title: {en: Order release, zh: 订单放行}
decides: order
parameters:
  limit: 10000
rules:
  over-limit:
    when: order.amount > limit
    then: hold
    reason: {en: "Above {limit}: {order.amount}.", zh: "超过 {limit}：{order.amount}。"}
...
"""
FACTS = "currency: EUR\npolicies: [orders]\nfacts: {}\n...\n"
BODY = {"as_of": "2026-07-01", "order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}


def write_rules(folder: Path, orders: str = ORDERS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "facts.yaml").write_text(FACTS, encoding="utf-8")
    (folder / "orders.yaml").write_text(orders, encoding="utf-8")
    return folder


def journal_file(settings: Settings) -> Path:
    """Of a service that keeps its journal in one."""
    assert isinstance(settings.journal, Path)
    return settings.journal


@contextmanager
def running(
    settings: Settings,
    clock: Clock | None = None,
    limits: ConnectionLimits | None = None,
    *,
    asks_for_keys: bool = False,
) -> Iterator[httpx2.Client]:
    """A client of the running service; on leaving, the service is shut down and its journal closed. It asks nobody for
    a key, as `make run` doesn't, unless a test is about keys or the service listens beyond this machine."""
    insecure_local = is_loopback(settings.host) and not asks_for_keys
    server = guarded_server(settings.model_copy(update={"port": 0, "insecure_local": insecure_local}), limits, clock)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started or not thread.is_alive())
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Waits for something the service does in its own time; fails where it doesn't."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)

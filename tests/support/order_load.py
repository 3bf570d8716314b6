"""Services under a load of orders, some of them cut off: what was answered, and what must be true of it afterwards.

Four accounts, each with room for ten orders of 1,000.00 (`order_desks`). Callers enter orders, cancel some of those
that were approved, and go on whatever breaks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from ledger.store.place import JournalPlace, ServerAddress
from tests.support.order_desks import accounts, put_rows_at, settings_of_desk
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.running_service import eventually
from tests.support.service_processes import free_port

ALLOWED = 10
"""Orders on each account."""

ACCOUNTS = ("C-0", "C-1", "C-2", "C-3")


def prepare(home: Path, place: JournalPlace) -> None:
    """Rules and accounts, before any service."""
    settings_of_desk(home)
    put_rows_at(place, accounts(*ACCOUNTS))


@contextmanager
def order_service(home: Path, place: JournalPlace) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process that takes orders, and where; what is in flight when it is killed is cut off."""
    port = free_port()
    environment = os.environ | {
        "CREDENCE_RULES": str(home / "rules"),
        "CREDENCE_JOURNAL": place.uri if isinstance(place, ServerAddress) else str(place),
        "CREDENCE_PORT": str(port),
        "CREDENCE_INSECURE_LOCAL": "1",
        "PYTHONPATH": str(ROOT),
    }
    with (home / f"log-{port}").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "api.http"], env=environment, stderr=log, cwd=home)
    url = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        assert process.poll() is None, (home / f"log-{port}").read_text("utf-8")[-2_000:]
        try:
            return httpx2.get(f"{url}/readyz", timeout=PATIENCE).status_code == 200
        except httpx2.TransportError:
            return False

    try:
        eventually(is_ready, PATIENCE)
        yield process, url
    finally:
        process.kill()
        process.wait(PATIENCE)


class OrderLoad:
    """What some callers sent and were answered."""

    def __init__(self) -> None:
        self.sent: dict[str, dict[str, Any]] = {}
        self.answered: dict[str, str] = {}
        """State of each order as it was answered last."""

        self.cancelling: set[str] = set()
        """Orders whose cancelling was asked for, answered or not."""

        self.statuses: set[int] = set()
        self.stop = threading.Event()
        self._callers: list[threading.Thread] = []

    def begin(self, *urls: str, callers: int = 4) -> None:
        """Each caller with orders of its own, at one of these services."""
        first = len(self._callers)
        for number in range(first, first + callers):
            caller = threading.Thread(target=self._call, args=(urls[number % len(urls)], number))
            self._callers.append(caller)
            caller.start()

    def end(self) -> None:
        """No more is sent."""
        self.stop.set()
        for caller in self._callers:
            caller.join(PATIENCE)

    def _call(self, url: str, caller: int) -> None:
        with httpx2.Client(base_url=url, timeout=PATIENCE) as client:
            for number in range(1_000_000):
                if self.stop.is_set():
                    return
                try:
                    self._order(client, f"SO-{caller}-{number}", ACCOUNTS[(caller + number) % 4], number)
                except httpx2.TransportError:
                    if self.stop.wait(0.05):
                        return

    def _order(self, client: httpx2.Client, number: str, account: str, place: int) -> None:
        body = {"account": account, "order": {"id": number, "amount": "1000.00", "payment_days": 30}}
        self.sent[number] = body
        answer = client.post("/v1/orders", json=body)
        self.statuses.add(answer.status_code)
        if answer.status_code != 201:
            return
        self.answered[number] = state = answer.json()["order"]["state"]
        if state == "approved" and place % 2:
            self.cancelling.add(number)
            cancelled = client.post(f"/v1/orders/{number}/cancel", json={})
            self.statuses.add(cancelled.status_code)
            if cancelled.status_code == 200:
                self.answered[number] = cancelled.json()["order"]["state"]


SENT_AGAIN = 40
"""Orders of those that were answered, and of those that weren't, that `faults` sends again."""


def faults(url: str, load: OrderLoad) -> list[str]:
    """What isn't as it was answered, or is reserved beyond what there is or twice; empty where all is well. The last
    orders are sent again in between, as their callers do."""
    found = []
    with httpx2.Client(base_url=url, timeout=PATIENCE) as client:
        before = _states(client)
        for number, state in load.answered.items():
            lifted = state == "held" and before.get(number) == "approved"
            cancelled = number in load.cancelling and before.get(number) == "cancelled"
            if before.get(number) != state and not lifted and not cancelled:
                found.append(f"{number} was answered {state} and is {before.get(number)}")
        unanswered = [number for number in load.sent if number not in load.answered]
        for number in [*list(load.answered)[-SENT_AGAIN:], *unanswered[-SENT_AGAIN:]]:
            again = client.post("/v1/orders", json=load.sent[number])
            if again.status_code not in (201, 409):
                found.append(f"{number} sent again: {again.status_code}")
        after = _states(client)
        moved = {number for number in before if after[number] not in (before[number], "approved")}
        found += [f"{number} was {before[number]} and is {after[number]} after it was sent again" for number in moved]
        for account in ACCOUNTS:
            mine = [number for number, body in load.sent.items() if body["account"] == account]
            orders = sum(after.get(number) == "approved" for number in mine)
            kept = _account(client, account)["open_orders"]
            if kept != f"{orders * 1000}.00" or orders > ALLOWED:
                found.append(f"{account}: {orders} orders are approved, {kept} is reserved")
        verified = client.get("/v1/ledger/verify").text.splitlines()
    return found + [each for each in verified if '"difference"' in each]


def _states(client: httpx2.Client) -> dict[str, str]:
    """Of all orders; page by page."""
    states: dict[str, str] = {}
    cursor = None
    while True:
        page = client.get("/v1/orders", params={"limit": "200"} | ({"cursor": cursor} if cursor else {})).json()
        states |= {each["id"]: each["state"] for each in page["orders"]}
        cursor = page["next"]
        if cursor is None:
            return states


def _account(client: httpx2.Client, number: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/v1/accounts/{number}").json()
    return answer.get("account", answer)  # type: ignore[no-any-return]  # as JSON has it

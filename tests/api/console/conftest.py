"""One service for all tests of the console's pages: customers with names that nobody should be called, orders that
wait, and a person of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.support.console_visits import Visitor
from tests.support.keyed_services import bearer
from tests.support.order_desks import accounts, enter, keys_of_people, put_rows, settings_of_desk
from tests.support.running_service import running

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
RIGHT_TO_LEFT = "شركة النور للتجارة \u202egnp.exe"
FORMULA = '=HYPERLINK("http://evil.example")'


@dataclass(frozen=True)
class ConsoleDesk:
    """The service, and everybody's key by login."""

    client: httpx2.Client
    keys: dict[str, str]

    def enter(self, number: str, amount: str, account: str = "C-1", by: str = "u.becker") -> None:
        answer = enter(self.client, number, amount, account, **bearer(self.keys[by]))
        assert answer.status_code == 201, answer.text

    def visitor(self, login: str) -> Visitor:
        visitor = Visitor(self.client)
        assert visitor.sign_in(self.keys[login]).status_code == 303
        return visitor


@pytest.fixture(scope="package")
def console_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleDesk]:
    settings = settings_of_desk(tmp_path_factory.mktemp("desk"))
    keys = keys_of_people(settings)
    named = {"C-1": "Nordwind Handels GmbH", "C-2": SCRIPT, "C-3": LONG, "C-4": RIGHT_TO_LEFT, "C-5": FORMULA}
    rows = [row for number, name in named.items() for row in accounts(number, name=name)]
    put_rows(settings, [*rows, *accounts("C-7", "C-8", "C-9")])
    with running(settings, asks_for_keys=True) as client:
        desk = ConsoleDesk(client, keys)
        desk.enter("SO-1", "12000.00")
        desk.enter("SO-2", "500.00")
        for account in ("C-2", "C-3", "C-4", "C-5"):
            desk.enter(f"H-{account}", "30000.00", account)
        yield desk


@pytest.fixture(scope="package")
def manager(console_desk: ConsoleDesk) -> Iterator[Visitor]:
    """A credit manager's browser."""
    with console_desk.visitor("u.hoffmann") as visitor:
        yield visitor


@pytest.fixture(scope="package")
def auditor(console_desk: ConsoleDesk) -> Iterator[Visitor]:
    """An auditor's browser."""
    with console_desk.visitor("u.auditor") as visitor:
        yield visitor

"""Scenarios of orders, holds and releases: by the policies of November 2026 and by those that ship; on the pure verbs,
on SQLite and on PostgreSQL, which end with the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from engine.pipeline import Engine
from ledger.credit.account import Account, Group
from ledger.credit.order import Hold, Order, OrderDelivery, Release
from tests.support.credit_books import Books, PureBooks, StoredBooks
from tests.support.credit_scenarios import rows_of_scenario, run, scenarios
from tests.support.default_policies import default_policies, policies_of_november_2026
from tests.support.postgresql import new_database

SCENARIOS = scenarios()
IDS = [f"{each['check']} {each['title']}".replace(" ", "-") for each in SCENARIOS]
POLICIES = ("frozen", "shipped")
COMPARED = (Account, Group, Order, OrderDelivery, Hold, Release)
OF_ONE_JOURNAL = ("changed_seq", "since_seq", "decision", "record")
"""Places and ids, which differ from journal to journal."""


def engine_of(policies: str) -> Engine:
    return policies_of_november_2026() if policies == "frozen" else default_policies()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredBooks]:
    """One journal for all scenarios; each begins with rows of its own."""
    home = tmp_path_factory.mktemp("books")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(home)  # the keys of a journal on a server are made there
        if request.param == "sqlite":
            books = StoredBooks(home / "credence.db", default_policies())
            yield books
            books.close()
        else:
            with new_database(request.getfixturevalue("postgresql")) as place:
                books = StoredBooks(place, default_policies())
                yield books
                books.close()


@pytest.mark.parametrize("policies", POLICIES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=IDS)
def test_the_pure_verbs_do_as_each_scenario_says(scenario: dict[str, Any], policies: str) -> None:
    run(scenario, PureBooks(engine_of(policies), rows_of_scenario(scenario)), policies)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=IDS)
def test_a_database_keeps_what_the_pure_verbs_say(stored: StoredBooks, scenario: dict[str, Any]) -> None:
    rows = rows_of_scenario(scenario)
    pure = PureBooks(engine_of("shipped"), rows)
    stored.begin(engine_of("shipped"), rows)
    for books in (pure, stored):
        run(scenario, books, "shipped")
    assert _rows(stored) == _rows(pure)


def _rows(books: Books) -> dict[str, list[dict[str, Any]]]:
    return {kind.__name__: [_comparable(row) for row in books.rows(kind)] for kind in COMPARED}


def _comparable(row: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name not in OF_ONE_JOURNAL}

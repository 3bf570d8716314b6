"""Accounts, groups, limits, securities and grades: the paragraphs of accounts.yaml on the pure ledger and both
databases, by the policies that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.store.ledger_tables import STORED
from tests.support.default_policies import default_policies
from tests.support.ledger_books import PureBooks, journal_books
from tests.support.ledger_scenarios import Scenario, read_scenarios, run, run_together
from tests.support.ledger_totals import differences

SCENARIOS = read_scenarios(Path(__file__).with_name("accounts.yaml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_each_command_gives_what_is_written(scenario: Scenario) -> None:
    books = PureBooks(default_policies())
    run(scenario, books)
    assert differences(books) == []


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_both_databases_hold_the_same(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    engine = default_policies()
    pure = PureBooks(engine)
    run_together(SCENARIOS, pure)
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    with journal_books(engine, place) as books:
        run_together(SCENARIOS, books)
        assert differences(books) == []
        for kind in STORED:
            assert _rows(books, kind) == _rows(pure, kind), kind.__name__
        assert books.entries() == pure.entries()
        assert books.rechecked() == pure.rechecked()


def _rows(books: Any, kind: type[Any]) -> dict[Any, Any]:
    return {each.key: each for each in books.rows(kind)}

"""Items booked, paid, credited and taken back: the paragraphs of postings.yaml on the pure ledger and both databases.

Afterwards all totals are added up again, and both databases hold the same rows as the pure ledger.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.pipeline import Engine
from ledger.items.item import OpenItem
from ledger.store.ledger_tables import STORED
from tests.support.default_policies import default_policies, policies_of_november_2026
from tests.support.ledger_books import Books, PureBooks, journal_books
from tests.support.ledger_scenarios import Scenario, read_scenarios, run, run_together
from tests.support.ledger_totals import differences

POSTINGS = read_scenarios(Path(__file__).with_name("postings.yaml"))
MONEY = read_scenarios(Path(__file__).with_name("money.yaml"))
"""Acceptance checks of items and money, by the policies that ship."""


@pytest.mark.parametrize("scenario", POSTINGS + MONEY, ids=lambda each: each.name)
def test_each_posting_gives_what_is_written(scenario: Scenario) -> None:
    books = PureBooks(_engine(MONEY if scenario in MONEY else POSTINGS))
    run(scenario, books)
    assert differences(books) == []


@pytest.mark.parametrize("scenarios", [POSTINGS, MONEY], ids=["postings", "money"])
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_both_databases_hold_the_same(
    backend: str, scenarios: list[Scenario], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine = _engine(scenarios)
    pure = PureBooks(engine)
    run_together(scenarios, pure)
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    with journal_books(engine, place) as books:
        run_together(scenarios, books)
        assert differences(books) == []
        assert books.verified(engine) == []
        for kind in STORED:
            assert _rows(books, kind) == _rows(pure, kind), kind.__name__
        assert books.entries() == pure.entries()
        assert books.rechecked() == pure.rechecked()


def _engine(scenarios: list[Scenario]) -> Engine:
    return default_policies() if scenarios is MONEY else policies_of_november_2026()


def _rows(books: Books, kind: type[Any]) -> dict[Any, Any]:
    return {each.key: replace(each, record=None) if kind is OpenItem else each for each in books.rows(kind)}

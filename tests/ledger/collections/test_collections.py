"""Disputes, promises, plans, contacts and the worklist: the paragraphs of collections.yaml on the pure ledger and both
databases, by the policies that ship. Afterwards all totals are added up again, and each database holds the same rows.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.books.verbs import VERBS
from ledger.books.verify import verify_ledger
from ledger.collections.agree_plan import AgreePlan, EndPlan
from ledger.collections.payment_plan import Instalment, PaymentPlan, PaymentPlanState
from ledger.collections.promise import Promise
from ledger.collections.record_promise import RecordPromise, WithdrawPromise
from ledger.credit.account import Account
from ledger.credit.change import Desk
from ledger.credit.snapshot import LedgerCommand, Snapshot
from ledger.items.item import ItemKind, OpenItem
from ledger.store.ledger_tables import STORED
from tests.support.default_policies import default_policies
from tests.support.ledger_books import Books, PureBooks, asker, journal_books
from tests.support.ledger_scenarios import Scenario, read_scenarios, run, run_together
from tests.support.ledger_totals import differences

SCENARIOS = read_scenarios(Path(__file__).with_name("collections.yaml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_each_paragraph_comes_out_as_it_is_written(scenario: Scenario) -> None:
    books = PureBooks(default_policies())
    run(scenario, books)
    assert differences(books) == []


@pytest.mark.parametrize(
    ("backend", "scenarios"),
    [
        ("sqlite", SCENARIOS),
        ("postgresql", SCENARIOS[:4]),
        pytest.param("postgresql", SCENARIOS, marks=pytest.mark.long),
    ],
    ids=["sqlite", "postgresql", "postgresql whole"],
)
def test_each_database_keeps_what_the_pure_verbs_say(
    backend: str, scenarios: list[Scenario], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """And its verification finds nothing wrong."""
    pure = PureBooks(default_policies())
    run_together(scenarios, pure)
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    with journal_books(default_policies(), place) as books:
        run_together(scenarios, books)
        assert differences(books) == []
        for kind in STORED:
            assert _rows(books, kind) == _rows(pure, kind), kind.__name__
        assert books.entries() == pure.entries()
        assert books.rechecked() == pure.rechecked()
        verified = books.journal.ask(lambda connection, keys: verify_ledger(connection, keys, default_policies()))
        assert (verified.total, verified.differences) == (0, [])
        books.read(
            lambda connection: connection.exec_driver_sql("UPDATE disputes SET amount = amount + 1, state = 'open'")
        )
        found = books.journal.ask(lambda connection, keys: verify_ledger(connection, keys, None))
        assert {each.figure for each in found.differences} >= {f"disputed_amount of item {scenarios[0].prefix}I-1"}


@pytest.mark.parametrize(
    "agreed",
    [
        RecordPromise(account="C-1", due_on="2026-07-20", asker=asker(), id="1"),
        WithdrawPromise(account="C-1", number=1, asker=asker()),
        AgreePlan(account="C-1", number=1, asker=asker("u.c", "controller"), id="2"),
        EndPlan(account="C-1", number=2, reason="x", asker=asker()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_worklist_is_looked_at_again_after(agreed: LedgerCommand) -> None:
    """So that no letter stands on it that waits now."""
    item = OpenItem(
        id="I-1", account="C-1", kind=ItemKind.INVOICE, issued_on=20_000, due_on=20_600, amount=100, open_amount=100,
        digest="",
    )  # fmt: skip
    promise = Promise(account="C-1", number=1, items=("I-1",), amount=100, promised_on=20_635, due_on=20_700,
                      counts_until=20_700)  # fmt: skip
    asked = PaymentPlan(account="C-1", number=1, items=("I-1",), amount=100, asked_on=20_635)
    part = Instalment(account="C-1", plan=1, number=1, due_on=20_700, counts_until=20_700, amount=100)
    running = replace(asked, number=2, state=PaymentPlanState.RUNNING)
    snapshot = Snapshot([Account(id="C-1", currency="EUR"), item, promise, asked, part, running])
    change = VERBS[type(agreed)](snapshot, agreed, Desk(engine=default_policies(), day=20_635))
    assert change.refused is None and change.rechecks == {"C-1"}


def _rows(books: Books, kind: type[Any]) -> dict[Any, Any]:
    return {each.key: replace(each, record=None) if kind is OpenItem else each for each in books.rows(kind)}

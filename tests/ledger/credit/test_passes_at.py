"""What would let a held order go, in figures that the engine confirms: they pass, and a cent less doesn't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.pipeline import Engine
from ledger.credit import passes_at as module
from ledger.credit.account import Account, AccountStatus
from ledger.credit.change import Asker, Desk
from ledger.credit.judging import judge
from ledger.credit.order import Order
from ledger.credit.passes_at import PassesAt, headroom, passes_at
from ledger.credit.snapshot import Snapshot
from ledger.credit.submit import Submit, submit
from tests.support.credit_books import BASE_DAY, base_rows
from tests.support.credit_processes import small_engine
from tests.support.order_desks import accounts


def _entered(engine: Engine, rows: list[Any], amount: str, **facts: Any) -> tuple[Snapshot, Order, Desk]:
    snapshot, desk = Snapshot(rows), Desk(engine=engine, day=BASE_DAY)
    asked = {"amount": amount, "payment_days": 30, **facts}
    command = Submit(order="O", account="C-1", asked=asked, copied_from=None, asker=Asker(login="u.becker"), id="1")
    for row in submit(snapshot, command, desk).rows:
        snapshot.put(row)
    order = snapshot.get(Order, "O")
    assert order is not None
    return snapshot, order, desk


def test_over_the_limit_each_way_out_has_its_figure(default_engine: Engine) -> None:
    """20,000.00 open and 50,000.00 ordered under 63,000.00 with tolerance: 7,000.00 are too much."""
    found = passes_at(*_entered(default_engine, base_rows(), "50000.00"))
    assert found == PassesAt(now=False, amount=43_000_00, payment=7_000_00, deposit=7_000_00, security=7_000_00)
    assert found.shown("EUR")["amount"] == "43000.00"


def test_what_no_money_helps_has_no_figure(default_engine: Engine) -> None:
    found = passes_at(*_entered(default_engine, base_rows(status=AccountStatus.BLOCKED), "50.00"))
    assert found == PassesAt(now=False, amount=None, payment=None, deposit=None, security=None)


def test_terms_that_are_too_long_pass_with_no_amount(default_engine: Engine) -> None:
    snapshot, order, desk = _entered(default_engine, base_rows(), "50.00", payment_days=360)
    found = passes_at(snapshot, order, desk)
    assert (found.now, found.amount) == (False, None)


def test_an_order_whose_cause_is_gone_passes_now(default_engine: Engine) -> None:
    snapshot, order, desk = _entered(default_engine, base_rows(), "50000.00")
    account = snapshot.get(Account, "C-1")
    assert account is not None
    snapshot.put(replace(account, open_items=0))
    assert passes_at(snapshot, order, desk).now


@pytest.mark.parametrize("amount", ["10000.01", "12345.67", "999999.99"])
def test_without_a_figure_to_begin_with_the_range_is_halved(monkeypatch: pytest.MonkeyPatch, amount: str) -> None:
    engine, rows = small_engine(), list(accounts("C-1"))
    quick = passes_at(*_entered(engine, rows, amount))
    monkeypatch.setattr(module, "_least_figure", lambda *_: 0)
    assert passes_at(*_entered(engine, rows, amount)) == quick
    assert quick.amount == 10_000_00


def test_a_figure_is_found_by_few_decisions(monkeypatch: pytest.MonkeyPatch, default_engine: Engine) -> None:
    """The figures that the policies show say where to look."""
    snapshot, order, desk = _entered(default_engine, base_rows(), "50000.00")
    decided = []

    def counting(*arguments: Any) -> Any:
        decided.append(arguments)
        return judge(*arguments)

    monkeypatch.setattr(module, "judge", counting)
    passes_at(snapshot, order, desk)
    assert len(decided) <= 1 + 4 * 3


@pytest.mark.parametrize(
    ("more", "amount"),
    [
        ({}, 43_000_00),
        ({"open_items": 0}, 63_000_00),
        ({"open_items": 63_000_00}, None),
        ({"limit": 300_000_00}, 100_000_00),
    ],
)
def test_headroom_is_the_largest_order_that_passes(
    default_engine: Engine, more: dict[str, Any], amount: int | None
) -> None:
    rows = base_rows(**more)
    account = next(each for each in rows if isinstance(each, Account))
    desk = Desk(engine=default_engine, day=BASE_DAY)
    assert headroom(Snapshot(rows), account, desk) == amount

"""Splitting an order is no way around: never are both halves approved where the whole is held, and the second half
takes no less authority than the whole."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from engine.pipeline import Engine
from ledger.credit.change import Asker, Desk
from ledger.credit.judging import judge
from ledger.credit.order import Order, OrderCheckpoint, OrderState
from ledger.credit.snapshot import Snapshot
from ledger.credit.submit import Submit, submit
from tests.support.credit_books import BASE_DAY, base_rows
from tests.support.large import IS_LARGE

STATES = 2000 if IS_LARGE else 150
AUTHORITIES = ("assistant", "credit_manager", "controller", "cfo")
GOES = (OrderState.APPROVED, OrderState.CONDITIONAL)


@dataclass(frozen=True)
class Split:
    """An account, and an order in two halves, some days apart."""

    limit: int
    open_items: int
    first: int
    second: int
    days: int
    is_copy: bool


def _splits() -> list[Split]:
    chosen = random.Random(15)  # the same in every run
    amounts = (1_000_00, 9_999_99, 10_000_00, 25_000_00, 43_000_00, 50_000_00, 60_000_00, 100_000_00)
    return [
        Split(
            limit=chosen.choice((20_000_00, 60_000_00, 90_000_00, 300_000_00)),
            open_items=chosen.choice((0, 20_000_00, 55_000_00)),
            first=chosen.choice(amounts),
            second=chosen.choice(amounts),
            days=chosen.choice((0, 1, 6, 30)),
            is_copy=chosen.random() < 0.3,
        )
        for _ in range(STATES)
    ]


def _decided(engine: Engine, snapshot: Snapshot, number: str, amount: int, day: int, copied_from: str | None) -> Any:
    command = Submit(
        order=number,
        account="C-1",
        asked={"amount": f"{amount / 100:.2f}", "payment_days": 30},
        copied_from=copied_from,
        asker=Asker(login="u.becker"),
        id=number,
    )
    change = submit(snapshot, command, Desk(engine=engine, day=day))
    for row in change.rows:
        snapshot.put(row)
    assert change.judged is not None
    return change.judged.decision


def test_no_two_halves_go_where_the_whole_is_held(default_engine: Engine) -> None:
    for split in _splits():
        rows = base_rows(limit=split.limit, open_items=split.open_items)
        whole = _decided(default_engine, Snapshot(rows), "W", split.first + split.second, BASE_DAY, None)
        snapshot = Snapshot(rows)
        if split.days > 7 and not split.is_copy:
            continue  # the window is over, and nobody says that they belong together
        first = _decided(default_engine, snapshot, "A", split.first, BASE_DAY, None)
        origin = "A" if split.is_copy else None
        second = _decided(default_engine, snapshot, "B", split.second, BASE_DAY + split.days, origin)
        halves = [snapshot.get(Order, each) for each in ("A", "B")]
        both_go = all(each is not None and each.state in GOES for each in halves)
        assert not (both_go and whole.outcome in ("hold", "reject")), (split, whole.outcome)
        needed = [AUTHORITIES.index(str(each.results["release"]["authority"])) for each in (second, whole)]
        assert needed[0] >= needed[1], split
        assert second.results["release"]["two_people"] or not whole.results["release"]["two_people"], split
        assert first.outcome in ("approve", "approve_with_conditions", "hold", "reject")


def test_an_order_is_no_sister_of_its_own(default_engine: Engine) -> None:
    snapshot = Snapshot(base_rows())
    _decided(default_engine, snapshot, "A", 1_000_00, BASE_DAY, None)
    order = snapshot.get(Order, "A")
    assert order is not None
    body = judge(snapshot, order, Desk(engine=default_engine, day=BASE_DAY), OrderCheckpoint.RECHECK, "").facts
    assert "related_amount" not in body["order"]

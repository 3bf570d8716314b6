"""Splitting an order is no way around: never are both halves approved where the whole is held, and the second half
takes no less authority than the whole."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from engine.pipeline import Engine
from engine.vocabulary.decimals import RATE_SCALE
from ledger.credit.account import Grade, Group
from ledger.credit.change import Asker, Desk
from ledger.credit.judging import judge
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.order import Order, OrderCheckpoint, OrderState
from ledger.credit.security import Security, SecurityKind
from ledger.credit.snapshot import LedgerRow, Snapshot
from ledger.credit.submit import Submit, submit
from tests.support.credit_books import BASE_DAY, base_rows
from tests.support.large import IS_LARGE
from tests.support.steps import long_after

STATES = (150, 20_000 if IS_LARGE else 2_000)
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
    guarantee: int
    temporary: int
    group: int
    """Limit of its group, of which it owes all that is owed; 0: it has none."""

    grade: str
    third: int
    """Of an order that is there already, held or approved."""


def _splits(states: int) -> list[Split]:
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
            guarantee=chosen.choice((0, 0, 30_000_00)),
            temporary=chosen.choice((0, 0, 90_000_00)),
            group=chosen.choice((0, 0, 60_000_00, 120_000_00)),
            grade=chosen.choice(("A", "B", "C", "D", "E")),
            third=chosen.choice((0, 0, 10_000_00, 45_000_00)),
        )
        for _ in range(states)
    ]


def _rows(split: Split) -> list[LedgerRow]:
    rows = base_rows(limit=split.limit, open_items=split.open_items, group="G" if split.group else None)
    rows.append(
        Grade(account="C-1", since=BASE_DAY - 90, grade=split.grade, review_on=None, decision=None, assigned_by=None)
    )
    if split.group:
        rows.append(Group(id="G", currency="EUR", limit=split.group, total=split.open_items, insolvent=False))
    if split.guarantee:
        rows.append(
            Security(
                account="C-1", id="S", kind=SecurityKind.BANK_GUARANTEE, amount=split.guarantee, cover=10**RATE_SCALE,
                until_on=BASE_DAY + 400,
            )
        )  # fmt: skip
    if split.temporary:
        rows.append(
            Limit(
                account="C-1", number=2, kind=LimitKind.TEMPORARY, amount=split.temporary, from_on=BASE_DAY,
                until_on=BASE_DAY + 60, state=LimitState.GRANTED,
            )
        )  # fmt: skip
    return rows


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


@pytest.mark.parametrize("states", long_after(1, STATES))
def test_no_two_halves_go_where_the_whole_is_held(default_engine: Engine, states: int) -> None:
    outcomes: Counter[str] = Counter()
    for split in _splits(states):
        if split.days > 7 and not split.is_copy:
            continue  # the window is over, and nobody says that they belong together
        rows = _rows(split)
        snapshot = Snapshot(rows)
        if split.third and split.days <= 7:  # later it is no sister of the second half
            _decided(default_engine, snapshot, "T", split.third, BASE_DAY, None)
        whole = _decided(default_engine, snapshot.with_rows(()), "W", split.first + split.second, BASE_DAY, None)
        outcomes[whole.outcome] += 1
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
    assert min(outcomes["approve"], outcomes["hold"]) > states // 20, outcomes


def test_an_order_is_no_sister_of_its_own(default_engine: Engine) -> None:
    snapshot = Snapshot(base_rows())
    _decided(default_engine, snapshot, "A", 1_000_00, BASE_DAY, None)
    order = snapshot.get(Order, "A")
    assert order is not None
    body = judge(snapshot, order, Desk(engine=default_engine, day=BASE_DAY), OrderCheckpoint.RECHECK, "").facts
    assert "related_amount" not in body["order"]

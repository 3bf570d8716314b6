"""Every move in every state: what is legal is done, what isn't is refused with what is, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.pipeline import Engine
from ledger.books.verbs import VERBS
from ledger.credit.change import Asker, CommandRefused, Desk, Unchanged
from ledger.credit.change_order import ChangeOrder
from ledger.credit.command_posting import Posting
from ledger.credit.deliver import Deliver, Undeliver, bill_order
from ledger.credit.moves import FROM, Move, legal_moves
from ledger.credit.order import LIVE, RESERVING, Hold, HoldKind, Order, OrderState
from ledger.credit.recheck import Lift, Recheck
from ledger.credit.release_order import ReleaseOrder, _counts
from ledger.credit.reopen import Reopen
from ledger.credit.snapshot import Snapshot
from ledger.credit.stop import Cancel, Close, HoldOrder, Reject
from tests.support.credit_books import BASE_DAY
from tests.support.credit_processes import small_engine
from tests.support.order_desks import accounts

ASKER = Asker(login="u.hoffmann", authority="cfo")
COMMANDS: dict[Move, Any] = {
    Move.CHANGE: ChangeOrder(order="SO-1", revision=2, asked={"amount": "90.00"}, asker=ASKER, id="1"),
    Move.RECHECK: Recheck(order="SO-1", asker=ASKER, id="1"),
    Move.LIFT: Lift(order="SO-1", cause={}, id="1"),
    Move.RELEASE: ReleaseOrder(order="SO-1", reason="x", expires_on=None, asker=ASKER, id="1"),
    Move.HOLD: HoldOrder(order="SO-1", asker=ASKER, reason="x"),
    Move.REJECT: Reject(order="SO-1", asker=ASKER, reason="x"),
    Move.CANCEL: Cancel(order="SO-1", asker=ASKER),
    Move.REOPEN: Reopen(order="SO-1", asker=ASKER, id="1"),
    Move.DELIVER: Deliver(order="SO-1", amount="10.00", is_final=False, asker=ASKER, id="1"),
    Move.UNDELIVER: Undeliver(order="SO-1", amount="10.00", is_again=False, reason="damaged", asker=ASKER, id="1"),
    Move.CLOSE: Close(order="SO-1", asker=ASKER),
}
AMOUNTS = {"nothing delivered": (0, 0), "part delivered": (20_00, 0), "all delivered": (100_00, 0)}
SLOW_CODE = {Move.DELIVER: "conditions-open"}


@pytest.fixture(scope="module", name="engine")
def _engine() -> Engine:
    return small_engine()


def _snapshot(state: OrderState, delivered: int) -> Snapshot:
    lapsed = 0 if state in LIVE or state is OrderState.REJECTED else 100_00 - delivered
    order = Order(
        id="SO-1",
        account="C-1",
        revision=1,
        state=state,
        asked={"amount": "100.00"},
        currency="EUR",
        amount=100_00,
        delivered=delivered,
        lapsed=lapsed,
        root="SO-1",
        entered_by="u.becker",
        entered_on=BASE_DAY,
    )
    order = replace(order, reserved=order.undelivered if state in RESERVING else 0)
    [account] = accounts("C-1")
    rows: list[Any] = [replace(account, open_orders=order.reserved, delivered=delivered), order]
    if state is OrderState.HELD:
        rows.append(Hold(order="SO-1", account="C-1", number=1, kind=HoldKind.POLICY, since=BASE_DAY, since_seq=0))
    return Snapshot(rows)


def test_every_move_but_billing_has_a_command() -> None:
    assert set(COMMANDS) == set(Move) - {Move.BILL}


@pytest.mark.parametrize("amounts", AMOUNTS)
@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("move", COMMANDS)
def test_a_move_is_done_or_refused_with_what_is_legal(
    engine: Engine, move: Move, state: OrderState, amounts: str
) -> None:
    delivered, _ = AMOUNTS[amounts]
    snapshot = _snapshot(state, delivered)
    order = snapshot.get(Order, "SO-1")
    assert order is not None
    command, desk = COMMANDS[move], Desk(engine=engine, day=BASE_DAY)
    try:
        change = VERBS[type(command)](snapshot, command, desk)
    except Unchanged:
        assert move is Move.LIFT
        assert state not in FROM[move]
        return
    except CommandRefused as refused:
        if move is Move.DELIVER and state is OrderState.CONDITIONAL:
            assert refused.code == "conditions-open"
        elif move is Move.CHANGE and delivered == order.amount and state in LIVE:
            assert refused.code == "below-delivered"
        else:
            assert (refused.code, refused.members["state"]) == ("illegal-move", state.value)
            assert refused.members["legal_moves"] == legal_moves(order)
            assert move.value not in refused.members["legal_moves"]
        return
    assert move is Move.LIFT or move.value in legal_moves(order)
    _balances(snapshot, change)


def _balances(snapshot: Snapshot, change: Any) -> None:
    """What an order comes to is where its parts are, and the account's totals moved by as much as the order's parts."""
    before = snapshot.get(Order, "SO-1")
    assert before is not None
    for row in change.rows:
        snapshot.put(row)
    after = snapshot.get(Order, "SO-1")
    assert after is not None
    assert min(after.undelivered, after.delivered, after.billed, after.lapsed, after.reserved) >= 0
    assert after.reserved == (after.undelivered if after.state in RESERVING else 0)
    moved = {"open_orders": after.reserved - before.reserved, "delivered": after.delivered - before.delivered}
    for bucket, amount in moved.items():
        assert sum(each.amount for each in change.entries if each.bucket == bucket) == amount
    open_holds = [each for each in snapshot.of_order(Hold, "SO-1") if each.lifted_on is None]
    assert len(open_holds) == (after.state is OrderState.HELD)


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("amount", [10_00, 20_00, 100_00, 500_00])
def test_an_invoice_takes_what_was_delivered_first_and_more_in_any_state(
    engine: Engine, state: OrderState, amount: int
) -> None:
    """No amount becomes negative, and what an order comes to stays; what isn't the order's is told."""
    snapshot = _snapshot(state, 20_00)
    posting = Posting(snapshot, Desk(engine=engine, day=BASE_DAY), "invoice")
    billed = bill_order(posting, "SO-1", amount)
    assert billed is not None
    order, rest = billed.order, max(amount - 20_00, 0)
    assert order.billed == min(amount, 100_00)
    assert order.delivered == max(20_00 - amount, 0)
    assert order.undelivered + order.lapsed == 80_00 - min(rest, 80_00)
    assert min(order.undelivered, order.lapsed, order.delivered) >= 0
    assert order.reserved == (order.undelivered if order.state in RESERVING else 0)
    assert (billed.state, billed.unchecked, billed.beyond) == (state, rest, max(amount - 100_00, 0))
    is_over = state in (OrderState.CLOSED, OrderState.CANCELLED) or amount >= 100_00
    assert (order.state is OrderState.CLOSED) == is_over
    open_holds = [each for each in (posting.get(Hold, "SO-1", 1),) if each is not None and each.lifted_on is None]
    assert len(open_holds) == (order.state is OrderState.HELD)
    assert bill_order(posting, "SO-none", 1) is None


@pytest.mark.parametrize(
    "results", [{}, {"release": {}}, {"release": {"in_force": None}}, {"release": {"in_force": False}}]
)
def test_a_release_of_which_the_policies_do_not_say_that_it_counts_does_not(results: dict[str, Any]) -> None:
    judged: Any = SimpleNamespace(decision=SimpleNamespace(results=results, outcome="approve"))
    assert _counts(judged) is False
    judged.decision.results = {"release": {"in_force": True}}
    assert _counts(judged) is True
    judged.decision.outcome = "hold"
    assert _counts(judged) is False

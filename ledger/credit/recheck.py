"""A held order is decided anew by what is known now: because somebody asks, or because something has changed that can
only help.

What somebody asks is recorded each time. The service records what it finds only where the order goes, or waits for
somebody to let it go (`release.lift`); its own look-up takes the oldest hold first, each order with the reservations of
those before it, so that a large order that doesn't fit keeps no smaller one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.credit.change import Asker, Desk, Judged, LedgerChange, Unchanged
from ledger.credit.command_posting import Posting
from ledger.credit.judging import (
    ITSELF,
    judge,
    open_hold,
    order_change,
    take_decision,
    wanted_order,
)
from ledger.credit.moves import FROM, Move, require_legal
from ledger.credit.order import RESERVING, STATE_OF_OUTCOME, Hold, HoldKind, Order, OrderCheckpoint, OrderState
from ledger.credit.order_currency import revalued
from ledger.credit.snapshot import Snapshot, Wants
from ledger.credit.stop import refused_own

AUTOMATIC = "automatic"
"""Of the policies' `release.lift`: the order goes out by itself. Whatever else they say, or nothing, offers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """Somebody wants an order decided again."""

    order: str
    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The order."""
        return Wants(orders=frozenset((self.order,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """The service looks whether an order still has to wait."""

    order: str
    cause: Mapping[str, Any] = field(hash=False)
    """What has changed, as JSON: `{"seq": 4711, "act": "payment"}`."""

    id: str
    """Of the decision, where there is one to record."""

    @property
    def wants(self) -> Wants:
        """The order."""
        return Wants(orders=frozenset((self.order,)))


def recheck(snapshot: Snapshot, command: Recheck, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. What a person holds stays held. Where nothing holds the order any more, it goes at the
    word of somebody with authority whose own it isn't; at anybody else's only where it would go by itself."""
    order = revalued(snapshot, wanted_order(snapshot, command.order), desk)
    require_legal(Move.RECHECK, order)
    judged = judge(snapshot, order, desk, OrderCheckpoint.RECHECK, command.id)
    posting = Posting(snapshot, desk, "recheck")
    hold, goes = open_hold(posting, order), STATE_OF_OUTCOME[judged.decision.outcome] in RESERVING
    if hold is not None and goes and not (_may_let_go(command.asker, order) or _goes_by_itself(judged)):
        is_manual = hold.kind is HoldKind.MANUAL
        offered = hold.liftable_since if is_manual or hold.liftable_since is not None else desk.day
        return _marked(posting, order, hold, judged, liftable_since=offered)
    order = take_decision(posting, order, judged, command.asker.login or "recheck")
    return order_change(posting, order, judged)


def lift(snapshot: Snapshot, command: Lift, desk: Desk) -> LedgerChange:
    """Raises `Unchanged` where the order waits on, or there is nothing to lift. Rejections and what a person holds are
    never looked at; an order that waits for its conditions goes once they are met, and is never worse for the look."""
    order = revalued(snapshot, wanted_order(snapshot, command.order), desk)
    if order.state not in FROM[Move.LIFT]:
        raise Unchanged
    posting = Posting(snapshot, desk, "lift")
    hold = open_hold(posting, order)
    if order.state is OrderState.HELD and (hold is None or hold.kind is HoldKind.MANUAL):
        raise Unchanged
    judged = judge(snapshot, order, desk, OrderCheckpoint.RECHECK, command.id)
    state = STATE_OF_OUTCOME[judged.decision.outcome]
    if hold is None:
        if state is not OrderState.APPROVED:
            raise Unchanged
        order = take_decision(posting, order, judged, ITSELF)
        return order_change(posting, order, judged, cause=command.cause)
    if state not in RESERVING:
        return _holds_on(posting, order, hold, judged, command)
    if _goes_by_itself(judged):
        order = take_decision(posting, order, judged, ITSELF)
        return order_change(posting, order, judged, cause=command.cause)
    if hold.liftable_since is not None:
        raise Unchanged
    return _marked(posting, order, hold, judged, liftable_since=desk.day, cause=command.cause)


def _holds_on(posting: Posting, order: Order, hold: Hold, judged: Judged, command: Lift) -> LedgerChange:
    if hold.liftable_since is None:
        raise Unchanged
    return _marked(posting, order, hold, judged, liftable_since=None, cause=command.cause)


def _marked(
    posting: Posting,
    order: Order,
    hold: Hold,
    judged: Judged,
    *,
    liftable_since: int | None,
    cause: Mapping[str, Any] | None = None,
) -> LedgerChange:
    """It stays held, and is offered to whoever may let it go, or no more."""
    posting.put(replace(hold, liftable_since=liftable_since))
    posting.put_order(replace(order, decision=judged.decision.id, outcome=judged.decision.outcome))
    return order_change(posting, order, judged, cause=cause)


def _may_let_go(asker: Asker, order: Order) -> bool:
    """A person with authority whose own order it isn't."""
    return asker.login is not None and asker.authority != "none" and refused_own(order, asker, "let go") is None


def _goes_by_itself(judged: Judged) -> bool:
    return judged.decision.results.get("release", {}).get("lift") == AUTOMATIC

"""A rejected or cancelled order is taken up again, as if it were entered today."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.change import Asker, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.judging import judge, order_change, take_decision, touched, wanted_order
from ledger.credit.ledger_state import require_authority
from ledger.credit.moves import Move, require_legal
from ledger.credit.order import OrderCheckpoint
from ledger.credit.order_currency import revalued
from ledger.credit.snapshot import Snapshot, Wants
from ledger.credit.stop import refused_own


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """In the revision that it had."""

    order: str
    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The order."""
        return Wants(orders=frozenset((self.order,)))


def reopen(snapshot: Snapshot, command: Reopen, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. What a person held or rejected takes another person with authority. Earlier approvals
    don't count, and releases ended with it; its root, and who entered it, stay: it is no way around sisters or around
    whoever may not release it."""
    order = wanted_order(snapshot, command.order)
    require_legal(Move.REOPEN, order)
    posting = Posting(snapshot, desk, "reopen")
    if order.stopped_by is not None:
        require_authority(command.asker)
        refused = refused_own(order, command.asker, "reopened")
        if refused is not None:
            return order_change(posting, order, None, refused=refused, is_refusal=True)
    again = replace(order, entered_on=desk.day, lapsed=0, approved_on=None, approved_amount=None, stopped_by=None)
    again = revalued(snapshot, again, desk)
    again = replace(again, touched_by=touched(order, command.asker))
    judged = judge(snapshot, again, desk, OrderCheckpoint.ENTRY, command.id)
    again = take_decision(posting, again, judged, "reopen")
    return order_change(posting, again, judged)

"""An order is changed: its next revision is decided with what it has reserved itself taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.credit.account import Account
from ledger.credit.asked_order import asked_amount
from ledger.credit.change import Again, Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.judging import judge, order_change, take_decision, touched, wanted_order
from ledger.credit.moves import Move, require_legal
from ledger.credit.order import Order, OrderCheckpoint, Release, ReleaseState, Revision
from ledger.credit.order_currency import own_share, worth_today
from ledger.credit.release_terms import uncovered
from ledger.credit.shown import money_shown, order_shown
from ledger.credit.snapshot import Snapshot, Wants
from ledger.credit.submit import digest_of_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrder:
    """A later revision of an order: all of it, as it is to be."""

    order: str
    revision: int
    """Above the order's; some may be left out."""

    asked: Mapping[str, Any] = field(hash=False)
    """As `Submit` has it. The amount is the whole order's, with what was delivered and invoiced of it."""

    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The order."""
        return Wants(orders=frozenset((self.order,)))


def change_order(snapshot: Snapshot, command: ChangeOrder, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `Again` where this revision was asked before. A release stays
    where it covers the terms that are asked now: whether it counts for the amount, the policies say."""
    order = wanted_order(snapshot, command.order)
    account = snapshot.existing(Account, order.account)
    digest = digest_of_asked(order.account, command.asked, None)
    _refuse_known(snapshot, order, command, digest)
    require_legal(Move.CHANGE, order)
    asked = asked_amount(command.asked, order.foreign_currency or account.currency, desk.engine.vocabulary)
    amount = _worth(snapshot, order, asked, desk)
    _refuse_below_delivered(order, amount)
    changed = replace(
        order,
        revision=command.revision,
        asked=command.asked,
        amount=amount,
        foreign_amount=None if order.foreign_currency is None else asked,
        lapsed=0,
        is_prepaid=command.asked.get("prepayment") is True,
        touched_by=touched(order, command.asker),
    )
    judged = judge(snapshot, changed, desk, OrderCheckpoint.CHANGE, command.id)
    posting = Posting(snapshot, desk, "change")
    posting.put(
        Revision(
            order=order.id,
            account=order.account,
            revision=command.revision,
            digest=digest,
            decision=judged.decision.id,
        )
    )
    if amount != order.amount:
        _end_proposals(posting, order)
    for release in uncovered(snapshot, changed):
        posting.put(replace(release, state=ReleaseState.ENDED))
    changed = take_decision(posting, changed, judged, "change")
    return order_change(posting, changed, judged)


def _worth(snapshot: Snapshot, order: Order, asked: int, desk: Desk) -> int:
    """In the account's currency; one of which something has gone keeps its rate."""
    if order.foreign_currency is None:
        return asked
    if order.delivered or order.billed:
        return own_share(order, asked)
    return worth_today(snapshot, desk, asked, order.foreign_currency, order.currency)


def _refuse_known(snapshot: Snapshot, order: Order, command: ChangeOrder, digest: str) -> None:
    if command.revision > order.revision:
        return
    if command.revision < order.revision:
        raise CommandRefused(
            "revision-outdated",
            f"the order {order.id} is in revision {order.revision} by now; revision {command.revision} changes nothing",
            current_revision=order.revision,
        )
    known = snapshot.get(Revision, order.id, command.revision)
    if known is not None and known.digest == digest:
        raise Again(known.decision, order=order_shown(order))
    raise CommandRefused(
        "revision-differs",
        f"revision {command.revision} of the order {order.id} is there already with other content; "
        f"send it as revision {order.revision + 1}",
        current_revision=order.revision,
    )


def _refuse_below_delivered(order: Order, amount: int) -> None:
    gone = order.delivered + order.billed
    if amount < gone:
        gone_shown = money_shown(gone, order.currency)
        raise CommandRefused(
            "below-delivered",
            f"{gone_shown} of the order {order.id} is delivered or invoiced, so it can't be "
            f"{money_shown(amount, order.currency)}; take goods back first (undeliver)",
            delivered_and_billed=gone_shown,
        )


def _end_proposals(posting: Posting, order: Order) -> None:
    """Somebody proposed to release another amount than this."""
    for release in posting.snapshot.of_order(Release, order.id):
        if release.state is ReleaseState.PROPOSED:
            posting.put(replace(release, state=ReleaseState.ENDED))

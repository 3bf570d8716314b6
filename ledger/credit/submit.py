"""An order is entered: decided, and what it comes to reserved in the same moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger.credit.account import Account
from ledger.credit.asked_order import asked_amount
from ledger.credit.change import Again, Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.judging import judge, order_change, sales_person_of, take_decision
from ledger.credit.order import Order, OrderCheckpoint, OrderState, Revision
from ledger.credit.order_currency import asked_currency, worth_today
from ledger.credit.shown import order_shown
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Revision 1 of an order."""

    order: str
    account: str
    asked: Mapping[str, Any] = field(hash=False)
    """Facts of the order by their names without `order.`, as JSON: amounts as decimal text, in `currency`."""

    currency: str | None = None
    """ISO 4217; None: the account's."""

    copied_from: str | None
    """The order that this one was copied or split from."""

    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account, and orders of this number wherever they are."""
        origin = frozenset() if self.copied_from is None else frozenset((self.copied_from,))
        currencies = frozenset() if self.currency is None else frozenset((self.currency,))
        return Wants(
            accounts=frozenset((self.account,)), orders=frozenset((self.order,)) | origin, currencies=currencies
        )


def submit(snapshot: Snapshot, command: Submit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `Again` where the same revision was asked before."""
    account = snapshot.get(Account, command.account)
    if account is None:
        raise CommandRefused("unknown-account", f"there is no account {command.account}", account=command.account)
    currency = asked_currency(command.currency, account)
    told = command.asked if currency == account.currency else {**command.asked, "currency": currency}
    digest = digest_of_asked(command.account, told, command.copied_from)
    _refuse_known(snapshot, command, digest)
    asked, is_foreign = asked_amount(command.asked, currency, desk.engine.vocabulary), currency != account.currency
    order = Order(
        id=command.order,
        account=command.account,
        revision=1,
        state=OrderState.HELD,
        asked=command.asked,
        currency=account.currency,
        amount=worth_today(snapshot, desk, asked, currency, account.currency),
        foreign_currency=currency if is_foreign else None,
        foreign_amount=asked if is_foreign else None,
        is_prepaid=command.asked.get("prepayment") is True,
        root=_root(snapshot, command),
        entered_by=command.asker.login,
        entered_via=command.asker.program,
        entered_on=desk.day,
        sales_person=sales_person_of(account),
        touched_by=() if command.asker.login is None else (command.asker.login,),
    )
    judged = judge(snapshot, order, desk, OrderCheckpoint.ENTRY, command.id)
    posting = Posting(snapshot, desk, "submit")
    posting.put(Revision(order=order.id, account=account.id, revision=1, digest=digest, decision=judged.decision.id))
    order = take_decision(posting, order, judged, "submit")
    return order_change(posting, order, judged, status=201)


def digest_of_asked(account: str, asked: Mapping[str, Any], copied_from: str | None) -> str:
    """The same for the same content, however it was written."""
    told = _in_order.encode([account, asked, copied_from])
    return sha256(told.encode()).hexdigest()


_in_order = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))  # made once: it takes longer


def _refuse_known(snapshot: Snapshot, command: Submit, digest: str) -> None:
    known = snapshot.get(Order, command.order)
    if known is None:
        return
    if known.account != command.account:
        raise CommandRefused(
            "revision-differs",
            f"the order {command.order} belongs to another account; give this one a number of its own",
        )
    first = snapshot.get(Revision, command.order, 1)
    if first is not None and first.digest == digest:
        raise Again(first.decision, order=order_shown(known))
    raise CommandRefused(
        "revision-differs",
        f"the order {command.order} is there already with other content, in revision {known.revision}; "
        "send a change of it, or give this order a number of its own",
        current_revision=known.revision,
    )


def _root(snapshot: Snapshot, command: Submit) -> str:
    if command.copied_from is None:
        return command.order
    origin = snapshot.get(Order, command.copied_from)
    return command.copied_from if origin is None else origin.root

"""Deliveries and returns with a number of their own: the same one again is answered as the first time and not done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.credit.change import Again, CommandRefused
from ledger.credit.command_posting import Posting
from ledger.credit.moves import legal_moves
from ledger.credit.order import Order, OrderDelivery
from ledger.credit.shown import order_shown
from ledger.credit.snapshot import Snapshot
from ledger.credit.submit import digest_of_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedDelivery:
    """What was asked under a number. None as `id`: it has none, and is done each time."""

    id: str | None
    is_return: bool
    asked: dict[str, Any] = field(hash=False)
    """Its content, as it was read."""

    def refuse_known(self, snapshot: Snapshot, order: Order) -> None:
        """Raises `Again` where it was done before, and `CommandRefused`: `delivery-differs` where the number was used
        for other content, `moved-on` where goods came back since, so that the delivery isn't there any more."""
        known = None if self.id is None else snapshot.get(OrderDelivery, order.id, self.id)
        if known is None:
            return
        if known.digest != self._digest(order):
            raise CommandRefused(
                "delivery-differs",
                f"the order {order.id} has a delivery or return {self.id} already, with other content; give this one "
                "a number of its own",
                delivery=self.id,
            )
        if not known.is_return and order.delivered + order.billed < known.gone:
            raise CommandRefused(
                "moved-on",
                f"the delivery {self.id} of the order {order.id} was sent so before, and goods came back since, as "
                "`order` says; nothing was done. What leaves now takes a number of its own",
                state=order.state.value,
                legal_moves=legal_moves(order),
                order=order_shown(order),
            )
        raise Again(known.record)

    def keep(self, posting: Posting, order: Order, record: str) -> None:
        """It is done, by the record of this id; `order` as it is after it."""
        if self.id is None:
            return
        posting.put(
            OrderDelivery(
                order=order.id,
                account=order.account,
                id=self.id,
                is_return=self.is_return,
                gone=order.delivered + order.billed,
                digest=self._digest(order),
                record=record,
            )
        )

    def _digest(self, order: Order) -> str:
        return digest_of_asked(order.account, {**self.asked, "is_return": self.is_return}, None)

"""An order: what was asked for, what of it is reserved, delivered and invoiced, and who stopped or released it.

The state is about what is not yet delivered; how far the order has come is in its amounts:

    amount = not yet delivered + delivered + billed + lapsed          each in the account's currency, each ≥ 0

Of what is not yet delivered, `reserved` counts against the limit: all of it while the order is approved or conditional,
nothing in any other state, and nothing ever of a prepaid order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ledger.credit.account import Key


class OrderState(StrEnum):
    """Of what is not yet delivered."""

    APPROVED = "approved"
    CONDITIONAL = "conditional"
    """Goes out once its conditions are met: a deposit, a security."""

    HELD = "held"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CLOSED = "closed"


RESERVING = frozenset((OrderState.APPROVED, OrderState.CONDITIONAL))
"""States in which what is not yet delivered counts against the limit."""

LIVE = frozenset((OrderState.APPROVED, OrderState.CONDITIONAL, OrderState.HELD))
"""States in which something may still go out."""

STATE_OF_OUTCOME = {
    "approve": OrderState.APPROVED,
    "approve_with_conditions": OrderState.CONDITIONAL,
    "hold": OrderState.HELD,
    "reject": OrderState.REJECTED,
}
"""What an order becomes by the outcome of its decision."""


class OrderCheckpoint(StrEnum):
    """When in its life an order is decided; the fact `order.checkpoint`."""

    ENTRY = "entry"
    CHANGE = "change"
    RECHECK = "recheck"
    RELEASE = "release"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order in its newest revision."""

    id: str
    account: str
    revision: int
    """From 1. A change is the next one."""

    state: OrderState
    asked: Mapping[str, Any] = field(hash=False)
    """The facts of the order that its caller gives, by their names without `order.`, as JSON; amounts in
    `foreign_currency` where it has one, and in `currency` otherwise."""

    currency: str
    """The account's."""

    amount: int
    """What it comes to, in the account's currency."""

    foreign_currency: str | None = None
    """ISO 4217, where the order is in another currency than its account."""

    foreign_amount: int | None = None
    """What it comes to there, in minor units of that currency."""

    is_prepaid: bool = False
    reserved: int = 0
    delivered: int = 0
    """Delivered and not yet invoiced."""

    billed: int = 0
    lapsed: int = 0
    """What will not go out: cancelled, closed short."""

    root: str
    """The first order of its kin: its own number, or that of the order that it was copied or split from."""

    entered_by: str | None
    """Login of the person; None where a program entered it for nobody."""

    entered_via: str | None = None
    """Name of the program; None where a person entered it with a key of their own."""

    entered_on: int
    sales_person: str | None = None
    """Of the customer when it was entered, who stays own whoever is the customer's afterwards."""

    touched_by: tuple[str, ...] = ()
    """Logins of those who entered, changed or reopened it: it is an own order of each."""

    stopped_by: str | None = None
    """Login of who holds or rejected it, until somebody with authority lets it go or takes it up again."""

    approved_on: int | None = None
    approved_amount: int | None = None
    """The amount when it was last approved."""

    approval_stands: bool = True
    """Whether that approval may count at delivery. It doesn't where it is a release, which counts by itself for as long
    as it does, nor once a deposit or security of the order is taken back."""

    decision: str | None = None
    """Id of its last decision."""

    outcome: str | None = None
    """Of that decision."""

    changed_seq: int = 0
    """Place of the record that changed it last."""

    @property
    def key(self) -> Key:
        """Its number, which no other account may use."""
        return (self.id,)

    @property
    def undelivered(self) -> int:
        """What may still go out."""
        return self.amount - self.delivered - self.billed - self.lapsed


class HoldKind(StrEnum):
    """Who or what holds an order."""

    POLICY = "policy"
    """It lifts when a new decision no longer holds the order."""

    MANUAL = "manual"
    """Somebody did; only somebody lifts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A span in which an order was held; open while `lifted_on` is None."""

    order: str
    account: str
    number: int
    """From 1, for each order."""

    kind: HoldKind
    since: int
    since_seq: int
    """Place of the record that began it: holds are lifted in this order."""

    rules: tuple[str, ...] = ()
    """Ids of the rules that hold it."""

    lifted_on: int | None = None
    lifted_by: str | None = None
    """`itself`, a login, or the move that ended it."""

    liftable_since: int | None = None
    """Since when nothing holds it and it waits for somebody to let it go."""

    authority: str | None = None
    """The lowest that may release it, as the policies say (`release.authority`)."""

    two_people: bool | None = None
    """Whether two must (`release.two_people`)."""

    @property
    def key(self) -> Key:
        """Order and number."""
        return (self.order, self.number)


class ReleaseState(StrEnum):
    """What has become of a release."""

    PROPOSED = "proposed"
    """It waits for a second person."""

    IN_FORCE = "in_force"
    REFUSED = "refused"
    ENDED = "ended"
    """Another one took its place, it covers the order no more, the account was blocked, or the order is over."""


NOT_OVER = frozenset((ReleaseState.PROPOSED, ReleaseState.IN_FORCE))
"""States of a release that counts, or may come to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Somebody lets a held order go; the policies say whether it counts."""

    order: str
    account: str
    number: int
    """From 1, for each order."""

    state: ReleaseState
    amount: int
    """The order's when it was released, in the account's currency: what it may grow from."""

    asked: Mapping[str, Any] = field(hash=False)
    """The facts of the order that were released, as `Order` has them: it covers no worse ones."""

    reason: str
    by: str
    role: str
    """Authority of the person then."""

    on: int
    second_by: str | None = None
    second_by_role: str | None = None
    second_on: int | None = None
    expires_on: int | None = None
    """The last day on which it counts, where that is earlier than the policies say."""

    decision: str | None = None

    @property
    def key(self) -> Key:
        """Order and number."""
        return (self.order, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What was asked in one revision of an order, so that it is answered again when it is sent again."""

    order: str
    account: str
    revision: int
    digest: str
    """SHA-256 of what was asked, hexadecimal."""

    decision: str

    @property
    def key(self) -> Key:
        """Order and revision."""
        return (self.order, self.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivery:
    """Goods of an order that left or came back under a number of their own, so that they do so once however often it
    is sent."""

    order: str
    account: str
    id: str
    """The caller's number, which no other delivery or return of the order may use."""

    is_return: bool
    gone: int
    """What of the order was delivered or invoiced then, in the account's currency."""

    digest: str
    """SHA-256 of what was asked, hexadecimal."""

    record: str
    """Id of the record: sent again, it is answered as that says."""

    @property
    def key(self) -> Key:
        """Order and number."""
        return (self.order, self.id)

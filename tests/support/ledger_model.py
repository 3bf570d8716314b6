"""The credit ledger once more, as a plain model: written from what it is to do, not from how it does it.

Nothing is kept that can be added up: what an account owes is summed over invoices, payments, deposits and orders each
time. The policies are those of `model_policies`, said again in Python. Amounts are cents, days whole numbers.

    model.submit("O-1", "C-1", 6_000_00, 30, "u.becker")   →   None
    model.orders["O-1"].state                              →   "approved"

Each act gives None, the code of why it isn't done, or `AGAIN` where the same was asked before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.support import model_policies as policy

AGAIN = "again"
SISTER_DAYS = 7
LIVE = ("approved", "held")
AUTHORITIES = ("assistant", "credit_manager", "controller", "cfo")


@dataclass
class ModelRelease:
    """Somebody's, and who was second to it."""

    by: str
    role: str
    on: int
    amount: int
    days: int
    state: str = "in force"
    second: str | None = None
    second_role: str | None = None


@dataclass
class ModelOrder:
    """What is known of one."""

    id: str
    account: str
    amount: int
    days: int
    root: str
    by: str
    entered_on: int
    copied_from: str | None = None
    first: tuple[str, int, int, str | None] = ("", 0, 0, None)
    """What was asked in revision 1."""

    revision: int = 1
    state: str = "held"
    manual: bool = False
    was_held: bool = False
    """It was cancelled while the policies held it."""

    delivered: int = 0
    billed: int = 0
    lapsed: int = 0
    touched: list[str] = field(default_factory=list)
    stopped: bool = False
    approved_on: int | None = None
    approved_amount: int | None = None
    stands: bool = True
    since: int = 0
    releases: list[ModelRelease] = field(default_factory=list)

    @property
    def undelivered(self) -> int:
        return self.amount - self.delivered - self.billed - self.lapsed

    @property
    def reserved(self) -> int:
        return self.undelivered if self.state == "approved" else 0


@dataclass
class ModelAccount:
    """What limits it."""

    limit: int
    group: str | None = None
    blocked: bool = False
    temporary: list[tuple[int, int, int]] = field(default_factory=list)
    """First day, last day, amount."""

    guarantee: tuple[int, int] | None = None
    """Amount and last day."""


@dataclass
class ModelMoney:
    """A payment or a deposit."""

    account: str
    amount: int
    on: int
    order: str | None = None
    used: int = 0
    """Of a deposit, what paid an invoice."""

    is_reversed: bool = False


class LedgerModel:
    """From ledger.md's words alone."""

    def __init__(self, day: int) -> None:
        self.day, self.seq = day, 0
        self.accounts: dict[str, ModelAccount] = {}
        self.groups: dict[str, int | None] = {}
        self.orders: dict[str, ModelOrder] = {}
        self.invoiced: dict[str, int] = {}
        self.money: dict[str, ModelMoney] = {}

    # --- what is owed ---

    def open_items(self, account: str) -> int:
        paid = sum(each.used if each.order else each.amount for each in self._money(account))
        return self.invoiced.get(account, 0) - paid

    def deposits(self, account: str, *, without: str | None = None) -> int:
        held = (each for each in self._money(account) if each.order is not None and each.order != without)
        return sum(each.amount - each.used for each in held)

    def deposit_for(self, order: str) -> int:
        return sum(
            each.amount - each.used for each in self.money.values() if each.order == order and not each.is_reversed
        )

    def exposure(self, account: str, *, without: str | None = None) -> int:
        """Of all but one order."""
        orders = (each for each in self.orders.values() if each.account == account and each.id != without)
        going = sum(each.reserved + each.delivered for each in orders)
        return self.open_items(account) + going - self.deposits(account, without=without)

    def group_exposure(self, group: str, *, without: str | None = None) -> int:
        return sum(self.exposure(name, without=without) for name, each in self.accounts.items() if each.group == group)

    def sisters(self, order: ModelOrder) -> int:
        group = self.accounts[order.account].group
        total = 0
        for other in self.orders.values():
            is_near = abs(other.entered_on - order.entered_on) <= SISTER_DAYS
            is_ours = other.account == order.account or (
                group is not None and self.accounts[other.account].group == group
            )
            if other.id != order.id and (other.root == order.root or (is_near and is_ours)):
                total += other.delivered + (other.undelivered if other.state in LIVE else 0)
        return total

    def _money(self, account: str) -> Iterator[ModelMoney]:
        return (each for each in self.money.values() if each.account == account and not each.is_reversed)

    # --- the policies ---

    def in_force(self, order: ModelOrder, release: ModelRelease | None) -> bool:
        if release is None:
            return False
        at_stake = order.amount - order.billed - order.lapsed + self.sisters(order)
        second = release.second not in (None, release.by, order.by) and release.second_role != "assistant"
        has_authority = release.role == "cfo" or (
            release.role == "credit_manager" and at_stake <= policy.CREDIT_MANAGER_MAX
        )
        amount, released = order.amount - order.billed - order.lapsed, max(release.amount - order.billed, 0)
        return (
            self.day - release.on <= policy.COUNTS_DAYS
            and amount * 100 <= released * (100 + policy.GROWTH)
            and release.by != order.by
            and has_authority
            and (at_stake <= policy.TWO_PEOPLE_ABOVE or second)
        )

    def passes(self, order: ModelOrder, release: ModelRelease | None = None, *, delivery: bool = False) -> bool:
        """Whether nothing holds the order as it is asked for; `release`: one that is only proposed."""
        account = self.accounts[order.account]
        if account.blocked:
            return False
        release = release or self.release_of(order)
        amount = order.amount - order.billed - order.lapsed
        if self.in_force(order, release) or (delivery and self._approval_counts(order, amount)):
            return True
        own = amount - self.deposit_for(order.id)
        if self.exposure(order.account, without=order.id) + own - self._guarantee(account) > self._limit(account):
            return False
        limit = None if account.group is None else self.groups[account.group]
        if account.group is not None and limit is not None and self._group_owes(account.group, order) + own > limit:
            return False
        return amount + self.sisters(order) <= policy.LARGEST_ORDER

    def _group_owes(self, group: str, order: ModelOrder) -> int:
        return self.group_exposure(group, without=order.id)

    def _approval_counts(self, order: ModelOrder, amount: int) -> bool:
        if order.approved_on is None or order.approved_amount is None or not order.stands:
            return False
        approved = max(order.approved_amount - order.billed, 0)
        return self.day - order.approved_on <= policy.COUNTS_DAYS and amount <= approved

    def _limit(self, account: ModelAccount) -> int:
        temporary = [amount for first, last, amount in account.temporary if first <= self.day <= last]
        return temporary[0] if temporary else account.limit

    def _guarantee(self, account: ModelAccount) -> int:
        return account.guarantee[0] if account.guarantee is not None and self.day <= account.guarantee[1] else 0

    def release_of(self, order: ModelOrder) -> ModelRelease | None:
        """The last one that covers the order's terms."""
        covering = [each for each in order.releases if each.state == "in force" and order.days <= each.days]
        return covering[-1] if covering else None

    def goes_by_itself(self, order: ModelOrder) -> bool:
        return order.amount - order.billed - order.lapsed <= policy.AUTOMATIC_MAX

    # --- orders ---

    def submit(
        self, id: str, account: str, amount: int, days: int, by: str, copied_from: str | None = None
    ) -> str | None:
        known = self.orders.get(id)
        if known is not None:
            return AGAIN if known.first == (account, amount, days, copied_from) else "revision-differs"
        root = id if copied_from is None else self.orders[copied_from].root
        order = ModelOrder(id, account, amount, days, root, by, self.day, copied_from, touched=[by])
        order.first = (account, amount, days, copied_from)
        self.orders[id] = order
        order.state = "new"
        self._take(order, self.passes(order))
        return None

    def change(self, id: str, revision: int, amount: int, days: int, by: str, role: str = "none") -> str | None:
        order = self.orders[id]
        if revision < order.revision:
            return "revision-outdated"
        if revision == order.revision:
            copied_from = order.copied_from if revision == 1 else None
            is_same = (order.amount, order.days, copied_from) == (amount, days, None)
            return AGAIN if is_same else "revision-differs"
        if order.state not in LIVE:
            return "illegal-move"
        if amount < order.delivered + order.billed:
            return "below-delivered"
        waits = self._waits_for_the_desk(order, by, role)
        if amount != order.amount:
            self._end(order, "proposed")
        order.revision, order.amount, order.days, order.lapsed = revision, amount, days, 0
        self._touch(order, by)
        self._take(order, self.passes(order) and not (waits and not self.goes_by_itself(order)))
        for each in order.releases:
            if days > each.days:
                each.state = "ended"
        return None

    def _waits_for_the_desk(self, order: ModelOrder, by: str, role: str) -> bool:
        """Nothing holds it any more, so that somebody with authority lets it go whose own it isn't, and no change."""
        is_offered = order.state == "held" and not order.manual and self.passes(order)
        return is_offered and not self._may_let_go(order, by, role)

    def _may_let_go(self, order: ModelOrder, by: str, role: str) -> bool:
        return role != "none" and by not in order.touched

    def recheck(self, id: str, by: str, role: str) -> str | None:
        order = self.orders[id]
        if order.state != "held":
            return "illegal-move"
        if self.passes(order) and not (self._may_let_go(order, by, role) or self.goes_by_itself(order)):
            return None
        self._take(order, self.passes(order))
        return None

    def lift(self) -> None:
        """The service looks at all that waits, the oldest hold first."""
        for order in sorted(self.orders.values(), key=lambda each: (each.since, each.id)):
            if order.state == "held" and not order.manual and self.passes(order) and self.goes_by_itself(order):
                self._take(order, True)

    def release(self, id: str, by: str, role: str) -> str | None:
        order = self.orders[id]
        if order.state != "held":
            return "illegal-move"
        if role == "none":
            return "no-authority"
        if by in order.touched and by != order.by:
            return "own-order"
        alone = ModelRelease(by, role, self.day, order.amount, order.days)
        waiting = [
            each for each in order.releases
            if each.state == "proposed" and order.days <= each.days
            and (each.by == order.by or each.by not in order.touched)
        ]  # fmt: skip
        if waiting:
            both = replace(waiting[-1], second=by, second_role=role, state="in force")
            if self._counts(order, both):
                self._let_go(order, both)
                return None
            if waiting[-1].by == by:
                return "release-refused"
        if self._counts(order, alone):
            self._let_go(order, alone)
            return None
        if any(self._counts(order, replace(alone, second="somebody", second_role=each)) for each in AUTHORITIES):
            self._end(order, "proposed")
            order.releases.append(replace(alone, state="proposed"))
            return None
        return "release-refused"

    def _counts(self, order: ModelOrder, release: ModelRelease) -> bool:
        return self.in_force(order, release) and self.passes(order, release)

    def _let_go(self, order: ModelOrder, release: ModelRelease) -> None:
        self._end(order, "proposed", "in force")
        order.releases.append(release)
        self._take(order, True, lifts_manual=True)

    def hold(self, id: str, by: str) -> str | None:
        order = self.orders[id]
        if order.state != "approved":
            return "illegal-move"
        if by in order.touched:
            return "own-order"
        order.state, order.manual, order.stopped = "held", True, True
        self._begin_hold(order)
        return None

    def reject(self, id: str, by: str) -> str | None:
        order = self.orders[id]
        if order.state != "held":
            return "illegal-move"
        if by in order.touched:
            return "own-order"
        order.state, order.manual, order.stopped = "rejected", False, True
        self._end(order, "proposed", "in force")
        return None

    def cancel(self, id: str) -> str | None:
        return self._over(self.orders[id], "cancelled")

    def close(self, id: str) -> str | None:
        return self._over(self.orders[id], "closed")

    def _over(self, order: ModelOrder, state: str) -> str | None:
        if order.state not in LIVE:
            return "illegal-move"
        order.was_held = order.state == "held" and state == "cancelled"
        order.lapsed += order.undelivered
        order.state = "closed" if order.delivered + order.billed else state
        order.manual = False
        self._end(order, "proposed", "in force")
        return None

    def reopen(self, id: str, by: str, role: str) -> str | None:
        order = self.orders[id]
        if order.state not in ("cancelled", "rejected"):
            return "illegal-move"
        if order.stopped:
            if role == "none":
                return "no-authority"
            if by in order.touched:
                return "own-order"
        was_held = order.was_held and not order.stopped
        may_let_go = self._may_let_go(order, by, role)
        order.entered_on, order.lapsed, order.stopped = self.day, 0, False
        order.approved_on = order.approved_amount = None
        self._touch(order, by)
        waits = was_held and not may_let_go and not self.goes_by_itself(order)
        self._take(order, self.passes(order) and not waits)
        return None

    def _take(self, order: ModelOrder, passes: bool, *, lifts_manual: bool = False, renews: bool = True) -> None:
        was_held = order.state == "held"
        goes = passes and (lifts_manual or not (was_held and order.manual))
        if goes and renews:
            order.approved_on, order.approved_amount = self.day, order.amount
            order.stands = not self.in_force(order, self.release_of(order))
        if lifts_manual:
            order.stopped = False
        order.state = "approved" if goes else "held"
        order.manual = order.manual and not goes
        order.was_held = False
        if not goes and not was_held:
            self._begin_hold(order)

    def _begin_hold(self, order: ModelOrder) -> None:
        self.seq += 1
        order.since = self.seq

    def _touch(self, order: ModelOrder, by: str) -> None:
        if by not in order.touched:
            order.touched.append(by)

    def _end(self, order: ModelOrder, *states: str) -> None:
        for each in order.releases:
            if each.state in states:
                each.state = "ended"

    # --- goods and money ---

    def deliver(self, id: str, amount: int, *, is_final: bool) -> str | None:
        order = self.orders[id]
        if order.state != "approved" or order.undelivered <= 0:
            return "illegal-move"
        if amount > order.undelivered:
            return "over-delivery"
        if not self.passes(order, delivery=True):
            self._take(order, False, renews=False)
            return "held-at-delivery"
        order.delivered += amount
        if is_final:
            order.lapsed += order.undelivered
            order.state = "closed"
        return None

    def undeliver(self, id: str, amount: int, *, is_again: bool) -> str | None:
        order = self.orders[id]
        if order.delivered <= 0:
            return "illegal-move"
        if amount > order.delivered:
            return "more-than-delivered"
        if is_again and order.state not in LIVE:
            return "illegal-move"
        order.delivered -= amount
        order.lapsed += 0 if is_again else amount
        self._close_if_done(order)
        return None

    def _close_if_done(self, order: ModelOrder) -> None:
        if order.state in LIVE and not order.undelivered and not order.delivered:
            order.state, order.manual = "closed", False
            self._end(order, "proposed", "in force")

    def invoice(self, account: str, amount: int, id: str | None = None) -> None:
        """Of what was delivered first, then of what isn't yet, then of what lapsed; the rest is of no order."""
        self.invoiced[account] = self.invoiced.get(account, 0) + amount
        if id is None:
            return
        order = self.orders[id]
        delivered = min(order.delivered, amount)
        direct = min(order.undelivered, amount - delivered)
        lapsed = min(order.lapsed, amount - delivered - direct)
        if delivered + direct + lapsed:
            order.delivered -= delivered
            order.lapsed -= lapsed
            order.billed += delivered + direct + lapsed
            if order.state == "cancelled" or (order.state == "rejected" and not order.undelivered):
                order.state = "closed"
            self._close_if_done(order)
        left = amount
        for each in self.money.values():
            if each.order == id and not each.is_reversed:
                part = min(each.amount - each.used, left)
                each.used, left = each.used + part, left - part

    def pay(self, id: str, account: str, amount: int) -> None:
        self.money[id] = ModelMoney(account, amount, self.day)

    def deposit(self, id: str, order: str, amount: int) -> str | None:
        known = self.orders[order]
        if known.state not in LIVE and not known.delivered:
            return "illegal-move"
        self.money[id] = ModelMoney(known.account, amount, self.day, order)
        return None

    def reverse(self, id: str) -> str | None:
        """What counted on a deposit that isn't one counts no more."""
        money = self.money[id]
        if money.is_reversed:
            return "illegal-move"
        money.is_reversed = True
        if money.order is not None:
            order = self.orders[money.order]
            order.stands = False
            for each in order.releases:
                if each.state in ("in force", "proposed") and each.on >= money.on:
                    each.state = "ended"
        return None

    # --- what limits ---

    def grant(self, account: str, amount: int) -> None:
        self.accounts[account].limit = amount

    def grant_for_days(self, account: str, amount: int, days: int) -> str | None:
        first, last = self.day, self.day + days
        if any(begin <= last and first <= end for begin, end, _ in self.accounts[account].temporary):
            return "limits-overlap"
        self.accounts[account].temporary.append((first, last, amount))
        return None

    def guarantee(self, account: str, amount: int, days: int) -> None:
        self.accounts[account].guarantee = (amount, self.day + days)

    def end_guarantee(self, account: str) -> str | None:
        if self.accounts[account].guarantee is None:
            return "unknown-security"
        self.accounts[account].guarantee = None
        return None

    def block(self, account: str) -> str | None:
        if self.accounts[account].blocked:
            return "illegal-move"
        self.accounts[account].blocked = True
        for order in self.orders.values():
            if order.account == account:
                self._end(order, "proposed", "in force")
        return None

    def unblock(self, account: str) -> str | None:
        if not self.accounts[account].blocked:
            return "illegal-move"
        self.accounts[account].blocked = False
        return None

"""Sister orders: what an account and the others of its group ordered beside an order, so that splitting or copying it
evades no limit and no authority.

Sums are kept by day of entry, and follow every order that is put: an account with a thousand orders of this week is
asked as fast as one with two. Only orders of the same root, which count however old they are, are gone through.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ledger.credit.order import LIVE, RESERVING, Order, OrderState

SISTER_DAYS = 7
"""Orders of one account, or of one group, that were entered within so many days count as sisters."""


@dataclass(frozen=True, slots=True)
class SisterTotal:
    """What sisters come to, in minor units of the account's currency."""

    related: int = 0
    """May still go out on credit, or has and is not invoiced."""

    approved: int = 0
    """Part of it that is in its account's exposure: reserved, or delivered."""

    held: int = 0
    """Part of it that is held."""

    def __add__(self, other: SisterTotal) -> SisterTotal:
        return SisterTotal(
            self.related + other.related,
            self.approved + other.approved,
            self.held + other.held,
        )

    def __sub__(self, other: SisterTotal) -> SisterTotal:
        return SisterTotal(
            self.related - other.related,
            self.approved - other.approved,
            self.held - other.held,
        )


NONE = SisterTotal()


def part_of(order: Order) -> SisterTotal:
    """What one order is as somebody's sister. A prepaid one owes nothing, a rejected one goes nowhere."""
    if order.is_prepaid:
        return NONE
    to_go = order.undelivered if order.state in LIVE else 0
    return SisterTotal(
        related=to_go + order.delivered,
        approved=(to_go if order.state in RESERVING else 0) + order.delivered,
        held=to_go if order.state is OrderState.HELD else 0,
    )


class SisterSums:
    """Of all accounts of a snapshot. Accounts of one group are one customer here: an order that one of them may not
    have in one piece, two of them may not have in two. Their amounts add up, since a group has one currency."""

    def __init__(self) -> None:
        self._by_day: defaultdict[str, dict[int, SisterTotal]] = defaultdict(dict)
        self._of_group: defaultdict[str, dict[int, SisterTotal]] = defaultdict(dict)
        self._groups: dict[str, str | None] = {}
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        self._kin: defaultdict[str, dict[str, Order]] = defaultdict(dict)

    def joined(self, account: str, group: str | None) -> None:
        """An account is in this group, or in none."""
        before = self._groups.get(account)
        if before == group:
            return
        if before is not None:
            self._members[before].discard(account)
        if group is not None:
            self._members[group].add(account)
        self._groups[account] = group

    def moved(self, before: Order | None, after: Order) -> None:
        """An order is new, or other than before."""
        if before is not None:
            self.add(before.account, before.entered_on, NONE - part_of(before))
        self.add(after.account, after.entered_on, part_of(after))
        self._kin[after.root][after.id] = after

    def add(self, account: str, day: int, total: SisterTotal) -> None:
        """What orders come to that are not in the snapshot one by one."""
        days = self._by_day[account]
        days[day] = days.get(day, NONE) + total

    def add_of_group(self, group: str, day: int, total: SisterTotal) -> None:
        """What orders of accounts of a group come to that are not in the snapshot themselves."""
        days = self._of_group[group]
        days[day] = days.get(day, NONE) + total

    def sisters_of(self, order: Order, known: Order | None) -> SisterTotal:
        """Of the other orders of the account and of its group those that were entered within `SISTER_DAYS` of this one,
        and those in its currency that were split or copied from its root, whoever's they are. `known`: the order as it
        stands in the snapshot."""
        group, on = self._groups.get(order.account), order.entered_on
        accounts = {order.account} if group is None else {order.account, *self._members[group]}
        sums = [self._by_day[each] for each in sorted(accounts) if each in self._by_day]
        if group is not None and group in self._of_group:
            sums.append(self._of_group[group])
        total = NONE
        for days in sums:
            for day in range(on - SISTER_DAYS, on + SISTER_DAYS + 1):
                if day in days:
                    total += days[day]
        if known is not None and abs(known.entered_on - on) <= SISTER_DAYS:
            total -= part_of(known)
        for other in self._kin[order.root].values():
            is_counted = other.account in accounts and abs(other.entered_on - on) <= SISTER_DAYS
            if other.id != order.id and other.currency == order.currency and not is_counted:
                total += part_of(other)
        return total

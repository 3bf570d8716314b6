"""A credit is set off against what is owed: each loses the same amount, and what is paid in full is settled.

Items in another currency that credit and debt share lose the same amount in that currency, and each what it is worth
in the account's; the difference is an entry `fx`. So what is paid in its own currency leaves nothing in either.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.credit.command_posting import Posting
from ledger.credit.row_copies import changed
from ledger.items.item import OWED, Allocation, ItemState, OpenItem
from ledger.items.keeping import put_item


class SettingOff:
    """Of one credit, as it goes from debt to debt."""

    def __init__(self, posting: Posting, credit: OpenItem, effective_on: int) -> None:
        """`effective_on`: from which day the credit counts."""
        self.posting, self.credit, self.effective_on = posting, credit, effective_on
        self.made: list[Allocation] = []
        self._last_days: dict[str, int] = {}  # of each debt: from which day on all that was set off counts
        for each in allocations_of(posting, credit.account):
            if each.reversed_on is None:
                self._last_days[each.to_item] = max(each.effective_on, self._last_days.get(each.to_item, 0))

    @property
    def left(self) -> int:
        """Of the credit in the account's currency, positive."""
        return -self.credit.open_amount

    def against(self, debt: OpenItem, most: int | None = None) -> int:
        """Sets off as much as both have, and no more than `most`; gives how much of the debt that was."""
        currency = self.credit.foreign_currency
        if currency is not None and currency == debt.foreign_currency:
            return self._in_foreign_currency(debt, most)
        amount = min(self.left, debt.open_amount, debt.open_amount if most is None else most)
        if amount > 0:
            self._take(debt, amount, amount, None)
        return amount

    def _in_foreign_currency(self, debt: OpenItem, most: int | None) -> int:
        credit_open, debt_open = -(self.credit.foreign_open or 0), debt.foreign_open or 0
        foreign = min(credit_open, debt_open)
        if most is not None and most < debt.open_amount:
            foreign = min(foreign, debt_open * most // debt.open_amount)
        if foreign <= 0:
            return 0
        of_credit = self.left if foreign == credit_open else self.left * foreign // credit_open
        of_debt = debt.open_amount if foreign == debt_open else debt.open_amount * foreign // debt_open
        self._take(debt, of_credit, of_debt, foreign)
        return of_debt

    def _take(self, debt: OpenItem, of_credit: int, of_debt: int, foreign: int | None) -> None:
        posting, day = self.posting, self.effective_on
        self.credit = lowered(self.credit, of_credit, foreign, settled_on=day)
        put_item(posting, self.credit, effective_on=day)
        last = max(day, self._last_days.get(debt.id, day))
        paid = lowered(debt, of_debt, foreign, settled_on=last)
        put_item(posting, paid, effective_on=day, fx=of_credit - of_debt)
        of_foreign = None if debt.foreign_open is None else debt.foreign_open - (paid.foreign_open or 0)
        self.made.append(self._allocation(debt, of_debt, of_foreign))
        posting.put(self.made[-1])

    def _allocation(self, debt: OpenItem, amount: int, foreign: int | None) -> Allocation:
        number = 1
        while self.posting.get(Allocation, self.credit.id, debt.id, number) is not None:
            number += 1
        return Allocation(
            from_item=self.credit.id,
            to_item=debt.id,
            number=number,
            account=debt.account,
            amount=amount,
            foreign_amount=foreign,
            effective_on=self.effective_on,
        )


def lowered(item: OpenItem, amount: int, foreign: int | None, *, settled_on: int) -> OpenItem:
    """An item of which an amount was set off; settled on this day where nothing is left. What is in dispute is never
    more than what is open. `foreign`: how much that is in the item's own currency; None: its share of that."""
    sign = 1 if item.amount >= 0 else -1
    left = item.open_amount - sign * amount
    foreign_open = item.foreign_open
    if foreign_open is not None:
        share = abs(foreign_open) * amount // abs(item.open_amount) if foreign is None else foreign
        foreign_open = foreign_open - sign * share if left else 0
    return changed(
        item,
        open_amount=left,
        foreign_open=foreign_open,
        disputed_amount=min(item.disputed_amount, max(left, 0)),
        state=ItemState.OPEN if left else ItemState.SETTLED,
        settled_on=None if left else settled_on,
    )


def allocations_of(posting: Posting, account: str) -> list[Allocation]:
    """All of an account's that are known, as they are after what was posted so far."""
    rows = {each.key: each for each in posting.snapshot.of_account(Allocation, account)}
    rows |= {each.key: each for each in posting.rows if isinstance(each, Allocation) and each.account == account}
    return list(rows.values())


def oldest_due_first(posting: Posting, account: str) -> Sequence[OpenItem]:
    """What the account owes, in the order in which it is paid."""
    owed = {each.id: each for each in posting.snapshot.of_account(OpenItem, account)}
    owed |= {each.id: each for each in posting.rows if isinstance(each, OpenItem) and each.account == account}
    found = [each for each in owed.values() if each.kind in OWED and each.open_amount > 0]
    return sorted(found, key=lambda each: (each.due_on, each.issued_on, each.id))

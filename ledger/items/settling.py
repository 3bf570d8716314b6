"""A credit is set off against what is owed: each loses the same amount, and what is paid in full is settled.

Items in another currency that credit and debt share lose the same amount in that currency, and each what it is worth
in the account's; the difference is an entry `fx`. So what is paid in its own currency leaves nothing in either.

A payment that falls short by no more than the discount that may be taken settles the invoice (`ledger.items.discount`);
one that names what was written off is a recovery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ledger.credit.command_posting import Posting
from ledger.items.discount import DiscountTerms, discount_terms
from ledger.items.item import OWED, Allocation, ItemKind, ItemState, OpenItem, SetOffCause
from ledger.items.keeping import put_item

CAUSE_OF = {
    ItemKind.PAYMENT: SetOffCause.PAYMENT,
    ItemKind.CREDIT_NOTE: SetOffCause.CREDIT_NOTE,
    ItemKind.DEPOSIT: SetOffCause.DEPOSIT,
    ItemKind.WRITE_OFF: SetOffCause.WRITE_OFF,
}
"""As what each kind of credit lowers a debt."""


class SettingOff:
    """Of one credit, as it goes from debt to debt."""

    def __init__(self, posting: Posting, credit: OpenItem, effective_on: int) -> None:
        """`effective_on`: from which day the credit counts."""
        self.posting, self.credit, self.effective_on = posting, credit, effective_on
        self.made: list[Allocation] = []
        self.late_discounts: list[tuple[OpenItem, DiscountTerms]] = []
        """Of debts that are short by no more than their discount, which was taken too late."""

        self._last_days: dict[str, int] = {}  # of each debt: from which day on all that was set off counts
        for each in allocations_of(posting, credit.account):
            if each.is_in_force:
                self._last_days[each.to_item] = max(each.effective_on, self._last_days.get(each.to_item, 0))

    @property
    def left(self) -> int:
        """Of the credit in the account's currency, positive."""
        return -self.credit.open_amount

    def against(self, debt: OpenItem, most: int | None = None) -> int:
        """Sets off as much as both have, and no more than `most`; gives how much of the debt that was. A discount that
        may be taken on the rest is."""
        taken = self._against(debt, most)
        if taken and self.credit.kind is ItemKind.PAYMENT and (most is not None or not self.left):
            self._take_discount(debt.id)
        return taken

    def against_named(self, debt: OpenItem, most: int | None = None) -> int:
        """The same of a debt that somebody names: what of it was written off is recovered too."""
        taken = self.against(debt, most)
        now = self.posting.existing(OpenItem, debt.id)
        recoverable = now.written_off - now.recovered
        if self.credit.kind is not ItemKind.PAYMENT or now.open_amount or not recoverable:
            return taken
        return taken + self._recover(now, recoverable if most is None else min(recoverable, most - taken))

    def _against(self, debt: OpenItem, most: int | None) -> int:
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
        posting, day, cause = self.posting, self.effective_on, CAUSE_OF[self.credit.kind]
        self.credit = lowered(self.credit, of_credit, foreign, settled_on=day)
        put_item(posting, self.credit, effective_on=day)
        last = max(day, self._last_days.get(debt.id, day))
        self._last_days[debt.id] = last
        given_up = of_debt if cause is SetOffCause.WRITE_OFF else 0
        paid = lowered(replace(debt, written_off=debt.written_off + given_up), of_debt, foreign, settled_on=last)
        put_item(posting, paid, effective_on=day, fx=of_credit - of_debt)
        of_foreign = None if debt.foreign_open is None else debt.foreign_open - (paid.foreign_open or 0)
        self._keep(debt, cause, of_debt, of_foreign, of_credit - of_debt)

    def _take_discount(self, number: str) -> None:
        """What is left of a debt, where it is within a discount that may be taken; too late, it is only noticed."""
        posting, debt = self.posting, self.posting.existing(OpenItem, number)
        terms = discount_terms(debt, allocations_to(posting, debt))
        if terms is None or not 0 < terms.open <= terms.left:
            return
        last = self._last_days[number]
        if last > terms.last_day:
            self.late_discounts.append((debt, terms))
            return
        taken = lowered(debt, debt.open_amount, debt.foreign_open, settled_on=last)
        put_item(posting, taken, effective_on=self.effective_on, cause=SetOffCause.DISCOUNT.value)
        self._keep(debt, SetOffCause.DISCOUNT, debt.open_amount, debt.foreign_open, 0)

    def _recover(self, debt: OpenItem, most: int) -> int:
        amount = min(self.left, most)
        if amount <= 0:
            return 0
        day = self.effective_on
        self.credit = lowered(self.credit, amount, None, settled_on=day)
        put_item(self.posting, self.credit, effective_on=day, cause=SetOffCause.RECOVERY.value)
        put_item(self.posting, replace(debt, recovered=debt.recovered + amount))
        self._keep(debt, SetOffCause.RECOVERY, amount, None, 0)
        return amount

    def _keep(self, debt: OpenItem, cause: SetOffCause, amount: int, foreign: int | None, fx_difference: int) -> None:
        number = 1
        while self.posting.get(Allocation, self.credit.id, debt.id, number) is not None:
            number += 1
        made = Allocation(
            from_item=self.credit.id,
            to_item=debt.id,
            number=number,
            account=debt.account,
            amount=amount,
            foreign_amount=foreign,
            effective_on=self.effective_on,
            cause=cause,
            fx_difference=fx_difference,
        )
        self.made.append(made)
        self.posting.put(made)


def lowered(item: OpenItem, amount: int, foreign: int | None, *, settled_on: int) -> OpenItem:
    """An item of which an amount was set off; settled on this day where nothing is left. What is in dispute is never
    more than what is open. `foreign`: how much that is in the item's own currency; None: its share of that."""
    sign = 1 if item.amount >= 0 else -1
    left = item.open_amount - sign * amount
    foreign_open = item.foreign_open
    if foreign_open is not None:
        share = abs(foreign_open) * amount // abs(item.open_amount) if foreign is None else foreign
        foreign_open = foreign_open - sign * share if left else 0
    over = ItemState.WRITTEN_OFF if item.written_off else ItemState.SETTLED
    return replace(
        item,
        open_amount=left,
        foreign_open=foreign_open,
        disputed_amount=min(item.disputed_amount, max(left, 0)),
        state=ItemState.OPEN if left else over,
        settled_on=None if left else settled_on,
    )


def cancel_where_credited_in_full(posting: Posting, debt: str) -> None:
    """What nobody had to pay is no payment: it never counts in the payment record."""
    item = posting.get(OpenItem, debt)
    if item is None or item.state is not ItemState.SETTLED:
        return
    credited = sum(
        each.amount
        for each in allocations_to(posting, item)
        if each.is_in_force and each.cause is SetOffCause.CREDIT_NOTE
    )
    if credited == item.amount:
        put_item(posting, replace(item, state=ItemState.CANCELLED))


def allocations_of(posting: Posting, account: str) -> list[Allocation]:
    """All of an account's that are known, as they are after what was posted so far."""
    rows = {each.key: each for each in posting.snapshot.of_account(Allocation, account)}
    rows |= {each.key: each for each in posting.rows if isinstance(each, Allocation) and each.account == account}
    return list(rows.values())


def allocations_to(posting: Posting, debt: OpenItem) -> list[Allocation]:
    """All that was ever set off against one debt."""
    return [each for each in allocations_of(posting, debt.account) if each.to_item == debt.id]


def oldest_due_first(posting: Posting, account: str) -> Sequence[OpenItem]:
    """What the account owes, in the order in which it is paid."""
    owed = {each.id: each for each in posting.snapshot.of_account(OpenItem, account)}
    owed |= {each.id: each for each in posting.rows if isinstance(each, OpenItem) and each.account == account}
    found = [each for each in owed.values() if each.kind in OWED and each.open_amount > 0]
    return sorted(found, key=lambda each: (each.due_on, each.issued_on, each.id))

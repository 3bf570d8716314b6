"""What the verbs of collections share: the account and the items that a command names, or why it can't be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from engine.deciding.decision import Decision
from engine.vocabulary.days import day_number
from ledger.collections.invoice_facts import open_owed
from ledger.credit.account import Account
from ledger.credit.change import CommandRefused, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import required_account, state_told
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import OWED, Allocation, ItemState, OpenItem


def wants_of(account: str, *items: str) -> Wants:
    """Of a command of collections: the account with all that is open and agreed, and these items."""
    accounts = frozenset((account,))
    return Wants(accounts=accounts, open_items=accounts, collections=accounts, items=frozenset(items))


class OfAccount:
    """A command about one account, which names no items."""

    __slots__ = ()
    account: str

    @property
    def wants(self) -> Wants:
        """The account, with all that is open and agreed."""
        return wants_of(self.account)


def named_items(snapshot: Snapshot, account: str, items: Sequence[str]) -> tuple[Account, list[OpenItem]]:
    """The open items that a command names, or all that the account owes where it names none. Raises `CommandRefused`:
    `unknown-account`, `unknown-invoice`, or `nothing-open` where one of them, or all, are paid."""
    known = required_account(snapshot, account)
    if not items:
        owed = open_owed(snapshot, account)
        if not owed:
            raise CommandRefused("nothing-open", f"account {account} owes nothing")
        return known, owed
    found = [snapshot.get(OpenItem, each) for each in dict.fromkeys(items)]
    unknown = [
        name
        for name, each in zip(dict.fromkeys(items), found, strict=True)
        if each is None or each.account != account or each.kind not in OWED
    ]
    if unknown:
        raise CommandRefused(
            "unknown-invoice", f"account {account} has no invoice {', '.join(unknown)}", invoices=unknown
        )
    present = [each for each in found if each is not None]
    over = [each.id for each in present if each.state is not ItemState.OPEN]
    if over:
        raise CommandRefused("nothing-open", f"nothing is open of {', '.join(over)}", invoices=over)
    return known, present


def credits_before(snapshot: Snapshot, account: str, items: Iterable[str]) -> tuple[str, ...]:
    """Credits that are set off against these items now."""
    wanted = frozenset(items)
    found = {
        each.from_item
        for each in snapshot.of_account(Allocation, account)
        if each.to_item in wanted and each.reversed_on is None
    }
    return tuple(sorted(found))


def next_number(numbers: Iterable[int]) -> int:
    """One behind the last."""
    return 1 + max(numbers, default=0)


def day_result(decision: Decision, policy: str, name: str) -> int | None:
    """A date that the policies worked out, as days since 1970-01-01; None where they give none."""
    value = decision.results.get(policy, {}).get(name)
    return day_number(date.fromisoformat(value)) if isinstance(value, str) else None


def recorded(
    posting: Posting,
    account: str,
    about: str,
    shown: Mapping[str, Any],
    *,
    id: str | None = None,
    status: int = 200,
    judged: Judged | None = None,
    act: str | None = None,
) -> LedgerChange:
    """What a command of collections comes to."""
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=None if judged is not None else id,
        act=act or posting.cause,
        about=about,
        account=account,
        judged=judged,
        told=state_told(posting, account),
        shown=shown,
        status=status,
        rechecks=posting.rechecks,
    )

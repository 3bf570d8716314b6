"""An account is opened, or its profile is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from ledger.credit.account import Account, AccountStatus, Figures, Grade, Group
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, state_told
from ledger.credit.limit import Limit, LimitState
from ledger.credit.order import LIVE, Order
from ledger.credit.profile import checked_facts, money_facts
from ledger.credit.sales_person import with_former_sales_person
from ledger.credit.security import Security
from ledger.credit.shown import account_shown
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.totals import DueTotal


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAccount:
    """The whole profile: what isn't said of an account is no longer known."""

    account: str
    currency: str | None = None
    """ISO 4217; None: the policies' for a new account, and no other than before for one that is there."""

    name: str | None = None
    group: str | None = None
    customer_since: str | None = None
    """A day; None: since its first item."""

    is_closed: bool = False
    """Nothing is sold to the customer any more. Whether an account is blocked stays as it is."""

    profile: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Facts of the account by their names without `account.`, as JSON."""

    said: frozenset[str] | None = None
    """Of a file: the columns that it has, and what is told in none of them stays; None: the whole profile is said."""

    may_widen: bool = False
    """Somebody with authority says in so many words that it leaves a group with a limit, or is open again."""

    if_version: int | None = None
    """Only where the account has this version, 0 where it isn't there; None: whatever it has."""

    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account, and the group that it comes into; what may still go out, where it may leave its currency."""
        account, groups = frozenset((self.account,)), frozenset() if self.group is None else frozenset((self.group,))
        return Wants(accounts=account, groups=groups, live_orders=frozenset() if self.currency is None else account)


def put_account(snapshot: Snapshot, command: PutAccount, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault of the profile."""
    before = snapshot.get(Account, command.account)
    _require_version(command, 0 if before is None else before.version)
    posting = Posting(snapshot, desk, "account")
    after = _asked(command, before, snapshot, desk)
    if before is None:
        posting.put(replace(after, version=1))
    else:
        if before.currency != after.currency:
            _leave_currency(posting, before)
            after = replace(after, currency_since=desk.day)
        after = with_former_sales_person(after, before, desk.day)
        if after != before:
            posting.touch(before.id)
            posting.put(replace(after, version=before.version + 1))
            _move_between_groups(posting, before, after)
    account = posting.existing(Account, command.account)
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act="account",
        about=account.id,
        account=account.id,
        told=state_told(posting, account.id),
        shown={"account": account_shown(account)},
        status=201 if before is None else 200,
    )
    return change if before is None or not posting.rows else helped(posting, change)


def require_version(given: int | None, version: int) -> None:
    """Raises `CommandRefused` (`version-differs`) where somebody saw another version than there is."""
    if given is not None and given != version:
        raise CommandRefused(
            "version-differs",
            f"it has version {version} by now, not {given}; read it again and send what is to be changed of that",
            version=version,
        )


def _require_version(command: PutAccount, version: int) -> None:
    require_version(command.if_version, version)


def _asked(command: PutAccount, before: Account | None, snapshot: Snapshot, desk: Desk) -> Account:
    """The account as it is asked for, with the totals that it has."""
    own = desk.engine.vocabulary.currency
    reading = Reading(desk.engine.vocabulary, own if before is None else before.currency, desk.day)
    reading.currency = reading.known_currency(command.currency, "currency")
    since = reading.optional_date(command.customer_since, "customer_since")
    if since is not None and since > desk.day:
        reading.fault("customer_since", "lies in the future", "send the day since which it has been one")
    profile = checked_facts(command.profile, reading, "profile")
    reading.done()
    command = _with_unsaid(command, before)
    if before is not None and command.said is not None:
        profile = {**{name: each for name, each in before.profile.items() if name not in command.said}, **profile}
        since = since if "customer_since" in command.said else before.customer_since
    _require_group(command, snapshot, reading.currency)
    if before is not None and not command.may_widen:
        _refuse_widening(command, before, snapshot)
    was = before or Account(id=command.account, currency=reading.currency, put_by=command.asker.actor)
    status = was.status
    if command.is_closed:
        status = AccountStatus.CLOSED
    elif status is AccountStatus.CLOSED:
        status = AccountStatus.ACTIVE if was.blocked_since is None else AccountStatus.BLOCKED
    return replace(
        was,
        currency=reading.currency,
        name=command.name,
        group=command.group,
        status=status,
        customer_since=since,
        profile=profile,
    )


def _with_unsaid(command: PutAccount, before: Account | None) -> PutAccount:
    """With what a file doesn't say of it as it is."""
    if before is None or command.said is None:
        return command
    return replace(
        command,
        name=command.name if "name" in command.said else before.name,
        group=command.group if "group" in command.said else before.group,
        is_closed=command.is_closed if "closed" in command.said else before.status is AccountStatus.CLOSED,
    )


def _refuse_widening(command: PutAccount, before: Account, snapshot: Snapshot) -> None:
    """Raises `CommandRefused` (`widens-credit`) where the account would come out of a group that holds it back, or be
    open again."""
    group = None if before.group is None else snapshot.get(Group, before.group)
    leaves = group is not None and command.group != group.id
    if group is not None and leaves and (group.limit is not None or group.insolvent):
        raise CommandRefused(
            "widens-credit",
            f"account {before.id} would leave group {group.id}, which has a limit or is insolvent; somebody at the "
            "desk with authority says so by sending both `group` and `closed`",
            group=group.id,
        )
    if before.status is AccountStatus.CLOSED and not command.is_closed:
        raise CommandRefused(
            "widens-credit",
            f'account {before.id} is closed, and would be open again; send "closed": true, or somebody at the desk '
            "with authority sends both `group` and `closed`",
        )


def _require_group(command: PutAccount, snapshot: Snapshot, currency: str) -> None:
    if command.group is None:
        return
    group = snapshot.get(Group, command.group)
    if group is None:
        raise CommandRefused("unknown-group", f"there is no group {command.group}; put it first", group=command.group)
    if group.currency != currency:
        raise CommandRefused(
            "group-currency-differs",
            f"group {group.id} is in {group.currency}, the account in {currency}: their exposures can't be added up",
            group=group.id,
        )


def _leave_currency(posting: Posting, account: Account) -> None:
    """Only an empty account can: its limits, securities and figures were in the currency that it leaves. Raises
    `CommandRefused` (`account-not-empty`)."""
    snapshot, day = posting.snapshot, posting.desk.day
    owed = [each for each in snapshot.of_account(DueTotal, account.id) if each.items]
    live = [each for each in snapshot.of_account(Order, account.id) if each.state in LIVE]
    if owed or live or not account.is_empty:
        money = decimal_formatter(MINOR_UNITS[account.currency])
        totals = ("open_items", "delivered", "open_orders", "deposits")
        raise CommandRefused(
            "account-not-empty",
            f"account {account.id} can leave {account.currency} only while nothing is open, reserved or held",
            **{name: money(getattr(account, name)) for name in totals},
            orders=[each.id for each in live[:20]],
        )
    for limit in snapshot.of_account(Limit, account.id):
        if limit.state in (LimitState.GRANTED, LimitState.REQUESTED):
            posting.put(replace(limit, state=LimitState.ENDED))
    for security in snapshot.of_account(Security, account.id):
        if security.ended_on is None:
            posting.put(replace(security, ended_on=day))
    _forget_amounts(posting, account)


def _forget_amounts(posting: Posting, account: Account) -> None:
    newest = max(posting.snapshot.of_account(Figures, account.id), key=lambda each: each.on, default=None)
    amounts = {name.partition(".")[2] for name in money_facts(posting.desk.engine.vocabulary, "account")}
    if newest is not None and amounts & newest.figures.keys():
        kept = {name: value for name, value in newest.figures.items() if name not in amounts}
        posting.put(Figures(account=account.id, on=posting.desk.day, figures=kept, source=newest.source))


def _move_between_groups(posting: Posting, before: Account, after: Account) -> None:
    """The account's exposure and grade leave the group that it was in, and come into the one that it is in."""
    if before.group == after.group:
        return
    if (old := None if before.group is None else posting.get(Group, before.group)) is not None:
        left = {account: grade for account, grade in old.grades.items() if account != before.id}
        posting.move_group(old, -before.exposure, grades=left)
    if (new := None if after.group is None else posting.get(Group, after.group)) is not None:
        grade = current_grade(posting, after.id)
        grades = new.grades if grade is None else {**new.grades, after.id: grade}
        posting.move_group(new, after.exposure, grades=grades)


def current_grade(posting: Posting, account: str) -> str | None:
    """The grade that was assigned last."""
    newest = max(posting.snapshot.of_account(Grade, account), key=lambda each: each.since, default=None)
    return None if newest is None else newest.grade

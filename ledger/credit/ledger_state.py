"""On which state of an account something was done, and which state it made; and whose held orders it may help."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.credit.account import Account, Group
from ledger.credit.change import Asker, CommandRefused, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.snapshot import Snapshot


def required_account(snapshot: Snapshot, account: str) -> Account:
    """Raises `CommandRefused` (`unknown-account`)."""
    found = snapshot.get(Account, account)
    if found is None:
        raise no_account(account)
    return found


def no_account(account: str) -> CommandRefused:
    """What is said of a number that no account has."""
    return CommandRefused("unknown-account", f"there is no account {account}", account=account)


def require_authority(asker: Asker) -> None:
    """Raises `CommandRefused` (`no-authority`) where no person with an authority asks."""
    if asker.login is None or asker.authority == "none":
        raise CommandRefused(
            "no-authority", "this takes a person with an authority; the caller is none, or has the authority none"
        )


def state_told(posting: Posting, account: str) -> dict[str, Any]:
    """The business date, and the versions of the account and its group; 0 of an account that was not there."""
    before, after = posting.snapshot.get(Account, account), posting.get(Account, account)
    group = None if after is None or after.group is None else posting.snapshot.get(Group, after.group)
    return {
        "business_date": posting.desk.business_date.isoformat(),
        "account_version": 0 if before is None else before.version,
        "account_version_after": 0 if after is None else after.version,
        "group_version": None if group is None else group.version,
    }


def helped(posting: Posting, change: LedgerChange) -> LedgerChange:
    """A change that can only help its account: held orders are looked at again, those of its group's other accounts
    too."""
    account = change.account
    after = None if account is None else posting.get(Account, account)
    if after is None:
        return change
    groups = frozenset() if after.group is None else frozenset((after.group,))
    return replace(change, rechecks=change.rechecks | {after.id}, recheck_groups=change.recheck_groups | groups)

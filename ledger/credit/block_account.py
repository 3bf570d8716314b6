"""An account is blocked, so that nothing more goes out, and unblocked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.account import Account, AccountStatus
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, require_authority, required_account, state_told
from ledger.credit.order import NOT_OVER, Release, ReleaseState
from ledger.credit.shown import account_shown
from ledger.credit.snapshot import Snapshot, Wants

_LEGAL = {
    AccountStatus.ACTIVE: ["block"],
    AccountStatus.BLOCKED: ["unblock"],
    AccountStatus.CLOSED: [],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """By somebody with an authority."""

    account: str
    reason: str
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account, and the releases of its orders."""
        account = frozenset((self.account,))
        return Wants(accounts=account, releases=account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblock:
    """By somebody with an authority."""

    account: str
    reason: str
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


def block(snapshot: Snapshot, command: Block, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. What was released before is to be released anew: its releases end."""
    account = _required(snapshot, command.account, "block", AccountStatus.ACTIVE, command.asker)
    posting = Posting(snapshot, desk, "block")
    for release in snapshot.of_account(Release, account.id):
        if release.state in NOT_OVER:
            posting.put(replace(release, state=ReleaseState.ENDED))
    return _put(posting, replace(account, status=AccountStatus.BLOCKED, blocked_since=desk.day))


def unblock(snapshot: Snapshot, command: Unblock, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    account = _required(snapshot, command.account, "unblock", AccountStatus.BLOCKED, command.asker)
    posting = Posting(snapshot, desk, "unblock")
    return helped(posting, _put(posting, replace(account, status=AccountStatus.ACTIVE, blocked_since=None)))


def _required(snapshot: Snapshot, account: str, move: str, status: AccountStatus, asker: Asker) -> Account:
    found = required_account(snapshot, account)
    require_authority(asker)
    if found.status is not status:
        legal = _LEGAL[found.status]
        raise CommandRefused(
            "illegal-move",
            f"account {account} is {found.status}: it can't be {move}ed; possible are: {', '.join(legal) or 'nothing'}",
            state=found.status.value,
            legal_moves=legal,
        )
    return found


def _put(posting: Posting, account: Account) -> LedgerChange:
    touched = posting.touch(account.id)
    posting.put(replace(account, version=touched.version))
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act=posting.cause,
        about=account.id,
        account=account.id,
        told=state_told(posting, account.id),
        shown={"account": account_shown(replace(account, version=touched.version))},
    )

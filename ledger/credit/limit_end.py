"""A limit that was asked for is refused, and one that counts ended, by somebody with an authority; and one that was
granted elsewhere is taken over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import require_authority, required_account
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.limit_request import (
    end_others,
    limit_amount,
    limit_changed,
    next_number,
    put_granted,
    require_state,
    required_limit,
)
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseLimit:
    """What was asked for isn't granted."""

    account: str
    number: int
    reason: str
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLimit:
    """A limit counts no longer, or what was asked for is taken back."""

    account: str
    number: int
    reason: str
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverLimit:
    """A limit that was granted before the ledger knew the account: no policy judges it, so only imports do this, and
    only for an account that never had a limit here. A temporary one may come with it on the same day."""

    account: str
    kind: LimitKind
    amount: str | None
    from_on: str
    until_on: str | None = None
    granted_by: str | None = None
    reason: str | None = None
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


def refuse_limit(snapshot: Snapshot, command: RefuseLimit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    require_authority(command.asker)
    limit = required_limit(snapshot, required_account(snapshot, command.account).id, command.number)
    require_state(limit, LimitState.REQUESTED)
    return _put(snapshot, desk, replace(limit, state=LimitState.REFUSED), "refuse-limit")


def end_limit(snapshot: Snapshot, command: EndLimit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    require_authority(command.asker)
    limit = required_limit(snapshot, required_account(snapshot, command.account).id, command.number)
    require_state(limit, LimitState.REQUESTED, LimitState.GRANTED)
    return _put(snapshot, desk, replace(limit, state=LimitState.ENDED), "end-limit", was=limit.state)


def take_over_limit(snapshot: Snapshot, command: TakeOverLimit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    amount = limit_amount(reading, command.kind, command.amount)
    from_on = reading.date(command.from_on, "from")
    until_on = reading.optional_date(command.until_on, "until")
    reading.period(from_on, until_on, "until", "it counts")
    reading.done()
    limit = Limit(
        account=account.id,
        number=next_number(snapshot, account.id),
        kind=command.kind,
        amount=amount,
        from_on=from_on,
        until_on=until_on,
        state=LimitState.GRANTED,
        reason=command.reason,
        requested_by=command.asker.login or command.asker.program,
        granted_on=min(from_on, desk.day),
        taken_over_on=desk.day,
        said_granted_by=command.granted_by,
    )
    known = snapshot.of_account(Limit, account.id)
    posting = Posting(snapshot, desk, "take-over-limit")
    if (same := next((each for each in known if _is_same(each, limit)), None)) is not None:
        return limit_changed(posting, same, "take-over-limit")
    if not all(_came_together(each, limit) for each in known):
        raise CommandRefused(
            "limit-not-taken-over",
            f"account {account.id} has had a limit here: only the first one is taken over from elsewhere; ask for "
            f"this one (POST /v1/accounts/{account.id}/limits)",
        )
    posting.touch(account.id)
    return limit_changed(posting, put_granted(posting, limit), "take-over-limit", status=201)


def _is_same(known: Limit, limit: Limit) -> bool:
    """Whether it was taken over before, and still counts."""
    terms = ("kind", "amount", "from_on", "until_on")
    return (
        known.taken_over_on is not None
        and known.state is LimitState.GRANTED
        and all(getattr(known, each) == getattr(limit, each) for each in terms)
    )


def _came_together(known: Limit, limit: Limit) -> bool:
    """Both are of one first load: a limit, and temporary ones beside it."""
    temporary = LimitKind.TEMPORARY
    return (
        known.taken_over_on == limit.taken_over_on
        and known.state is LimitState.GRANTED
        and temporary in (known.kind, limit.kind)
    )


def _put(
    snapshot: Snapshot, desk: Desk, limit: Limit, act: str, *, was: LimitState = LimitState.REQUESTED
) -> LedgerChange:
    posting = Posting(snapshot, desk, act)
    posting.touch(limit.account)
    posting.put(limit)
    if was is LimitState.GRANTED:
        end_others(posting, limit, if_before=True)
    return limit_changed(posting, limit, act)

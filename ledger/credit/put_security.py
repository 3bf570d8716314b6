"""A security is recorded or changed, and ended when it is given back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.vocabulary.decimals import RATE_SCALE
from engine.vocabulary.vocabulary import Kind
from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.exchange import worth
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.order import Order
from ledger.credit.security import Security, SecurityKind
from ledger.credit.shown import security_shown
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSecurity:
    """All that is said of a security: what isn't said is no longer known."""

    account: str
    security: str
    """The caller's number of it."""

    kind: SecurityKind
    order: str | None = None
    amount: str
    currency: str | None = None
    """ISO 4217; None: the account's. In another it counts what it is worth today, rounded down."""

    cover: str | None = None
    """Share that is paid; None: all of it."""

    from_on: str | None = None
    until_on: str | None = None
    stopped_on: str | None = None
    max_days: int | None = None
    reference: str | None = None
    issuer: str | None = None
    said: frozenset[str] | None = None
    """Of a file: the columns that it has, and what is told in none of them stays; None: all is said."""

    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account, and the order that it is for."""
        orders = frozenset() if self.order is None else frozenset((self.order,))
        currencies = frozenset() if self.currency is None else frozenset((self.currency,))
        return Wants(accounts=frozenset((self.account,)), orders=orders, currencies=currencies)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSecurity:
    """It is given back, or cancelled: from today on it counts nothing."""

    account: str
    security: str
    reason: str | None = None
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account, and with it the orders of its securities."""
        return Wants(accounts=frozenset((self.account,)))


_COLUMNS = {
    "order": "order", "cover": "cover", "from_on": "from", "until_on": "until", "stopped_on": "stopped_on",
    "max_days": "max_days", "reference": "reference", "issuer": "issuer",
}  # fmt: skip
"""Columns of files that may be missing, by what they say."""


def put_security(snapshot: Snapshot, command: PutSecurity, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account = required_account(snapshot, command.account)
    before = snapshot.get(Security, account.id, command.security)
    security = _asked(snapshot, command, account, desk)
    if before is not None and command.said is not None:
        unsaid = {field: getattr(before, field) for field, name in _COLUMNS.items() if name not in command.said}
        security = replace(security, **unsaid)
    if command.order is not None:
        order = snapshot.get(Order, command.order)
        if order is None or order.account != account.id:
            raise CommandRefused(
                "unknown-order", f"account {account.id} has no order {command.order}", order=command.order
            )
    posting = Posting(snapshot, desk, "security")
    if security != before:
        posting.touch(account.id)
        posting.put(security)
        if before is not None:
            posting.end_approval(before.order, lambda release: _is_less(security, before, release.on))
    change = _change(posting, account, security, "security", 201 if before is None else 200)
    return helped(posting, change) if posting.rows else change


def end_security(snapshot: Snapshot, command: EndSecurity, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    account = required_account(snapshot, command.account)
    security = snapshot.get(Security, account.id, command.security)
    if security is None:
        raise CommandRefused(
            "unknown-security", f"account {account.id} has no security {command.security}", security=command.security
        )
    if security.ended_on is not None:
        raise CommandRefused(
            "illegal-move",
            f"security {security.id} of account {account.id} has ended; possible are: nothing",
            state="ended",
            legal_moves=[],
        )
    posting = Posting(snapshot, desk, "end-security")
    posting.touch(account.id)
    ended = replace(security, ended_on=desk.day)
    posting.put(ended)
    posting.end_approval(security.order, lambda release: security.counts_on(release.on))
    return _change(posting, account, ended, "end-security", 200)


def _is_less(now: Security, before: Security, day: int) -> bool:
    """Whether what counted on this day pays less, or for less long, or something else."""
    ends_sooner = now.until_on is not None and (before.until_on is None or now.until_on < before.until_on)
    is_other = (now.kind, now.order) != (before.kind, before.order)
    return before.counts_on(day) and (now.pays < before.pays or ends_sooner or is_other)


def _change(posting: Posting, account: Account, security: Security, act: str, status: int) -> LedgerChange:
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act=act,
        about=security.id,
        account=account.id,
        told=state_told(posting, account.id),
        shown={"security": security_shown(security, account.currency)},
        status=status,
    )


def _asked(snapshot: Snapshot, command: PutSecurity, account: Account, desk: Desk) -> Security:
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    currency = reading.known_currency(command.currency, "currency")
    amount = reading.amount(command.amount, "amount", least=0, currency=currency)
    cover = reading.value(command.cover, desk.engine.vocabulary.type_named(Kind.RATE), "cover")
    from_on, until_on = reading.optional_date(command.from_on, "from"), reading.optional_date(command.until_on, "until")
    stopped_on = reading.optional_date(command.stopped_on, "stopped_on")
    reading.period(from_on, until_on, "until", "it can be drawn on")
    if command.max_days is not None and not 0 <= command.max_days <= 3650:
        reading.fault("max_days", "is out of range", "expected between 0 and 3650")
    reading.done()
    return Security(
        account=account.id,
        id=command.security,
        kind=command.kind,
        order=command.order,
        amount=worth(snapshot, desk, amount, currency, account.currency, day=desk.day, rounded_up=False),
        cover=10**RATE_SCALE if cover is None else cover,
        from_on=from_on,
        until_on=until_on,
        stopped_on=stopped_on,
        max_days=command.max_days,
        reference=command.reference,
        issuer=command.issuer,
    )

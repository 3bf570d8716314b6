"""A write-off is asked for, agreed to or refused: the policies say whether anything is to be written off, and who may.

    ask    –policies→  booked at once, waiting for somebody with the authority (202), or refused (403)
    agree  –policies→  booked, or not within the person's authority (403)

The invoice is decided as one of which recovery is exhausted, over what was given up of it and of the account's other
invoices this week as well, so that splitting evades no authority. It counts where a rule proposes a write-off; what
is insured or secured and not claimed is claimed first, as the policies say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.collections.judge_item import judge_item
from ledger.credit.account import Account
from ledger.credit.account_fact_group import money_of
from ledger.credit.amounts import Reading
from ledger.credit.change import Again, Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, require_authority, required_account, state_told
from ledger.credit.release_order import AUTHORITIES
from ledger.credit.shown import iso, money_shown
from ledger.credit.sisters import SISTER_DAYS
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.booked import digest_of, item_shown, refuse_booked
from ledger.items.item import OWED, ItemKind, OpenItem
from ledger.items.keeping import put_item
from ledger.items.settling import SettingOff
from ledger.items.write_off import WriteOff, WriteOffState

_WRITE_OFF = "write_off"
"""The outcome of a rule that proposes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWriteOff:
    """Somebody wants an invoice given up, or part of it."""

    write_off: str
    """Its number, which no item may use."""

    account: str
    invoice: str
    amount: str | None = None
    """In the account's currency; None: all that is open."""

    reason: str
    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account with its write-offs, the number, and the invoice."""
        account = frozenset((self.account,))
        return Wants(
            accounts=account,
            histories=account,
            open_items=account,
            collections=account,
            written_off=account,
            write_offs=frozenset((self.write_off,)),
            items=frozenset((self.write_off, self.invoice)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideWriteOff:
    """Somebody with authority agrees to one that waits, or refuses it."""

    write_off: str
    is_agreed: bool
    reason: str | None = None
    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The write-off with its invoice and the others of its account."""
        number = frozenset((self.write_off,))
        return Wants(write_offs=number, items=number)


def ask_write_off(snapshot: Snapshot, command: AskWriteOff, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, `FactsRefused`, and `Again` where it was asked for before. What the policies refuse is a
    change with `refused`."""
    account = required_account(snapshot, command.account)
    digest = digest_of(_WRITE_OFF, account.id, command.invoice, command.amount, command.reason)
    _refuse_asked(snapshot, command.write_off, digest, account.currency)
    invoice = _invoice(snapshot, command)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    amount = invoice.open_amount if command.amount is None else reading.amount(command.amount, "amount")
    reading.done()
    write_off = WriteOff(
        id=command.write_off,
        account=account.id,
        invoice=invoice.id,
        amount=amount,
        state=WriteOffState.PROPOSED,
        reason=command.reason,
        proposed_by=command.asker.login or command.asker.program,
        proposed_on=desk.day,
        decision=command.id,
        record=command.id,
        digest=digest,
    )
    _require_open(write_off, invoice, account)
    judged = judge_write_off(snapshot, write_off, invoice, desk, command.id)
    wanted = _wanted_for_all(snapshot, write_off, invoice, judged, desk)
    if wanted is None:
        return _refused(snapshot, write_off, judged, desk, "the policies propose no write-off")
    write_off = replace(write_off, authority=wanted)
    if may_agree(command.asker, wanted):
        return _booked(snapshot, write_off, command.asker, judged, desk, status=201)
    posting = Posting(snapshot, desk, "ask-write-off")
    posting.put(write_off)
    return _change(posting, write_off, judged, {}, status=202)


def decide_write_off(snapshot: Snapshot, command: DecideWriteOff, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused`. Whose authority is too low is refused, and that is on record."""
    require_authority(command.asker)
    write_off = snapshot.get(WriteOff, command.write_off)
    if write_off is None:
        raise CommandRefused(
            "unknown-write-off", f"there is no write-off {command.write_off}", write_off=command.write_off
        )
    if write_off.state is not WriteOffState.PROPOSED:
        raise CommandRefused(
            "illegal-move",
            f"write-off {write_off.id} is {write_off.state}; one that was booked is taken back as a payment is",
            state=write_off.state.value,
            legal_moves=["reverse"] if write_off.state is WriteOffState.BOOKED else [],
        )
    invoice = snapshot.existing(OpenItem, write_off.invoice)
    if command.is_agreed:
        _require_open(write_off, invoice, snapshot.existing(Account, write_off.account))
    judged = judge_write_off(snapshot, write_off, invoice, desk, command.id)
    if not command.is_agreed:
        return _turned_down(snapshot, write_off, command, judged, desk)
    wanted = _wanted_for_all(snapshot, write_off, invoice, judged, desk)
    if wanted is None:
        return _refused(snapshot, write_off, judged, desk, "the policies propose no write-off any more")
    if not may_agree(command.asker, wanted):
        return _refused(snapshot, write_off, judged, desk, f"it takes the authority {wanted}", wanted)
    return _booked(snapshot, replace(write_off, authority=wanted), command.asker, judged, desk, status=200)


def judge_write_off(
    snapshot: Snapshot, write_off: WriteOff, invoice: OpenItem, desk: Desk, id: str, **more: Any
) -> Judged:
    """The invoice decided as one that is to be given up. `more`: facts as they would be. Raises `FactsRefused`, and
    `CommandRefused` (`no-rate`)."""
    account = snapshot.existing(Account, write_off.account)
    beside = _given_up_beside(snapshot, write_off, desk.day)
    amount = money_of(account)(write_off.amount + beside)
    return judge_item(snapshot, invoice, desk, id, open_amount=amount, recovery_exhausted=True, **more)


def may_agree(asker: Asker, wanted: str) -> bool:
    """Whether a person's authority reaches the one that the policies want; a word that nobody's is reaches nothing."""
    known = asker.login is not None and asker.authority in AUTHORITIES and wanted in AUTHORITIES
    return known and AUTHORITIES.index(asker.authority) >= AUTHORITIES.index(wanted)


def write_off_shown(write_off: WriteOff, currency: str) -> dict[str, Any]:
    """As it stands; `currency` is its account's."""
    return {
        "id": write_off.id,
        "account": write_off.account,
        "invoice": write_off.invoice,
        "currency": currency,
        "amount": money_shown(write_off.amount, currency),
        "state": write_off.state.value,
        "reason": write_off.reason,
        "authority": write_off.authority,
        "proposed_by": write_off.proposed_by,
        "proposed_on": iso(write_off.proposed_on),
        "decided_by": write_off.decided_by,
        "decided_by_role": write_off.decided_by_role,
        "decided_on": iso(write_off.decided_on),
        "decision": write_off.decision,
    }


def _given_up_beside(snapshot: Snapshot, write_off: WriteOff, day: int) -> int:
    """Of the same invoice whenever it was, and of the account's others within `SISTER_DAYS`."""
    return sum(
        each.amount
        for each in snapshot.of_account(WriteOff, write_off.account)
        if each.state is WriteOffState.BOOKED
        and each.id != write_off.id
        and (each.invoice == write_off.invoice or day - (each.decided_on or 0) <= SISTER_DAYS)
    )


def _wanted_for_all(
    snapshot: Snapshot, write_off: WriteOff, invoice: OpenItem, judged: Judged, desk: Desk
) -> str | None:
    """The authority that it takes over the whole that is given up: what an insurer or a guarantor may pay some day
    lowers no authority. None as `_wanted`."""
    wanted = _wanted(judged)
    covers = [name for name in ("insured_amount", "secured_amount") if name in judged.facts["invoice"]]
    if wanted is None or not covers:
        return wanted
    none = dict.fromkeys(covers, money_of(snapshot.existing(Account, write_off.account))(0))
    of_all = _wanted(judge_write_off(snapshot, write_off, invoice, desk, judged.decision.id, **none))
    known = [each for each in (wanted, of_all) if each in AUTHORITIES]
    return max(known, key=AUTHORITIES.index, default=wanted)


def _wanted(judged: Judged) -> str | None:
    """The authority that a write-off takes; None where no rule proposes one, or the policies name nobody for it."""
    decision = judged.decision
    proposed = any(each.outcome == _WRITE_OFF and not each.waived for each in decision.reasons)
    wanted = decision.results.get("provisions", {}).get("write_off_authority")
    return wanted if proposed and isinstance(wanted, str) else None


def _refuse_asked(snapshot: Snapshot, number: str, digest: str, currency: str) -> None:
    known = snapshot.get(WriteOff, number)
    if known is None:
        refuse_booked(snapshot, number, digest)
    elif known.digest == digest:
        raise Again(known.record, write_off=write_off_shown(known, currency))
    else:
        raise CommandRefused(
            "already-booked-differently",
            f"the write-off {number} is there already, as `booked` says; give this one a number of its own",
            same_content=False,
            booked=write_off_shown(known, currency) if known.account else None,
        )


def _invoice(snapshot: Snapshot, command: AskWriteOff) -> OpenItem:
    invoice = snapshot.get(OpenItem, command.invoice)
    if invoice is None or invoice.account != command.account or invoice.kind not in OWED:
        raise CommandRefused(
            "unknown-invoice",
            f"account {command.account} has no invoice {command.invoice}; nothing was written off",
            invoices=[command.invoice],
        )
    return invoice


def _require_open(write_off: WriteOff, invoice: OpenItem, account: Account) -> None:
    if not write_off.amount or write_off.amount > invoice.open_amount:
        money = money_of(account)
        raise CommandRefused(
            "more-than-open",
            f"{money(invoice.open_amount)} of {invoice.id} is open, not {money(write_off.amount)}",
            open_amount=money(invoice.open_amount),
        )


def _booked(
    snapshot: Snapshot, write_off: WriteOff, asker: Asker, judged: Judged, desk: Desk, *, status: int
) -> LedgerChange:
    posting = Posting(snapshot, desk, "write-off")
    item = OpenItem(
        id=write_off.id,
        account=write_off.account,
        kind=ItemKind.WRITE_OFF,
        issued_on=desk.day,
        due_on=desk.day,
        amount=-write_off.amount,
        open_amount=-write_off.amount,
        record=write_off.record,
        digest=write_off.digest,
    )
    put_item(posting, item)
    SettingOff(posting, item, desk.day).against(snapshot.existing(OpenItem, write_off.invoice))
    booked = replace(
        write_off,
        state=WriteOffState.BOOKED,
        decided_by=asker.login,
        decided_by_role=asker.authority,
        decided_on=desk.day,
        decision=judged.decision.id,
    )
    posting.put(booked)
    currency = snapshot.existing(Account, write_off.account).currency
    invoice = posting.existing(OpenItem, write_off.invoice)
    return helped(posting, _change(posting, booked, judged, {"invoice": item_shown(invoice, currency)}, status=status))


def _turned_down(
    snapshot: Snapshot, write_off: WriteOff, command: DecideWriteOff, judged: Judged, desk: Desk
) -> LedgerChange:
    posting = Posting(snapshot, desk, "refuse-write-off")
    refused = replace(
        write_off,
        state=WriteOffState.REFUSED,
        decided_by=command.asker.login,
        decided_by_role=command.asker.authority,
        decided_on=desk.day,
        decision=judged.decision.id,
    )
    posting.put(refused)
    return _change(posting, refused, judged, {}, status=200)


def _refused(
    snapshot: Snapshot, write_off: WriteOff, judged: Judged, desk: Desk, why: str, wanted: str | None = None
) -> LedgerChange:
    refused = CommandRefused(
        "write-off-refused",
        f"nothing is written off of {write_off.invoice}: {why}",
        reasons=[each.as_json() for each in judged.decision.reasons if not each.waived],
        authority=wanted,
    )
    posting = Posting(snapshot, desk, "write-off")
    return replace(_change(posting, write_off, judged, {}, status=200), refused=refused, is_refusal=True)


def _change(
    posting: Posting, write_off: WriteOff, judged: Judged, shown: Mapping[str, Any], *, status: int
) -> LedgerChange:
    currency = posting.existing(Account, write_off.account).currency
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act=posting.cause,
        about=write_off.id,
        account=write_off.account,
        judged=judged,
        told=state_told(posting, write_off.account),
        shown={"write_off": write_off_shown(write_off, currency), **shown},
        status=status,
    )

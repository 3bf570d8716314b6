"""A dispute is raised about an item, and settled part by part."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.collections.asked import named_items, next_number, recorded, wants_of
from ledger.collections.collections_shown import dispute_shown
from ledger.collections.dispute import RUNNING_DISPUTES, Dispute, disputed_of
from ledger.collections.following import settled_as_far_as_it_is
from ledger.collections.judge_item import judged_if_possible
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, required_account
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.booked import item_shown
from ledger.items.item import OpenItem
from ledger.items.keeping import put_item


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseDispute:
    """The customer doesn't own to an item, or a part of it."""

    account: str
    invoice: str
    code: str
    """Why, as one word of the site's."""

    amount: str | None = None
    """As its caller wrote it; None: all of the item that isn't in dispute yet."""

    opened_on: str | None = None
    """The day on which the customer said so, not after today; None: today."""

    text: str | None = None
    asker: Asker
    id: str
    """Of the decision on the item."""

    @property
    def wants(self) -> Wants:
        """The account, and the item."""
        return wants_of(self.account, self.invoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleDispute:
    """What became of a dispute, or of parts of it."""

    account: str
    invoice: str
    number: int
    credited: str | None = None
    """Accepted: it stays in dispute until its credit note is booked."""

    rejected: str | None = None
    withdrawn: str | None = None
    asker: Asker
    id: str
    """Of the decision on the item."""

    @property
    def wants(self) -> Wants:
        """The account, and the item."""
        return wants_of(self.account, self.invoice)


def raise_dispute(snapshot: Snapshot, command: RaiseDispute, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account, [item] = named_items(snapshot, command.account, [command.invoice])
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    most = item.open_amount - item.disputed_amount
    amount = most if command.amount is None else reading.amount(command.amount, "amount")
    on = reading.date(command.opened_on, "opened_on", or_else=desk.day, is_past=True)
    reading.done()
    if amount > most or not amount:
        open_and_free = item_shown(replace(item, disputed_amount=0, open_amount=most), account.currency)["open_amount"]
        raise CommandRefused(
            "over-disputed",
            f"{open_and_free} {account.currency} of {item.id} is open and not in dispute; no more can be disputed",
            most=open_and_free,
        )
    known = [each for each in snapshot.of_account(Dispute, account.id) if each.item == item.id]
    dispute = Dispute(
        item=item.id,
        number=next_number(each.number for each in known),
        account=account.id,
        code=command.code,
        amount=amount,
        opened_on=on,
        text=command.text,
        by=command.asker.login or command.asker.program,
    )
    posting = Posting(snapshot, desk, "dispute")
    posting.put(dispute)
    return _disputed(posting, item, dispute, command.id, status=201)


def settle_dispute(snapshot: Snapshot, command: SettleDispute, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account = required_account(snapshot, command.account)
    dispute = snapshot.get(Dispute, command.invoice, command.number)
    if dispute is None or dispute.account != account.id:
        raise CommandRefused("unknown-dispute", f"invoice {command.invoice} has no dispute {command.number}")
    if dispute.state not in RUNNING_DISPUTES:
        raise CommandRefused(
            "illegal-move",
            f"dispute {dispute.number} of {dispute.item} is {dispute.state}; raise another one where there is one",
            state=dispute.state.value,
            legal_moves=[],
        )
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    parts = {
        name: 0 if raw is None else reading.amount(raw, name)
        for name, raw in (
            ("credited", command.credited), ("rejected", command.rejected), ("withdrawn", command.withdrawn),
        )
    }  # fmt: skip
    left = dispute.open_amount - dispute.to_credit
    if not reading.faults and not any(parts.values()):
        reading.fault("rejected", "is missing, and so are credited and withdrawn", "say what became of the dispute")
    if not reading.faults and sum(parts.values()) > left:
        reading.fault("rejected", "comes with the others to more than is still in dispute", "settle no more than that")
    reading.done()
    settled = replace(
        dispute,
        to_credit=dispute.to_credit + parts["credited"],
        rejected=dispute.rejected + parts["rejected"],
        withdrawn=dispute.withdrawn + parts["withdrawn"],
    )
    settled = settled_as_far_as_it_is(settled, desk.day, command.asker.login or command.asker.program)
    posting = Posting(snapshot, desk, "settle-dispute")
    posting.put(settled)
    return helped(posting, _disputed(posting, snapshot.existing(OpenItem, dispute.item), settled, command.id))


def _disputed(posting: Posting, item: OpenItem, dispute: Dispute, id: str, status: int = 200) -> LedgerChange:
    """The item with as much in dispute as its disputes say."""
    others = {each.key: each for each in posting.snapshot.of_account(Dispute, item.account)} | {dispute.key: dispute}
    put_item(posting, replace(item, disputed_amount=disputed_of(item, others.values())))
    account = posting.touch(item.account)
    judged = judged_if_possible(posting.snapshot, posting.rows, item, posting.desk, id)
    shown = {
        "dispute": dispute_shown(dispute, account.currency),
        "invoice": item_shown(posting.existing(OpenItem, item.id), account.currency),
    }
    return recorded(posting, account.id, item.id, shown, id=id, status=status, judged=judged)

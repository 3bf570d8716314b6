"""An open item decided by the policies, from the ledger's facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.vocabulary.binding import FactsRefused
from ledger.collections.invoice_facts import Shares, invoice_body, invoice_group
from ledger.credit.account_fact_group import as_of
from ledger.credit.change import CommandRefused, Desk, Judged
from ledger.credit.exchange import no_rate
from ledger.credit.snapshot import LedgerRow, Snapshot
from ledger.items.item import OpenItem

INVOICE_CASE = "invoice"


def judge_item(snapshot: Snapshot, item: OpenItem, desk: Desk, id: str, **more: Any) -> Judged:
    """The decision on an item as it stands, on the day of the desk. `more`: facts as they would be. Raises
    `FactsRefused`, and `CommandRefused` (`no-rate`) where nobody knows what its amounts are worth."""
    body = invoice_body(snapshot, item, desk)
    body["invoice"] |= more
    return decided(body, desk, id)


def judge_with_account(
    body: dict[str, Any], snapshot: Snapshot, item: OpenItem, desk: Desk, shares: Shares, id: str
) -> Judged:
    """The same, where the facts of the account are known already: `body` as `account_body` gives it."""
    return decided({**body, "invoice": invoice_group(snapshot, item, desk, shares)}, desk, id)


def decided(body: dict[str, Any], desk: Desk, id: str) -> Judged:
    """Raises as `judge_item`."""
    if "currency" in body and "rates" not in body:
        raise no_rate(desk, body["currency"], desk.day)
    return Judged(decision=desk.engine.decide_request(INVOICE_CASE, body, as_of(body), id), facts=body)


def judged_if_possible(
    snapshot: Snapshot, rows: Iterable[LedgerRow], item: OpenItem, desk: Desk, id: str
) -> Judged | None:
    """The decision on an item as it is with these rows; None where it can't be decided, which keeps nothing from being
    recorded."""
    after = snapshot.with_rows(rows)
    try:
        return judge_item(after, after.existing(OpenItem, item.id), desk, id)
    except (FactsRefused, CommandRefused):
        return None

"""Which function does which command: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.credit.change import Change, Desk
from ledger.credit.put_account import PutAccount, put_account
from ledger.credit.record_figures import RecordFigures, record_figures
from ledger.credit.snapshot import Snapshot
from ledger.credit.submit import Submit, submit
from ledger.items.post_invoice import PostInvoice, post_invoice
from ledger.items.post_payment import PostPayment, post_payment

Verb = Callable[[Snapshot, Any, Desk], Change]

VERBS: Mapping[type[Any], Verb] = {
    Submit: submit,
    PutAccount: put_account,
    RecordFigures: record_figures,
    PostInvoice: post_invoice,
    PostPayment: post_payment,
}
"""By the command's type."""

"""Which function does which command: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.credit.assign_grade import AssignGrade, assign_grade
from ledger.credit.block_account import Block, Unblock, block, unblock
from ledger.credit.change import Change, Desk
from ledger.credit.limit_end import EndLimit, RefuseLimit, TakeOverLimit, end_limit, refuse_limit, take_over_limit
from ledger.credit.limit_request import GrantLimit, RequestLimit, grant_limit, request_limit
from ledger.credit.put_account import PutAccount, put_account
from ledger.credit.put_group import PutGroup, put_group
from ledger.credit.put_security import EndSecurity, PutSecurity, end_security, put_security
from ledger.credit.record_figures import RecordFigures, record_figures
from ledger.credit.snapshot import Snapshot
from ledger.credit.submit import Submit, submit
from ledger.items.import_chunk import ImportChunk, import_chunk
from ledger.items.match_open_item import MatchOpenItem, match_open_item
from ledger.items.post_credit_note import PostCreditNote, post_credit_note
from ledger.items.post_deposit import PostDeposit, post_deposit
from ledger.items.post_invoice import PostInvoice, post_invoice
from ledger.items.post_payment import PostPayment, post_payment
from ledger.items.put_rates import PutRate, put_rates
from ledger.items.reverse import Reverse, reverse

Verb = Callable[[Snapshot, Any, Desk], Change]

VERBS: Mapping[type[Any], Verb] = {
    Submit: submit,
    PutAccount: put_account,
    PutGroup: put_group,
    RecordFigures: record_figures,
    AssignGrade: assign_grade,
    Block: block,
    Unblock: unblock,
    RequestLimit: request_limit,
    GrantLimit: grant_limit,
    RefuseLimit: refuse_limit,
    EndLimit: end_limit,
    TakeOverLimit: take_over_limit,
    PutSecurity: put_security,
    EndSecurity: end_security,
    PostInvoice: post_invoice,
    PostPayment: post_payment,
    PostCreditNote: post_credit_note,
    PostDeposit: post_deposit,
    Reverse: reverse,
    PutRate: put_rates,
    MatchOpenItem: match_open_item,
    ImportChunk: import_chunk,
}
"""By the command's type."""

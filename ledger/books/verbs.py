"""Which function does which command: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.credit.assign_grade import AssignGrade, assign_grade
from ledger.credit.block_account import Block, Unblock, block, unblock
from ledger.credit.change import Desk, LedgerChange
from ledger.credit.change_order import ChangeOrder, change_order
from ledger.credit.deliver import Deliver, Undeliver, deliver, undeliver
from ledger.credit.limit_end import EndLimit, RefuseLimit, TakeOverLimit, end_limit, refuse_limit, take_over_limit
from ledger.credit.limit_request import GrantLimit, RequestLimit, grant_limit, request_limit
from ledger.credit.put_account import PutAccount, put_account
from ledger.credit.put_group import PutGroup, put_group
from ledger.credit.put_security import EndSecurity, PutSecurity, end_security, put_security
from ledger.credit.recheck import Lift, Recheck, lift, recheck
from ledger.credit.record_figures import RecordFigures, record_figures
from ledger.credit.release_order import ReleaseOrder, release_order
from ledger.credit.reopen import Reopen, reopen
from ledger.credit.snapshot import Snapshot
from ledger.credit.stop import Cancel, Close, HoldOrder, Reject, cancel, close, hold_order, reject
from ledger.credit.submit import Submit, submit
from ledger.items.allocate import Allocate, Unallocate, allocate, unallocate
from ledger.items.import_chunk import ImportChunk, import_chunk
from ledger.items.match_open_item import MatchOpenItem, match_open_item
from ledger.items.post_credit_note import PostCreditNote, post_credit_note
from ledger.items.post_deposit import PostDeposit, post_deposit
from ledger.items.post_invoice import PostInvoice, post_invoice
from ledger.items.post_payment import PostPayment, post_payment
from ledger.items.put_rates import PutRate, put_rates
from ledger.items.reverse import Reverse, reverse
from ledger.items.write_off_request import AskWriteOff, DecideWriteOff, ask_write_off, decide_write_off

Verb = Callable[[Snapshot, Any, Desk], LedgerChange]

VERBS: Mapping[type[Any], Verb] = {
    Submit: submit,
    ChangeOrder: change_order,
    Recheck: recheck,
    Lift: lift,
    ReleaseOrder: release_order,
    HoldOrder: hold_order,
    Reject: reject,
    Cancel: cancel,
    Close: close,
    Reopen: reopen,
    Deliver: deliver,
    Undeliver: undeliver,
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
    Allocate: allocate,
    Unallocate: unallocate,
    AskWriteOff: ask_write_off,
    DecideWriteOff: decide_write_off,
    PutRate: put_rates,
    MatchOpenItem: match_open_item,
    ImportChunk: import_chunk,
}
"""By the command's type."""

"""Which function does which command: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.collections.agree_plan import AgreePlan, AskPlan, EndPlan, agree_plan, ask_plan, end_plan
from ledger.collections.dispute_item import RaiseDispute, SettleDispute, raise_dispute, settle_dispute
from ledger.collections.following import followed_verb
from ledger.collections.record_contact import (
    AssignCollector,
    EndBlock,
    PutBlock,
    RecordContact,
    RecordItemFact,
    assign_collector,
    end_block,
    put_block,
    record_contact,
    record_item_fact,
)
from ledger.collections.record_promise import RecordPromise, WithdrawPromise, record_promise, withdraw_promise
from ledger.collections.turn_account import JudgeAgreements, ReviewAccount, judge_agreements, review_account
from ledger.collections.work_entry import (
    DeferEntry,
    DisputeFromEntry,
    DoEntry,
    ListWork,
    PromiseFromEntry,
    SkipEntry,
    defer_entry,
    dispute_from_entry,
    do_entry,
    list_work,
    promise_from_entry,
    skip_entry,
)
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

_OWN: Mapping[type[Any], Verb] = {
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
    RaiseDispute: raise_dispute,
    SettleDispute: settle_dispute,
    RecordPromise: record_promise,
    WithdrawPromise: withdraw_promise,
    AskPlan: ask_plan,
    AgreePlan: agree_plan,
    EndPlan: end_plan,
    RecordContact: record_contact,
    PutBlock: put_block,
    EndBlock: end_block,
    RecordItemFact: record_item_fact,
    AssignCollector: assign_collector,
    ListWork: list_work,
    DoEntry: do_entry,
    DeferEntry: defer_entry,
    SkipEntry: skip_entry,
    PromiseFromEntry: promise_from_entry,
    DisputeFromEntry: dispute_from_entry,
    JudgeAgreements: judge_agreements,
    ReviewAccount: review_account,
    ImportChunk: import_chunk,
}

VERBS: Mapping[type[Any], Verb] = {
    command: verb if command is ImportChunk else followed_verb(verb) for command, verb in _OWN.items()
}
"""By the command's type. Each is followed by what disputes, promises and plans have of it; an import follows each of
its rows."""

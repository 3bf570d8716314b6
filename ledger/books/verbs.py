"""Which function does which command: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.credit.change import Change, Desk
from ledger.credit.change_order import ChangeOrder, change_order
from ledger.credit.deliver import Deliver, Undeliver, deliver, undeliver
from ledger.credit.recheck import Lift, Recheck, lift, recheck
from ledger.credit.release_order import ReleaseOrder, release_order
from ledger.credit.reopen import Reopen, reopen
from ledger.credit.snapshot import Snapshot
from ledger.credit.stop import Cancel, Close, HoldOrder, Reject, cancel, close, hold_order, reject
from ledger.credit.submit import Submit, submit

Verb = Callable[[Snapshot, Any, Desk], Change]

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
}
"""By the command's type."""

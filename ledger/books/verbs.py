"""Which function does which command: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.credit.change import Change, Desk
from ledger.credit.snapshot import Snapshot
from ledger.credit.submit import Submit, submit

Verb = Callable[[Snapshot, Any, Desk], Change]

VERBS: Mapping[type[Any], Verb] = {
    Submit: submit,
}
"""By the command's type."""

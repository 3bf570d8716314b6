"""Which policy set is in force, and which one is to follow when: read in the writer's transaction and by every worker.

In force is the last activation. A scheduled proposal becomes one at its instant: whoever writes first from then on adds
the activation before anything else, so that a decision recorded at or after the instant is one under the new set. The
activation's `from_at` is the instant itself, however late the first record came.

    activations   1 v1 09:00   2 v2 10:00      scheduled: v3 at 12:00
    record at 11:59   must be decided by v2
    record at 12:00   activation 3 (from 12:00) is added first; the record must be decided by v3
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from ledger.record.new_records import ACTIVATION, Record
from ledger.store.policy_tables import policy_activations, policy_proposals

PROPOSED, APPROVED, SCHEDULED = "proposed", "approved", "scheduled"
IN_FORCE, SUPERSEDED = "in-force", "superseded"
"""States of proposals, as the table has them, that matter for what is in force."""


class PolicyMoved(Exception):
    """It was decided by a set that is no longer in force: it is to be decided again. Nothing of it is recorded."""

    def __init__(self, number: int) -> None:
        super().__init__("another policy set is in force by now; ask again")
        self.number = number
        """Of the activation that is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTimeline:
    """What is in force, and when that changes by itself."""

    number: int = 0
    """Of the activation; 0: nothing has ever been in force."""

    version: str = ""
    from_at: str = ""
    kind: str = ""
    proposal: int | None = None

    next_at: str | None = None
    """When the next scheduled set takes effect; None: none is scheduled."""


NONE_YET = PolicyTimeline()
"""Nothing has ever been in force."""

_A = policy_activations.c
_NEXT = select(func.min(policy_proposals.c.effective_at)).where(policy_proposals.c.state == SCHEDULED).scalar_subquery()
_LAST = (
    select(_A.number, _A.version, _A.from_at, _A.kind, _A.proposal, _NEXT.label("next_at"))
    .order_by(_A.number.desc())
    .limit(1)
)


def read_timeline(connection: Connection) -> PolicyTimeline:
    """As the transaction sees it."""
    row = connection.execute(_LAST).first()
    if row is None:  # a first set may be scheduled too
        return PolicyTimeline(next_at=connection.execute(select(_NEXT)).scalar())
    return PolicyTimeline(**row._mapping)


def activation_rows(connection: Connection) -> Sequence[Any]:
    """All activations, the first one first."""
    return connection.execute(select(policy_activations).order_by(_A.number)).all()


def add_activation(connection: Connection, record: Record, seq: int, at: str) -> None:
    """The row of a record of kind `policy`, written with it."""
    said = _said(record)
    number = connection.execute(select(func.max(_A.number))).scalar() or 0
    row = {
        "number": number + 1,
        "version": record.policy,
        "from_at": said.get("from") or at,
        "kind": record.outcome,
        "proposal": said.get("proposal"),
        "seq": seq,
    }
    connection.execute(insert(policy_activations), row)


def _said(record: Record) -> Mapping[str, Any]:
    for part in record.parts:
        if part.path == ACTIVATION:
            said = json.loads(part.content)
            return said if isinstance(said, dict) else {}
    return {}

"""Scheduled policy sets take effect: at their instant, by whoever writes first, before anything else is written.

A set that was proposed against another one than is in force by then doesn't: it goes back to be looked at again, since
nobody has approved what the two changes do together.
"""

from __future__ import annotations

import json
from typing import Any

import structlog
from sqlalchemy import Connection, select, update

from ledger.journal.log_transaction import LogTransaction
from ledger.journal.policy_timeline import IN_FORCE, PROPOSED, SCHEDULED, SUPERSEDED
from ledger.record.new_records import activation_record, proposal_record
from ledger.store.policy_tables import policy_proposals

SCHEDULE = "schedule"
"""Who acts at an instant; the record before says who set it."""

FAILED = "fail"

log = structlog.get_logger(__name__)

_P = policy_proposals.c
_BY_INSTANT = (
    select(_P.number, _P.version, _P.base, _P.kind, _P.effective_at)
    .where(_P.state == SCHEDULED)
    .order_by(_P.effective_at, _P.number)
)


def take_effect_where_due(transaction: LogTransaction) -> None:
    """All sets whose instant has come, the earliest first."""
    while (next_at := transaction.timeline.next_at) is not None and next_at <= transaction.at:
        due = transaction.connection.execute(_BY_INSTANT.limit(1)).one()
        if (due.base or "") != transaction.timeline.version:
            _fail(transaction, due)
        else:
            put_into_force(transaction, due, SCHEDULE, instant=due.effective_at)
            log.warning("scheduled policy set in force", proposal=due.number, version=due.version, at=due.effective_at)
        transaction.read_timeline_again()


def put_into_force(transaction: LogTransaction, proposal: Any, actor: Any, *, instant: str | None = None) -> int:
    """The proposal's set decides from now on; the activation's number. `proposal` has number, version and kind."""
    how = "rollback" if proposal.kind == "rollback" else "approved" if transaction.timeline.number else "first"
    record = activation_record(proposal.version, how, actor, proposal=proposal.number, instant=instant)
    transaction.append(record)
    transaction.flush()
    number, connection = transaction.timeline.number, transaction.connection
    set_state(connection, _P.state == IN_FORCE, SUPERSEDED, transaction.at)
    set_state(connection, _P.number == proposal.number, IN_FORCE, transaction.at, activation=number)
    fail_orphans(transaction)
    return number


def fail_orphans(transaction: LogTransaction) -> None:
    """Scheduled sets that were proposed against what will not be in force before them go back, the earliest first."""
    version = transaction.timeline.version
    for row in transaction.connection.execute(_BY_INSTANT).all():
        if (row.base or "") != version:
            _fail(transaction, row)
        else:
            version = row.version
    transaction.read_timeline_again()


def set_state(connection: Connection, where: Any, state: str, at: str, **values: Any) -> None:
    """Of the proposals of which the condition holds."""
    connection.execute(update(policy_proposals).where(where).values(state=state, changed_at=at, **values))


def _fail(transaction: LogTransaction, row: Any) -> None:
    why = "another policy set is in force than the one that it was proposed against"
    said = json.dumps({"number": row.number, "version": row.version, "base": row.base, "why": why})
    transaction.append(proposal_record(FAILED, row.number, said, SCHEDULE, row.version))
    transaction.flush()
    set_state(transaction.connection, _P.number == row.number, PROPOSED, transaction.at)
    log.error("scheduled policy set doesn't take effect", proposal=row.number, version=row.version, reason=why)

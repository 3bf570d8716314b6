"""Proposals, their edits and approvals as rows, and what a desk needs to know of the timeline. In one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ledger.journal.clock import moment
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import records_of
from ledger.journal.policy_timeline import SCHEDULED, PolicyTimeline
from ledger.policies.duties import Hands
from ledger.policies.effective_instants import EffectiveInstant
from ledger.policies.findings import findings_of
from ledger.policies.proposal import Approval, Proposal, ProposalKind, ProposalState
from ledger.policies.states import PolicyDesk
from ledger.record.actors import Hand, hand_of
from ledger.record.new_records import ACT_SUBJECT
from ledger.record.record_header import RecordKind
from ledger.store.policy_tables import policy_approvals, policy_edits, policy_proposals

_P, _E, _A = policy_proposals.c, policy_edits.c, policy_approvals.c


def proposal_numbered(connection: Connection, number: int) -> Proposal | None:
    """With its edits and approvals."""
    row = connection.execute(select(policy_proposals).where(_P.number == number)).first()
    return None if row is None else _read(connection, row)


def proposals_in(connection: Connection, states: Sequence[ProposalState], most: int) -> list[Proposal]:
    """Those in any of these states, the newest first; in any state where none is given."""
    query = select(policy_proposals).order_by(_P.number.desc()).limit(most)
    if states:
        query = query.where(_P.state.in_([state.value for state in states]))
    return [_read(connection, row) for row in connection.execute(query).all()]


def next_number(connection: Connection) -> int:
    """Of a new proposal."""
    return (connection.execute(select(func.max(_P.number))).scalar() or 0) + 1


def put_proposal(connection: Connection, proposal: Proposal, at: str, *, is_new: bool = False) -> None:
    """All but its edits and approvals, which are rows of their own."""
    row = {
        "number": proposal.number,
        "state": proposal.state.value,
        "kind": proposal.kind.value,
        "revision": proposal.revision,
        "author": proposal.author,
        "title": proposal.title,
        "why": proposal.why,
        "base": proposal.base,
        "version": proposal.version,
        "files": _json(dict(proposal.files)),
        "tests": _json(dict(proposal.tests)),
        "effective_at": moment(proposal.effective.at) if proposal.effective else None,
        "zone": proposal.effective.zone if proposal.effective else None,
        "acknowledged": _json(dict(proposal.acknowledged)),
        "findings": _json(proposal.findings.as_json()) if proposal.findings else None,
        "digest": proposal.digest,
        "changed_at": at,
        "seq": proposal.seq,
        "activation": proposal.activation,
    }
    if is_new:
        connection.execute(insert(policy_proposals), row)
    else:
        connection.execute(update(policy_proposals).where(_P.number == proposal.number).values(row))


def add_edit(connection: Connection, proposal: Proposal, by: Hands, changed: Sequence[str], at: str, seq: int) -> None:
    """Who made this revision."""
    row = {"proposal": proposal.number, "revision": proposal.revision, "person": by.author, "at": at, "seq": seq}
    connection.execute(insert(policy_edits), {**row, "behind": _json(sorted(by.all)), "changed": _json(list(changed))})


def add_approval(connection: Connection, number: int, approval: Approval, seq: int) -> None:
    """Who approved it."""
    row = {"proposal": number, "digest": approval.digest, "person": approval.person, "at": approval.at, "seq": seq}
    behind = _json(sorted(approval.behind))
    connection.execute(insert(policy_approvals), {**row, "behind": behind, "comment": approval.comment})


def edits_of(connection: Connection, number: int) -> Sequence[Any]:
    """Rows, the first edit first."""
    return connection.execute(select(policy_edits).where(_E.proposal == number).order_by(_E.revision)).all()


def key_creators(transaction: LogTransaction) -> dict[str, Hand]:
    """By key, who made it, as records say."""
    records = records_of(transaction.connection, transaction.keys.key, [RecordKind.KEY])
    return {str(each.text(ACT_SUBJECT)): hand_of(each.actor) for each in records if each.header.outcome == "create"}


def desk_for(
    connection: Connection, timeline: PolicyTimeline, effective: EffectiveInstant | None, number: int, now: str
) -> PolicyDesk:
    """What holds for a change that is to take effect then: the set before it is the last one that is in force or
    scheduled earlier. `number`: of the change itself, which doesn't count."""
    query = select(_P.version, _P.effective_at).where(_P.state == SCHEDULED, _P.number != number)
    scheduled = connection.execute(query.order_by(_P.effective_at)).all()
    version: str | None = timeline.version or None
    if effective is not None:
        version = next((row.version for row in reversed(scheduled) if row.effective_at < moment(effective.at)), version)
    taken = frozenset(datetime.fromisoformat(row.effective_at) for row in scheduled)
    return PolicyDesk(now=datetime.fromisoformat(now), version_before=version, taken=taken)


def _read(connection: Connection, row: Any) -> Proposal:
    edits = edits_of(connection, row.number)
    approvals = connection.execute(select(policy_approvals).where(_A.proposal == row.number).order_by(_A.seq)).all()
    return Proposal(
        number=row.number,
        state=ProposalState(row.state),
        kind=ProposalKind(row.kind),
        revision=row.revision,
        author=row.author,
        hands=frozenset(hand for edit in edits for hand in json.loads(edit.behind)),
        title=row.title,
        why=row.why,
        base=row.base,
        version=row.version,
        files=json.loads(row.files),
        tests=json.loads(row.tests),
        effective=EffectiveInstant(datetime.fromisoformat(row.effective_at), row.zone) if row.effective_at else None,
        acknowledged=json.loads(row.acknowledged),
        findings=findings_of(json.loads(row.findings)) if row.findings else None,
        approvals=tuple(
            Approval(
                person=each.person,
                behind=frozenset(json.loads(each.behind)),
                digest=each.digest,
                at=each.at,
                comment=each.comment,
                seq=each.seq,
            )
            for each in approvals
        ),
        activation=row.activation,
        changed_at=row.changed_at,
        seq=row.seq,
    )


def _json(said: object) -> str:
    return json.dumps(said, ensure_ascii=False, sort_keys=True)

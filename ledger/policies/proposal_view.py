"""A proposal as those who work on it, approve it and audit it see it: with names, in the words of its records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ledger.journal.opened_records import record_at
from ledger.journal.policy_timeline import activation_rows, read_timeline
from ledger.policies.proposal import Proposal, ProposalState
from ledger.policies.proposal_rows import desk_for, edits_of, proposal_numbered
from ledger.policies.states import MOVES
from ledger.policies.version_names import version_name
from ledger.record.actors import hand_of
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import people

_OPEN = frozenset((ProposalState.PROPOSED, ProposalState.APPROVED, ProposalState.SCHEDULED, ProposalState.DRAFT))


@dataclass(frozen=True, slots=True)
class PolicyReader:
    """In one transaction, or one reading of the tables."""

    connection: Connection
    keys: SubjectKeys
    zone: str
    """Of the site, for names and instants."""

    now: str

    def who(self, seq: int) -> str:
        """Who did what this record says: a login, where the person has one still, else the opaque id."""
        record = record_at(self.connection, self.keys.key, seq)
        if record is None:
            return "nobody on record"
        return self.named(record.actor)

    def named(self, actor: str) -> str:
        """By the line of an actor."""
        hand = hand_of(actor)
        if hand.person is not None:
            login = self.connection.execute(select(people.c.login).where(people.c.id == hand.person)).scalar()
            return str(login or hand.person)
        return hand.login or hand.service or actor

    def proposal(self, proposal: Proposal) -> dict[str, Any]:
        """All but the texts of its files."""
        edits = edits_of(self.connection, proposal.number)
        effective, found = proposal.effective, proposal.findings
        standing = {each.seq for each in proposal.standing_approvals}
        return {
            "number": proposal.number,
            "state": proposal.state.value,
            "kind": proposal.kind.value,
            "revision": proposal.revision,
            "digest": proposal.digest,
            "title": proposal.title,
            "why": proposal.why,
            "author": self.who(proposal.seq),
            "base": proposal.base,
            "base_moved": self._base_moved(proposal),
            "version": proposal.version,
            "name": self._name(proposal.activation),
            "activation": proposal.activation,
            "effective": None
            if effective is None
            else {"at": effective.at, "local": effective.local, "zone": effective.zone},
            "acknowledged": dict(proposal.acknowledged),
            "findings": None if found is None else {**found.as_json(), "items": dict(found.items)},
            "approvals_needed": proposal.approvals_needed,
            "approvals": [
                {"who": self.who(each.seq), "at": each.at, "comment": each.comment, "counts": each.seq in standing}
                for each in proposal.approvals
            ],
            "edits": [
                {"revision": each.revision, "who": self.who(each.seq), "at": each.at, "files": json.loads(each.changed)}
                for each in edits
            ],
            "changed_at": proposal.changed_at,
            "may_be": [word.value for state, word in MOVES if state is proposal.state],
        }

    def activations(self) -> list[dict[str, Any]]:
        """What was in force when, the first one first."""
        rows = activation_rows(self.connection)
        return [self._activation(row, is_last=row is rows[-1]) for row in rows]

    def approvers(self, number: int | None) -> Sequence[str]:
        """Who approved what took effect under this proposal."""
        proposal = None if number is None else proposal_numbered(self.connection, number)
        return [] if proposal is None else [self.who(each.seq) for each in proposal.standing_approvals]

    def _activation(self, row: Any, *, is_last: bool) -> dict[str, Any]:
        proposal = None if row.proposal is None else proposal_numbered(self.connection, row.proposal)
        return {
            "number": row.number,
            "name": version_name(row.number, row.from_at, self.zone),
            "version": row.version,
            "from_at": row.from_at,
            "kind": row.kind,
            "proposal": row.proposal,
            "author": None if proposal is None else self.who(proposal.seq),
            "approvers": list(self.approvers(row.proposal)),
            "who": self.who(row.seq),
            "in_force": is_last,
        }

    def _name(self, activation: int | None) -> str | None:
        rows = [] if activation is None else activation_rows(self.connection)
        return next(
            (version_name(each.number, each.from_at, self.zone) for each in rows if each.number == activation), None
        )

    def _base_moved(self, proposal: Proposal) -> bool:
        if proposal.state not in _OPEN:
            return False
        timeline = read_timeline(self.connection)
        desk = desk_for(self.connection, timeline, proposal.effective, proposal.number, self.now)
        return desk.version_before != proposal.base

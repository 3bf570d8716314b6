"""The life of policies in the journal: each act reads, decides by `states`, writes and records in one transaction.

All writers of a journal wait for one lock, so of two acts that come together the second sees what the first has done:
one epoch follows another without a gap, and nothing takes effect without approvals of exactly what it says.

    examiner                       findings: check, tests, proofs; minutes, outside of any transaction
    journal.write(verb)            read the proposal → acted(…) → row, edit or approval, record → kept answer
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Connection

from engine.reading.standard_facts import standard_facts_content
from ledger.journal.due_activations import fail_orphans, put_into_force
from ledger.journal.journal import Journal
from ledger.journal.journal_work import keep_policy_set
from ledger.journal.kept_answers import KeptAnswer, KeyedRequest
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import policy_set
from ledger.journal.policy_timeline import activation_rows
from ledger.policies.duties import Hands, hands_of
from ledger.policies.findings import Findings
from ledger.policies.proposal import Proposal, ProposalKind, ProposalState
from ledger.policies.proposal_rows import (
    add_approval,
    add_edit,
    desk_for,
    key_creators,
    next_number,
    proposal_numbered,
    put_proposal,
)
from ledger.policies.states import MOVES, ActRefused, ActWord, PolicyAct, ProposalEdit, acted
from ledger.record.actors import Actor
from ledger.record.new_records import proposal_record, refusal_record

DUTIES = frozenset({"approver-is-author", "person-needed"})
"""Refusals for separation of duties: they are on record."""


class Examiner(Protocol):
    """Who runs the gates: what is wrong with files, which tests fail, what is proved, what changes."""

    async def examined(
        self,
        files: Mapping[str, str],
        tests: Mapping[str, str],
        before: Mapping[str, str] | None,
        *,
        proves: bool = True,
    ) -> Findings:
        """`before`: the files that they are to follow; None: there were none. Without `proves` invariants are not
        looked at. Never passes what it could not find out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """Who asks, and how the answer is kept."""

    actor: Actor
    request_id: str = ""
    keyed: KeyedRequest | None = None
    status: int = 200
    shown: Callable[[Connection, LogTransaction, Proposal], bytes]
    """The answer, made in the transaction."""


class PolicyLife:
    """Of one process; any number of processes share one journal."""

    def __init__(self, journal: Journal, examiner: Examiner) -> None:
        self._journal, self._examiner = journal, examiner

    async def begin(self, asked: PolicyRequest, edit: ProposalEdit, kind: ProposalKind = ProposalKind.CHANGE) -> bytes:
        """A draft of a change of what is in force; of a first set where nothing is. Raises `ActRefused`."""
        return await self._done(asked, lambda transaction, by: _begun(transaction, by, asked.actor, edit, kind))

    async def act(self, asked: PolicyRequest, number: int, word: ActWord, **said: Any) -> bytes:
        """Anything but to begin, to propose and to roll back. `said`: members of `PolicyAct`. Raises `ActRefused`."""
        return await self._done(
            asked,
            lambda transaction, by: _acted(transaction, asked.actor, number, PolicyAct(word=word, by=by, **said)),
        )

    async def propose(self, asked: PolicyRequest, number: int) -> bytes:
        """Runs the gates, then proposes exactly what they looked at. Raises `ActRefused`."""
        proposal, before = await self._journal.write(lambda transaction: _with_base(transaction, number))
        found = await self._examiner.examined(proposal.files, proposal.tests, before)
        revision = proposal.revision
        return await self.act(asked, number, ActWord.PROPOSE, revision=revision, findings=found)

    async def roll_back(self, asked: PolicyRequest, version: str, why: str, acknowledged: Mapping[str, str]) -> bytes:
        """Puts a set back that was in force once, at once. Raises `ActRefused`."""
        stored, before = await self._journal.write(lambda transaction: _both_sets(transaction, version))
        found = await self._examiner.examined(stored, {}, before, proves=False)  # an emergency waits for no proof
        return await self._done(
            asked,
            lambda transaction, by: _rolled_back(
                transaction, by, asked.actor, version, stored, found, why, acknowledged
            ),
        )

    async def _done(self, asked: PolicyRequest, verb: Callable[[LogTransaction, Hands], Proposal]) -> bytes:
        answers: bytes = await self._journal.write(lambda transaction: _written(transaction, asked, verb))
        return answers


def _written(
    transaction: LogTransaction, asked: PolicyRequest, verb: Callable[[LogTransaction, Hands], Proposal]
) -> bytes | Exception:
    """In the journal's thread. What refuses is given back, not raised, which would undo what others wrote."""
    if asked.keyed is not None and (before := transaction.kept.before(asked.keyed)) is not None:
        return before
    by = hands_of(asked.actor, key_creators(transaction))
    try:
        proposal = verb(transaction, by)
    except ActRefused as refused:
        if refused.code in DUTIES:
            subject = f"proposal {refused.members.pop('number', '')}".strip()
            word = str(refused.members.pop("word", "approve"))
            transaction.append(refusal_record(word, subject, refused.detail, asked.actor, asked.request_id))
            transaction.flush()
        return refused
    body = asked.shown(transaction.connection, transaction, proposal)
    if asked.keyed is not None:
        transaction.kept.keep(asked.keyed, KeptAnswer(status=asked.status, body=body))
    return body


# --- verbs, in the journal's thread ----------------------------------------------------------------------------------


def _begun(transaction: LogTransaction, by: Hands, actor: Actor, edit: ProposalEdit, kind: ProposalKind) -> Proposal:
    connection, timeline = transaction.connection, transaction.timeline
    if (kind is ProposalKind.FIRST) != (timeline.number == 0):
        detail = "a policy set is in force already; propose a change of it"
        if timeline.number == 0:
            detail = "no policy set is in force; `credence policies init` proposes a first one"
        raise ActRefused("proposal-state", detail)
    number = next_number(connection)
    desk = desk_for(connection, timeline, edit.effective, number, transaction.at)
    proposal = Proposal(
        number=number,
        kind=kind,
        author=by.author,
        hands=by.all,
        title=edit.title or "",
        why=edit.why or "",
        base=edit.base or desk.version_before,
        files=edit.files or {},
        tests=edit.tests or {},
        effective=edit.effective,
        acknowledged=edit.acknowledged or {},
    )
    seq = _record(transaction, "draft", proposal, actor)
    proposal = replace(proposal, seq=seq)
    put_proposal(connection, proposal, transaction.at, is_new=True)
    add_edit(
        connection, proposal, by, _changed_files(_texts(connection, proposal.base), proposal.files), transaction.at, seq
    )
    return _numbered(transaction, number)


def _acted(transaction: LogTransaction, actor: Actor, number: int, act: PolicyAct) -> Proposal:
    connection = transaction.connection
    before = _numbered(transaction, number)
    effective = act.edit.effective if act.edit and act.edit.effective else before.effective
    effective = None if act.edit and act.edit.takes_effect_at_once else effective
    desk = desk_for(connection, transaction.timeline, effective, number, transaction.at)
    try:
        after = acted(before, act, desk)
    except ActRefused as refused:
        if refused.code in DUTIES:
            refused.members.update(number=number, word=act.word.value)
        raise
    word = ActWord.SCHEDULE if after.state is ProposalState.SCHEDULED else act.word
    seq = _record(transaction, word.value, after, actor, act.comment)
    put_proposal(connection, after, transaction.at)
    if act.word is ActWord.EDIT:
        add_edit(connection, after, act.by, _changed_files(before.files, after.files), transaction.at, seq)
    elif act.word is ActWord.APPROVE:
        add_approval(connection, number, after.approvals[-1], seq)
    elif after.state is ProposalState.IN_FORCE and before.state is not ProposalState.IN_FORCE:
        put_into_force(transaction, _Put(number, str(after.version), after.kind.value), actor)
    if act.word is ActWord.PROPOSE:
        keep_policy_set(transaction, _set_row(after))
    if ProposalState.SCHEDULED in (before.state, after.state):
        fail_orphans(transaction)
    return _numbered(transaction, number)


def _rolled_back(
    transaction: LogTransaction,
    by: Hands,
    actor: Actor,
    version: str,
    files: Mapping[str, str],
    found: Findings,
    why: str,
    acknowledged: Mapping[str, str],
) -> Proposal:
    connection, timeline = transaction.connection, transaction.timeline
    if by.person is None:
        raise ActRefused(
            "person-needed", "this takes a person: a key of their own, or a name to act for", word="rollback"
        )
    _require_target(transaction, version, found)
    open_items = [f"fact:{name}" for name in found.facts_required if not acknowledged.get(f"fact:{name}", "").strip()]
    if open_items:
        detail = f"requests without these are refused then: {', '.join(open_items)}; acknowledge each in words"
        raise ActRefused("tests-not-acknowledged", detail, items=open_items)
    proposal = Proposal(
        number=next_number(connection),
        state=ProposalState.APPROVED,
        kind=ProposalKind.ROLLBACK,
        author=by.author,
        hands=by.all,
        title=f"Back to {version[:12]}",
        why=why,
        base=timeline.version,
        version=version,
        files=files,
        acknowledged=acknowledged,
        findings=replace(found, version=version),
    )
    seq = _record(transaction, "rollback", proposal, actor, why)
    proposal = replace(proposal, seq=seq)
    put_proposal(connection, proposal, transaction.at, is_new=True)
    add_edit(connection, proposal, by, _changed_files(_texts(connection, timeline.version), files), transaction.at, seq)
    put_into_force(transaction, _Put(proposal.number, version, proposal.kind.value), actor)
    return _numbered(transaction, proposal.number)


def _require_target(transaction: LogTransaction, version: str, found: Findings) -> None:
    if transaction.timeline.version == version:
        raise ActRefused("proposal-state", "this set is in force")
    if found.version is None:
        raise ActRefused(
            "version-does-not-check",
            "that set doesn't check under this engine, so it can't decide; propose a mended copy",
            mistakes=list(found.mistakes),
        )
    if found.version != version:
        raise ActRefused(
            "version-does-not-check", "that set belongs to a release with other standard facts; propose its files anew"
        )


@dataclass(frozen=True, slots=True)
class _Put:
    number: int
    version: str
    kind: str


def _record(transaction: LogTransaction, word: str, proposal: Proposal, actor: Actor, comment: str = "") -> int:
    said = {
        "number": proposal.number,
        "kind": proposal.kind.value,
        "revision": proposal.revision,
        "state": proposal.state.value,
        "digest": proposal.digest,
        "base": proposal.base,
        "version": proposal.version,
        "title": proposal.title,
        "why": proposal.why,
        "effective": proposal.effective.local if proposal.effective else None,
        "acknowledged": dict(proposal.acknowledged),
        "comment": comment,
    }
    text = json.dumps(said, ensure_ascii=False)
    seq = transaction.append(proposal_record(word, proposal.number, text, actor, proposal.version or ""))
    transaction.flush()
    return seq


def _numbered(transaction: LogTransaction, number: int) -> Proposal:
    proposal = proposal_numbered(transaction.connection, number)
    if proposal is None:
        raise ActRefused("unknown-proposal", f"there is no proposal {number}")
    return proposal


def _with_base(transaction: LogTransaction, number: int) -> Any:
    try:
        proposal = _numbered(transaction, number)
    except ActRefused as refused:
        return refused
    if (proposal.state, ActWord.PROPOSE) not in MOVES:
        return ActRefused("proposal-state", f"proposal {number} is {proposal.state}, so nobody can propose it")
    return proposal, _texts(transaction.connection, proposal.base)


def _both_sets(transaction: LogTransaction, version: str) -> Any:
    stored = _texts(transaction.connection, version)
    if stored is None or not was_in_force(transaction.connection, version):
        return ActRefused("unknown-proposal", f"no set with the version {version[:12]} was ever in force")
    return stored, _texts(transaction.connection, transaction.timeline.version)


def was_in_force(connection: Connection, version: str) -> bool:
    """Whether an activation names it."""
    return any(each.version == version for each in activation_rows(connection))


def _texts(connection: Connection, version: str | None) -> Mapping[str, str] | None:
    kept = None if not version else policy_set(connection, version)
    return None if kept is None else kept.files


def _set_row(proposal: Proposal) -> dict[str, str | None]:
    texts = json.dumps(dict(proposal.files), ensure_ascii=False)
    return {"version": proposal.version, "files": texts, "standard_facts": standard_facts_content().decode()}


def _changed_files(before: Mapping[str, str] | None, after: Mapping[str, str]) -> list[str]:
    old = before or {}
    return sorted(name for name in {*old, *after} if old.get(name) != after.get(name))

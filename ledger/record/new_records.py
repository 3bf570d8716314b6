"""A record before it has its place in the log: everything that does not depend on who else writes at the same time."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ledger.record.actors import Actor
from ledger.record.body_parts import Part
from ledger.record.names_in_text import may_hold_name
from ledger.record.record_header import RecordKind

ACT_SUBJECT = "subject"
ACT_BODY = "act"
ACTIVATION = "activation"
ACTIVATION_NUMBER = "activation-number"
PROPOSAL = "proposal"
ACTOR = "actor"
REFUSAL = "refusal"
EXPORT = "export"
EPOCH = "epoch"
JOURNAL_KEY = "journal-key"
REQUEST_ID = "request-id"
COMMAND = "command"
LEDGER_ACT = "ledger-act"
"""Paths of parts: who or what an act is about and what it set; how a policy set took effect; under
which activation a case was decided; what was done with a proposed change of policies; an actor who names
somebody; why an act was refused; what was exported; what was signed last before an epoch; which
key of the journal was replaced by which; a request id that names whom the record is about; what was asked of the credit
ledger, as it was received, and what it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it is handed to the journal, which gives it its place and its time."""

    kind: RecordKind

    id: str | None = None
    """UUID version 7 in lower case; None: the journal makes one."""

    actor: Actor | str
    """Who asked, or a line for what is no person, key or token. What names somebody goes into the body, the rest into
    the header, which is never erased."""

    parts: tuple[Part, ...]
    """What the body says."""

    outcome: str = ""
    """What was decided or done."""

    case_kind: str = ""
    """Of a decision: `order`, `invoice`, …"""

    policy: str = ""
    """Version of the policy set that decided, or that took effect."""

    engine: str = ""
    """Release and fingerprint of the engine that decided."""

    request_id: str = ""
    """The request's. It is the caller's text, see `header_request_id`."""

    account: str | None = None
    """Number of the customer whose key seals the body; None: no customer's, and the journal's own key does."""

    subject: str | None = None
    """Number of the order, invoice or account, or id of the person or key; found by its blind."""

    rules: tuple[str, ...] = ()
    """Ids of the rules among the reasons."""

    at: str | None = None
    """When it was recorded in an earlier journal; None: now."""

    must_be_current: bool = False
    """It is recorded only while its `policy` is in force; else it is to be decided again."""

    @property
    def header_actor(self) -> str:
        """Names nobody."""
        return self.actor.opaque if isinstance(self.actor, Actor) else self.actor

    @property
    def header_request_id(self) -> str:
        """Empty where it may hold the number of the customer or the case: it stands in the body then, which can be
        erased, and the record is found by its blind."""
        subject = self.subject if self.case_kind else None
        names = filter(None, (self.account, subject))
        return "" if self.request_id and may_hold_name(self.request_id, names) else self.request_id

    @property
    def body(self) -> tuple[Part, ...]:
        """All parts: with the actor and the request id, where the header doesn't say them."""
        line, parts = str(self.actor), self.parts
        if line != self.header_actor:
            parts = (*parts, Part(ACTOR, line.encode()))
        if self.request_id != self.header_request_id:
            parts = (*parts, Part(REQUEST_ID, self.request_id.encode()))
        return parts


def act_record(
    kind: RecordKind, act: str, subject: str, body: str, actor: Actor | str, at: str | None = None
) -> Record:
    """A change of a person or a key. `body` is JSON, without a name of anybody."""
    parts = (Part(ACT_SUBJECT, subject.encode()), Part(ACT_BODY, body.encode()))
    return Record(kind=kind, outcome=act, actor=actor, parts=parts, subject=subject, at=at)


def activation_record(
    version: str,
    how: str,
    actor: Actor | str,
    at: str | None = None,
    *,
    proposal: int | None = None,
    instant: str | None = None,
) -> Record:
    """A policy set takes effect: `first`, `watch`, `approved`, `rollback` or `engine`. `proposal`: the number of the
    approved change; `instant`: from when on, where that isn't the record's own time."""
    said: dict[str, object] = {"kind": how, "version": version}
    said |= {} if proposal is None else {"proposal": proposal}
    said |= {} if instant is None else {"from": instant}
    parts = (Part(ACTIVATION, json.dumps(said, separators=(",", ":")).encode()),)
    return Record(kind=RecordKind.POLICY, outcome=how, policy=version, actor=actor, parts=parts, at=at)


def proposal_record(act: str, number: int, said: str, actor: Actor | str, policy: str = "") -> Record:
    """Something was done with a proposed change of policies: `act` is its word, `said` is JSON with all that it set.
    `policy`: version of the proposed set, where it is known."""
    parts = (Part(ACT_SUBJECT, str(number).encode()), Part(PROPOSAL, said.encode()))
    subject = f"proposal {number}"
    return Record(kind=RecordKind.PROPOSAL, outcome=act, policy=policy, actor=actor, parts=parts, subject=subject)


def policy_refusal_record(digest: str, mistakes: str, actor: Actor | str) -> Record:
    """What was saved in the rules folder can't be used. `digest` is of its files, `mistakes` has a line for each."""
    parts = (Part(ACT_SUBJECT, digest.encode()), Part(REFUSAL, mistakes.encode()))
    return Record(kind=RecordKind.POLICY_REFUSED, outcome="refused", actor=actor, parts=parts, subject=digest)


def refusal_record(act: str, subject: str, why: str, actor: Actor | str, request_id: str) -> Record:
    """An act that separation of duties refused."""
    parts = (Part(ACT_SUBJECT, subject.encode()), Part(REFUSAL, why.encode()))
    return Record(
        kind=RecordKind.REFUSAL, outcome=act, actor=actor, parts=parts, subject=subject, request_id=request_id
    )


def export_record(said: str, actor: Actor | str, account: str | None) -> Record:
    """Records were written to files. `said` is JSON: by whom, which ones, how many. `account`: the customer whose
    number stands in it, whose key seals it then."""
    parts = (Part(EXPORT, said.encode()),)
    return Record(kind=RecordKind.EXPORT, outcome="written", actor=actor, parts=parts, account=account)


def journal_key_record(replaced_by: str, said: str, actor: str) -> Record:
    """A key of the journal was replaced. `replaced_by`: `signing key 8d66cf3f`; `said` is JSON: by whom, which by
    which."""
    parts = (Part(JOURNAL_KEY, said.encode()),)
    return Record(kind=RecordKind.JOURNAL_KEY, outcome=replaced_by, actor=actor, parts=parts)


def epoch_record(said: str, actor: str) -> Record:
    """The first of an epoch. `said` is JSON: origin, size and root of what was signed last before it."""
    return Record(kind=RecordKind.EPOCH, outcome="begun", actor=actor, parts=(Part(EPOCH, said.encode()),))

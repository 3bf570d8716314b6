"""The header of a record: what it is about, without naming anybody and without a figure.

The header's canonical text is the leaf of the log. It is never sealed and never erased, so nothing personal may stand
in it: the actor is an opaque id, what was asked and answered is the body's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ledger.record.canonical_json import BYTES_MAX, NotCanonical, canonical, read_canonical

VERSION = 1
"""Of the form of headers (`v`)."""

BODY_FORMAT = 1
"""Of the form of bodies (`format`): how parts are committed to."""


class RecordKind(StrEnum):
    """What a record is about."""

    DECISION = "decision"
    """A case was decided: `case`, `outcome`, `policy` and `engine` say which, how and by what."""

    PERSON = "person"
    """Somebody was added, changed or ended (`outcome`)."""

    KEY = "key"
    """A key was created or revoked (`outcome`)."""

    POLICY = "policy"
    """The set `policy` took effect; `outcome` is how: `first`, `watch`, `approved`, `rollback` or `engine`."""

    POLICY_REFUSED = "policy.refused"
    """What was saved in the rules folder has mistakes, so the set before decides on."""

    PROPOSAL = "policy.proposal"
    """A change of policies was drafted, proposed, approved, rejected, scheduled, cancelled or failed (`outcome`)."""

    POLICY_MODE = "policy.mode"
    """Policies come into force in another way from here on: `outcome` is `watch` or `approved`."""

    WEBHOOK_ENDPOINT = "webhook-endpoint"
    """An address that events are sent to was added, changed or ended, or what failed there is sent again
    (`outcome`)."""

    REFUSAL = "refusal"
    """An act that separation of duties refused."""

    IMPORTED = "imported"
    """A decision of an earlier journal, with the id and the time that it had there."""

    EXPORT = "export"
    """Records were written to files outside of the journal: who, by which filter, how many."""

    ERASURE = "erasure"
    """A subject's key is to go, or is gone: `outcome` says which (`ledger.record.gone_bodies`)."""

    ACCOUNT = "account"
    """The profile, figures, group or securities of a customer were recorded (`outcome`)."""

    LIMIT = "limit"
    """A credit limit was asked for, granted, refused or ended (`outcome`)."""

    ORDER = "order"
    """Something was done with an order that no decision was asked for (`outcome`): cancelled, closed, taken back."""

    ITEM = "item"
    """An invoice, a payment or another item was booked or reversed (`outcome`)."""

    RETENTION = "retention"
    """Bodies of decisions on the kind `case` were kept long enough and dropped: `outcome` says below which place."""

    JOURNAL_KEY = "journal-key"
    """The key that signs checkpoints, or the one that wraps subjects' keys, was replaced: `outcome` says by which."""

    EPOCH = "epoch"
    """The journal goes on without records that were signed: which name, number and root were signed last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """All members of a header; `canonical_text` is what is hashed."""

    seq: int
    """The place of the record in the log, from 0."""

    id: str
    """UUID version 7 in lower case."""

    at: str
    """When it was recorded: ISO 8601, UTC, microseconds. Never earlier than that of the record before."""

    kind: str
    """See `RecordKind`."""

    body: str
    """SHA-256 over the commitments to the body's parts, hexadecimal."""

    actor: str
    """Who asked, by opaque ids (`ledger.record.actors`)."""

    outcome: str = ""
    """What was decided or done."""

    case: str = ""
    """Of a decision, the kind of case."""

    policy: str = ""
    """Version of the policy set that decided or took effect, SHA-256."""

    engine: str = ""
    """Release and fingerprint of the engine that decided."""

    request_id: str = ""
    """The request's `X-Request-Id`."""

    v: int = VERSION
    format: int = BODY_FORMAT

    def canonical_text(self) -> bytes:
        """Raises `NotCanonical` where a member has no canonical form."""
        return canonical(
            {
                "seq": self.seq,
                "id": self.id,
                "at": self.at,
                "kind": self.kind,
                "body": self.body,
                "actor": self.actor,
                "outcome": self.outcome,
                "case": self.case,
                "policy": self.policy,
                "engine": self.engine,
                "request_id": self.request_id,
                "v": self.v,
                "format": self.format,
            }
        )


_NUMBERS = ("seq", "v", "format")
_MEMBERS = tuple(sorted(each.name for each in fields(Header)))
_TYPES = tuple(int if name in _NUMBERS else str for name in _MEMBERS)


_PLAIN = {int: "(0|[1-9][0-9]{0,14})", str: r'"([ !#-\[\]-~]*)"'}
"""Values that JSON writes as they are: within 53 bits; without quotes, backslashes and control characters."""

_PLAIN_HEADER = re.compile(
    r"\{" + ",".join(f'"{name}":{_PLAIN[kind]}' for name, kind in zip(_MEMBERS, _TYPES, strict=True)) + r"\}"
)
"""A header of such values in its canonical form. Nearly every header is one, and a text that is none doesn't match: so
it is read in a tenth of the time that parsing it and writing it again takes."""


def read_header(text: bytes) -> Header:
    """Raises `NotCanonical` where the text is no header of this version."""
    try:
        plain = _PLAIN_HEADER.fullmatch(text.decode("ascii")) if len(text) <= BYTES_MAX else None
    except UnicodeError:
        plain = None
    members = _any_members(text) if plain is None else _plain_members(plain)
    header = Header(**members)
    if header.v != VERSION or header.format != BODY_FORMAT:
        raise NotCanonical("it is no header of this version")
    return header


def _plain_members(plain: re.Match[str]) -> dict[str, Any]:
    members: dict[str, Any] = dict(zip(_MEMBERS, plain.groups(), strict=True))
    for name in _NUMBERS:
        members[name] = int(members[name])
    return members


def _any_members(text: bytes) -> dict[str, Any]:
    """Of a header whose values may be written otherwise than they are. Raises `NotCanonical`."""
    members: dict[str, Any] = read_canonical(text)  # in the order of their names, as the text has them
    if tuple(members) != _MEMBERS or tuple(map(type, members.values())) != _TYPES:
        raise NotCanonical("it is no header")
    return members

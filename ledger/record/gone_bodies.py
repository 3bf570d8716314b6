"""Records that say that bodies are gone, and why: erasures by key, and retention.

A header is never erased, so it must say by itself which bodies may be missing. The outcome does, in words that triggers
and readers understand without a key:

    proposed                 somebody asks for an erasure; nothing happens yet
    withdrawn                it is not asked for any more
    confirmed key 8          somebody else agrees: the key is to go
    erased key 8             the key is gone, and so is all that it sealed
    dropped below 5120       of a kind of case (`case`): the bodies below this place were kept long enough

The body, sealed by the journal's own key, names places and counts, and nobody: an erasure must not keep what it erases.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.record.actors import Actor
from ledger.record.body_parts import Part
from ledger.record.names_in_text import may_hold_name
from ledger.record.new_records import Record
from ledger.record.record_header import Header, RecordKind

ERASURE = "erasure"
RETENTION = "retention"
"""Paths of the parts."""

PROPOSED, WITHDRAWN = "proposed", "withdrawn"
CONFIRMED = "confirmed key "
ERASED = "erased key "
DROPPED = "dropped below "
"""How outcomes begin, with a number behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureText:
    """What the body of an erasure's record says."""

    key: int
    """Number of the subject key."""

    count: int
    """Records that it seals, when this was recorded."""

    ground: str
    """The legal ground, a word of `ledger.erasure.grounds`."""

    reason: str
    """In words, without naming anybody."""

    proposal: int | None = None
    """Place of the record that proposed it; None: this one does."""

    records: tuple[int, ...] = ()
    """Once it is erased: the places of all records whose bodies are."""


def erasure_record(
    outcome: str, said: ErasureText, actor: Actor | str, request_id: str = "", names: frozenset[str] = frozenset()
) -> Record:
    """`outcome`: one of those above, with the key's number. `names`: the customer's numbers; a request id that holds
    one is left out, since this record's body stays."""
    kept_id = "" if may_hold_name(request_id, names) else request_id
    text = {"key": said.key, "count": said.count, "ground": said.ground, "reason": said.reason}
    text |= {"proposal": said.proposal, "records": list(said.records)}
    parts = (Part(ERASURE, json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()),)
    return Record(kind=RecordKind.ERASURE, outcome=outcome, actor=actor, parts=parts, request_id=kept_id)


def read_erasure(text: str | bytes | None) -> ErasureText:
    """Of the part `ERASURE`. Raises ValueError where it is none."""
    try:
        said: Mapping[str, Any] = json.loads(text or b"")
        return ErasureText(
            key=int(said["key"]),
            count=int(said["count"]),
            ground=str(said["ground"]),
            reason=str(said["reason"]),
            proposal=None if said["proposal"] is None else int(said["proposal"]),
            records=tuple(int(seq) for seq in said["records"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no erasure is described") from error


def retention_record(case: str, below: int, policy: str, said: Mapping[str, Any], actor: Actor | str) -> Record:
    """Bodies of decisions on this kind of case below this place are dropped. `policy`: the set whose rule it is;
    `said`: first and last place, count, years and ground."""
    parts = (Part(RETENTION, json.dumps(dict(said), ensure_ascii=False, separators=(",", ":")).encode()),)
    return Record(
        kind=RecordKind.RETENTION, case_kind=case, outcome=f"{DROPPED}{below}", policy=policy, actor=actor, parts=parts
    )


def key_in(outcome: str, begins: str) -> int | None:
    """The number behind `CONFIRMED` or `ERASED`; None where the outcome is another."""
    return _number(outcome, begins)


def erased_keys(headers: Iterable[Header]) -> dict[int, int]:
    """Numbers of keys that are gone by order, and the place of the record that says so."""
    found = ((key_in(header.outcome, ERASED), header.seq) for header in headers if header.kind == RecordKind.ERASURE)
    return {number: seq for number, seq in found if number is not None}


def dropped_below(header: Header) -> tuple[str, int] | None:
    """The kind of case, and the place below which its bodies were dropped; None where the record says no such thing."""
    below = _number(header.outcome, DROPPED) if header.kind == RecordKind.RETENTION else None
    return None if below is None else (header.case, below)


def _number(outcome: str, begins: str) -> int | None:
    digits = outcome.removeprefix(begins)
    return int(digits) if digits != outcome and digits.isascii() and digits.isdigit() and len(digits) < 19 else None

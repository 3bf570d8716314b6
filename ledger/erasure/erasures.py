"""Erasures and how far each is, from the records about them in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ledger.journal.opened_records import OpenedRecord
from ledger.record.gone_bodies import CONFIRMED, ERASED, ERASURE, PROPOSED, WITHDRAWN, ErasureText, read_erasure
from ledger.store.trouble import DAMAGED, FileTrouble


class ErasureState(StrEnum):
    """How far an erasure is."""

    PROPOSED = "proposed"
    """Nothing has happened yet."""

    WITHDRAWN = "withdrawn"
    """Nothing will."""

    CONFIRMED = "confirmed"
    """The key is about to go; nobody can stop it any more."""

    ERASED = "erased"
    """The key is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure. It names nobody but those who act."""

    id: int
    """Place of the record that proposed it, by which it is called."""

    key: int
    """Number of the subject key."""

    records: int
    """How many records the key seals: as proposed, as confirmed, and once it is gone, as many as it sealed."""

    proposed_records: int
    """How many it sealed on the day of the proposal."""

    ground: str
    """See `Ground`."""

    reason: str
    """In words."""

    state: ErasureState
    """How far it is."""

    proposed_at: str
    """ISO 8601, UTC."""

    proposed_by: str
    """Who proposed it, as the journal has it (`ledger.record.actors`)."""

    decided_at: str | None = None
    """When it was confirmed or withdrawn."""

    decided_by: str | None = None
    """Who did so."""

    erased_at: str | None = None
    """When the key was gone."""

    held_until: date | None = None
    """The law wants the records kept until this day; where somebody has looked (`Erasing.as_they_are`)."""

    refusal: str | None = None
    """Why it can't be confirmed: nobody knows whether the law wants them kept, or something of the customer is open in
    the ledger."""


def erasures_of(records: Iterable[OpenedRecord]) -> dict[int, Erasure]:
    """By id, in their order. Raises `FileTrouble` where a record is none of ours."""
    found: dict[int, Erasure] = {}
    try:
        for record in records:
            said, outcome = read_erasure(record.text(ERASURE)), record.header.outcome
            if outcome == PROPOSED:
                found[record.header.seq] = _proposed(record, said)
            elif said.proposal is not None:
                found[said.proposal] = _after(found[said.proposal], record, said)
    except (ValueError, KeyError) as error:
        raise FileTrouble(f"{DAMAGED}: the records of erasures can't be read") from error
    return found


def _proposed(record: OpenedRecord, said: ErasureText) -> Erasure:
    return Erasure(
        id=record.header.seq,
        key=said.key,
        records=said.count,
        proposed_records=said.count,
        ground=said.ground,
        reason=said.reason,
        state=ErasureState.PROPOSED,
        proposed_at=record.header.at,
        proposed_by=record.actor,
    )


def _after(before: Erasure, record: OpenedRecord, said: ErasureText) -> Erasure:
    """Raises ValueError where the outcome is none of an erasure."""
    outcome, at = record.header.outcome, record.header.at
    if outcome.startswith(ERASED):
        return replace(before, state=ErasureState.ERASED, records=said.count, erased_at=at)
    if outcome.startswith(CONFIRMED):
        return replace(before, state=ErasureState.CONFIRMED, records=said.count, decided_at=at, decided_by=record.actor)
    if outcome == WITHDRAWN:
        return replace(before, state=ErasureState.WITHDRAWN, decided_at=at, decided_by=record.actor)
    raise ValueError(outcome)

"""Which records are events that other systems are told of: one row for each type, as data.

    order.held   a decision on an order whose outcome is hold

A record is an event of one type or of none. Whoever records something new that others wait for adds a row, and
docs/integration.md lists it; endpoints choose types by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.record.record_header import RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One type of event, and the records that are one."""

    name: str
    """What it is about and what happened: `order.held`."""

    meaning: str
    """In words, for those who choose."""

    kind: RecordKind
    """Of the record."""

    case: str = ""
    """Of a decision: the kind of case."""

    outcomes: tuple[str, ...]
    """What was decided or done."""


def _decided(name: str, meaning: str, *outcomes: str) -> EventType:
    """The case is the first word of the name."""
    return EventType(
        name=name, meaning=meaning, kind=RecordKind.DECISION, case=name.partition(".")[0], outcomes=outcomes
    )


EVENT_TYPES = (
    _decided("order.approved", "An order may go out, perhaps with conditions.", "approve", "approve_with_conditions"),
    _decided("order.held", "An order has to wait.", "hold"),
    _decided("order.rejected", "An order may not go out.", "reject"),
    _decided(
        "invoice.stage_reached",
        "Something is to be done about an invoice: the outcome says what.",
        *("remind", "email", "call", "formal_letter", "visit", "lawyer_letter", "agency", "write_off"),
    ),
    _decided("invoice.to_review", "A person has to look at an invoice.", "review"),
    _decided(
        "account.assessed",
        "How a customer stands was decided: the outcome says it.",
        *("good_standing", "watch", "review", "restrict"),
    ),
    _decided("portfolio.warning", "The receivables as a whole are not as they should be.", "watch", "review", "alarm"),
    _decided("limit.granted", "A limit that was asked for may be granted.", "grant"),
    _decided("limit.referred", "A limit that was asked for goes to somebody with authority.", "refer"),
    _decided("limit.refused", "A limit that was asked for is refused.", "refuse"),
    EventType(
        name="policy.activated",
        meaning="A policy set decides from now on.",
        kind=RecordKind.POLICY,
        outcomes=("first", "watch", "approved", "rollback", "engine"),
    ),
    EventType(
        name="policy.refused",
        meaning="What was saved in the rules folder has mistakes; the set before decides on.",
        kind=RecordKind.POLICY_REFUSED,
        outcomes=("refused",),
    ),
)
"""Every type there is."""

_TYPES: Mapping[tuple[str, str, str], str] = {
    (each.kind.value, each.case, outcome): each.name for each in EVENT_TYPES for outcome in each.outcomes
}


def event_of(kind: RecordKind, case: str, outcome: str) -> str | None:
    """The name of the type of a record with this kind, case and outcome; None where it is no event."""
    return _TYPES.get((kind.value, case, outcome))

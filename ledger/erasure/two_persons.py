"""Whether two acts are those of two persons: of an erasure, the proposal and the confirmation.

Two names are not enough. One program may say first one name and then another; and whoever made somebody's key, or gave
somebody their rights, could act in their place.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.journal.opened_records import OpenedRecord
from ledger.record.actors import Hand, hand_of
from ledger.record.new_records import ACT_SUBJECT
from ledger.record.record_header import RecordKind

_GIVES = {RecordKind.PERSON.value: ("add", "change"), RecordKind.KEY.value: ("create",)}
"""Acts that let somebody in."""


def one_hand(one: str, other: str, acts: Iterable[OpenedRecord]) -> str | None:
    """Why two lines of actors count as one person's; None: they are two. `acts`: the records about people and keys."""
    first, second = hand_of(one), hand_of(other)
    for name, called in (("person", "person"), ("login", "person"), ("key", "key"), ("service", "program")):
        if getattr(first, name) is not None and getattr(first, name) == getattr(second, name):
            return f"both acts are the same {called}'s"
    for act in acts:
        if act.header.outcome not in _GIVES.get(act.header.kind, ()):
            continue
        about, by = act.text(ACT_SUBJECT), hand_of(act.actor)
        for maker, made in ((first, second), (second, first)):
            if about in (made.key, made.person) and about is not None and _is_same(by, maker):
                return f"one of the two made the other's {act.header.kind} (record {act.header.seq})"
    return None


def _is_same(by: Hand, maker: Hand) -> bool:
    """A program that says no person is the program itself, whomever it acts for later."""
    if by.person is not None:
        return by.person == maker.person
    return by.service is not None and by.service == maker.service
